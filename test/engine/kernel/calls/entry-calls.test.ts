import { describe, expect, test } from 'vitest'

import { runScenario } from '@pagetrail/engine'

import { hookLog } from '../../../support/hook-log.ts'

const PAGE = '0xffff8000c0000000'
const RW = '0x68000500000703'
const EINVAL = -22
const EEXIST = -17

function run(flavour: string, calls: readonly object[], more: object = {}) {
  const { hooks, lines } = hookLog()
  const scenario = {
    flavour,
    geometry: { page_shift: 12, va_bits: 48 },
    init: [{ va: PAGE, level: 'pte', desc: RW, count: 2, pa_step: '0x1000' }],
    calls,
    ...more,
  }
  const { results, final } = runScenario(scenario, {}, hooks)
  const words = lines.map((line) => line.split(' ')[0] ?? '')
  const told = (word: string): number => words.filter((each) => each === word).length
  return { results, final, lines, told }
}

const fill = { fn: 'set_ptes', addr: '0xffff8000c0002000', desc: RW, count: 3 }
const enter = { fn: 'lazy_enter' }
const leave = { fn: 'lazy_leave' }
const trySet = (addr: string) => ({ fn: 'ptep_try_set', addr, desc: RW })

describe('set_ptes()', () => {
  test('addresses go up a page each', () => {
    const { results, final } = run('7.3', [fill])
    expect(results).toEqual([0])
    expect(final[1]).toMatchObject({ count: 3, desc: BigInt(RW), paStep: 0x1000n })
  })

  test('so they do where the high bits of an address lie elsewhere', () => {
    const more = { geometry: { page_shift: 12, va_bits: 52 }, init: [] }
    const at = '0xffff8000c0000000'
    const init = [{ va: at, level: 'pte', desc: '0x68000500000403' }]
    // Bits 9:8 are bits 51:50 of the address with LPA2.
    const call = { ...fill, addr: '0xffff8000c0001000', desc: '0x6bfffffffff703', count: 1 }
    const { final } = run('7.3', [call], { ...more, init })
    expect(final.at(-1)?.desc).toBe(BigInt(call.desc))
  })

  test.each([
    ['6.12', 3],
    ['6.17', 1],
    ['6.18', 1],
    ['7.3', 1],
  ])('%s: %i barriers', (flavour, barriers) => {
    expect(run(flavour, [fill]).told('barrier')).toBe(barriers)
  })

  test('none for what is not valid, and one at the end of a lazy section', () => {
    expect(run('7.3', [{ ...fill, desc: '0x68000500000702' }]).told('barrier')).toBe(0)
    const { told } = run('7.3', [enter, fill, fill, leave])
    expect([told('barrierQueue'), told('barrier')]).toEqual([2, 1])
  })

  test('a run that leaves its table is refused before anything is stored', () => {
    const { results, told } = run('7.3', [{ ...fill, addr: '0xffff8000c01ff000', count: 2 }])
    expect([results, told('descWrite')]).toEqual([[EINVAL], 0])
  })
})

describe('single PTEs', () => {
  test('ptep_get_and_clear() stores 0, without a barrier', () => {
    const { results, final, told } = run('7.3', [{ fn: 'ptep_get_and_clear', addr: PAGE }])
    expect([results, final.length, told('barrier')]).toEqual([[0], 1, 0])
  })

  test('ptep_try_set() stores only where nothing is, and never lazily', () => {
    const { results, told } = run('7.3', [enter, trySet(PAGE), trySet('0xffff8000c0002000'), leave])
    expect(results).toEqual([0, EEXIST, 0, 0])
    expect([told('descWrite'), told('barrier'), told('barrierQueue')]).toEqual([1, 1, 0])
  })

  test('where there is no table there is no PTE', () => {
    const call = { fn: 'ptep_get_and_clear', addr: '0xffff9000c0000000' }
    expect(run('7.3', [call]).results).toEqual([EINVAL])
  })

  test('two CPUs that exchange one entry: one gets it', () => {
    const clear = { fn: 'ptep_get_and_clear', addr: PAGE }
    const cpus = [{ calls: [clear] }, { calls: [clear] }]
    const { lines } = run('7.3', [], { calls: undefined, cpus, schedule: '1.0' })
    const stores = lines.filter((line) => line.startsWith('descWrite'))
    expect(stores.map((line) => line.split(',').slice(3, 5).join())).toEqual([
      '1795,6815749',
      '0,0',
    ])
  })
})

test('H4: a table that is taken out is still walked after a last-level flush, not after the other', () => {
  const read = { fn: 'access', addr: PAGE, mode: 'read' }
  const out = { fn: 'pmd_clear', addr: PAGE }
  const lastLevel = { fn: 'flush_tlb_kernel_range', addr: PAGE, end: '0xffff8000c0002000' }
  const tables = { fn: '__flush_tlb_kernel_pgtable', addr: PAGE }
  const EFAULT = -14
  expect(run('6.18', [read, out, lastLevel, read]).results).toEqual([0, 0, 0, 0])
  const { results, lines } = run('6.18', [read, out, tables, read])
  expect(results).toEqual([0, 0, 0, EFAULT])
  expect(lines.find((line) => line.startsWith('tlbi'))).toMatch(/^tlbi "vaae1is",/)
})
