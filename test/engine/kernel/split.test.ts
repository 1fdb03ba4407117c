import { describe, expect, test } from 'vitest'

import {
  EBUSY,
  EINVAL,
  ENOMEM,
  createMachine,
  rangeSplitToPtes,
  setMemoryValid,
  splitKernelLeafMapping,
  toVa,
} from '@pagetrail/engine'
import type { Features, GeometryChoice, LeafRun } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const BASE = 0xffff000180000000n
const START = toVa(BASE)
const GB = 0x40000000
const BBML = { bbml: true, cpu_bbml: true }

function block(
  flavour: string,
  level: 'pud' | 'pmd',
  features: Partial<Features> = BBML,
  geometry: GeometryChoice = { page_shift: 12, va_bits: 48 },
) {
  const { hooks, lines } = hookLog()
  const machine = createMachine({ flavour, geometry, features, hooks })
  machine.map({ va: BASE, level, desc: 0x68000580000701n, count: 1, paStep: 0n })
  return { machine, cpu: machine.cpu(0), lines }
}

const shape = (runs: Iterable<LeafRun>): string =>
  [...runs]
    .map((run) => `${run.count} ${run.level}${run.desc & (1n << 52n) ? ' cont' : ''}`)
    .join(', ')

const count = (lines: readonly string[], ...kinds: string[]): number[] =>
  kinds.map((kind) => lines.filter((line) => line.startsWith(kind)).length)

describe.each(['6.18', '7.3'])('%s, one page of a gigabyte made invalid', (flavour) => {
  test('the coarsest pieces are left: 1,059 stores, two tables, one barrier for the split', () => {
    const { cpu, machine, lines } = block(flavour, 'pud')
    const page = 3 * 512 + 5
    expect(setMemoryValid(cpu, START + page * 4096, 1, false)).toBe(0)
    expect(count(lines, 'descWrite', 'tableAlloc', 'dsb', 'barrier ', 'tlbi')).toEqual([
      1059, 2, 2, 1, 1,
    ])
    expect(count(lines, 'split', 'warn')).toEqual([4, 0])
    // 16 blocks of the 32M group lost CONT; one of them is pages, 16 of which lost it, one is invalid.
    expect(shape(machine.leaves())).toBe(
      '3 pmd, 5 pte, 1 pte, 10 pte, 496 pte cont, 12 pmd, 496 pmd cont',
    )
  })

  test('without memory for the second table the first stays and nothing is invalid', () => {
    const { cpu, machine, lines } = block(flavour, 'pud')
    cpu.failingAllocation = 2
    expect(setMemoryValid(cpu, START + 5 * 4096, 1, false)).toBe(ENOMEM)
    expect(shape(machine.leaves())).toBe('16 pmd, 496 pmd cont')
    expect(count(lines, 'warn "update_range_prot",true,true', 'tlbi')).toEqual([1, 1])
  })
})

describe('what needs no split', () => {
  test('aligned ends, where only the lock and a lazy section are seen', () => {
    const { cpu, lines } = block('7.3', 'pud')
    expect(splitKernelLeafMapping(cpu, START, START + GB)).toBe(0)
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'cpu',
      'lock',
      'lazyMmuEnter',
      'lazyMmuLeave',
      'unlock',
    ])
  })

  test.each<[string, string, Partial<Features>]>([
    ['6.18', 'no BBML2', {}],
    ['6.18', 'debug_pagealloc', { ...BBML, debug_pagealloc: true }],
    ['6.18', 'KFENCE', { ...BBML, kfence_start: START, kfence_size: GB }],
    ['7.3', 'no BBML3', {}],
    ['7.3', 'debug_pagealloc', { ...BBML, debug_pagealloc: true }],
    ['7.3', 'KFENCE', { ...BBML, kfence_start: START, kfence_size: GB }],
    ['7.3', 'a linear map that never changes', { ...BBML, rodata_full: false }],
  ])('%s: %s returns before the lock, whatever the alignment', (flavour, _, features) => {
    const { cpu, lines } = block(flavour, 'pud', features)
    expect(splitKernelLeafMapping(cpu, START + 1, START + 4097)).toBe(0)
    expect(lines.slice(1)).toEqual([])
  })

  test('6.18 splits also where 7.3 knows that the linear map never changes', () => {
    const { cpu } = block('6.18', 'pmd', { ...BBML, rodata_full: false })
    expect(splitKernelLeafMapping(cpu, START + 4096, START + 8192)).toBe(0)
    expect(cpu.allocations).toBe(1)
  })
})

test('unaligned ends are refused', () => {
  const { cpu } = block('7.3', 'pud')
  expect(splitKernelLeafMapping(cpu, START + 1, START + 4096)).toBe(EINVAL)
  expect(splitKernelLeafMapping(cpu, START, START + 4095)).toBe(EINVAL)
})

describe('7.3 before capabilities are final', () => {
  const booting = { cpu_bbml: true, caps_finalized: false }

  test.each<[Partial<Features>, number, number]>([
    [{ ...booting, online_cpus: 1 }, 0, 0],
    [{ ...booting, online_cpus: 2 }, EBUSY, 1],
    [{ ...booting, online_cpus: 1, page_alloc_available: false }, EBUSY, 1],
  ])('%j', (features, ret, warnings) => {
    const { cpu, lines } = block('7.3', 'pmd', features)
    expect(splitKernelLeafMapping(cpu, START + 4096, START + 8192)).toBe(ret)
    expect(count(lines, 'warn')).toEqual([warnings])
  })
})

const split = (flavour: string): string => {
  const { hooks } = hookLog()
  const geometry = { page_shift: 12, va_bits: 48 }
  const machine = createMachine({ flavour, geometry, features: BBML, hooks })
  machine.map({ va: BASE, level: 'pmd', desc: 0x68000580000f00n, count: 1, paStep: 0n })
  expect(rangeSplitToPtes(machine.cpu(0), START, START + 4096)).toBe(0)
  const [first] = machine.leaves()
  return `${first?.count} ${first?.level} ${first?.desc.toString(16)}`
}

describe('a block that is present but not valid', () => {
  test('becomes valid pages in 6.18, and stays invalid in 7.3', () => {
    expect(split('6.18')).toBe('512 pte 68000580000f03')
    expect(split('7.3')).toBe('512 pte 68000580000f02')
  })
})

describe('range_split_to_ptes()', () => {
  test.each([
    [{ page_shift: 12, va_bits: 48 }, 512],
    [{ page_shift: 14, va_bits: 47 }, 2048],
    [{ page_shift: 16, va_bits: 48 }, 8192],
    [{ page_shift: 12, va_bits: 52 }, 512],
    [{ page_shift: 14, va_bits: 52, va_bits_actual: 47 }, 2048],
  ])('a block partly outside of the range becomes pages as a whole: %j', (geometry, entries) => {
    const { hooks } = hookLog()
    const machine = createMachine({ flavour: '7.3', geometry, features: BBML, hooks })
    const base = 0xffffc00000000000n
    const size = BigInt(machine.geometry.size[3] ?? 0)
    machine.map({
      va: base,
      level: 'pmd',
      desc: 0x68000000000701n | (size * 4n),
      count: 1,
      paStep: 0n,
    })
    const start = toVa(base) + machine.geometry.pageSize
    expect(rangeSplitToPtes(machine.cpu(0), start, start + machine.geometry.pageSize)).toBe(0)
    expect([...machine.leaves()]).toMatchObject([
      { va: base, level: 'pte', count: entries, paStep: BigInt(machine.geometry.pageSize) },
    ])
  })
})
