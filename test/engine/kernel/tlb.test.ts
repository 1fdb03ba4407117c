import { describe, expect, test } from 'vitest'

import { createMachine, flushTlbKernelRange, toVa } from '@pagetrail/engine'
import type { GeometryChoice } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const START = 0xffff800080003000n

interface Flush {
  readonly flavour?: string
  readonly geometry?: GeometryChoice
  readonly range?: boolean
  readonly start?: bigint
}

/** TLBI operations of a flush of some pages: `single`, `scale s num n (pages)`, `all`. */
function operations(pages: number, flush: Flush = {}): string[] {
  const { flavour = '7.3', range = true, start = START } = flush
  const geometry = flush.geometry ?? { page_shift: 12, va_bits: 48 }
  const { hooks, lines } = hookLog()
  const machine = createMachine({ flavour, geometry, features: { tlb_range: range }, hooks })
  const first = toVa(start)
  flushTlbKernelRange(machine.cpu(0), first, first + pages * machine.geometry.pageSize)
  return lines.flatMap((line) => {
    const [, insn, count, scale, num] =
      /^tlbi "(\w+)",\d+,\d+,(-?\d+),(-?\d+),(-?\d+)$/.exec(line) ?? []
    if (insn === undefined) return []
    if (insn === 'vmalle1is') return ['all']
    return [insn === 'vaale1is' ? 'single' : `scale ${scale} num ${num} (${count})`]
  })
}

describe('range operations', () => {
  test.each<[number, string[]]>([
    [0, []],
    [1, ['single']],
    [2, ['scale 0 num 0 (2)']],
    [3, ['scale 0 num 0 (2)', 'single']],
    [16, ['scale 0 num 7 (16)']],
    [63, ['scale 0 num 30 (62)', 'single']],
    [64, ['scale 1 num 0 (64)']],
    [65, ['scale 1 num 0 (64)', 'single']],
    [100, ['scale 1 num 0 (64)', 'scale 0 num 17 (36)']],
    [512, ['scale 1 num 7 (512)']],
    [513, ['scale 1 num 7 (512)', 'single']],
    [1000, ['scale 1 num 14 (960)', 'scale 0 num 19 (40)']],
    [4096, ['scale 2 num 1 (4096)']],
    [2097152, ['scale 3 num 31 (2097152)']],
    [2097153, ['all']],
  ])('%i pages', (pages, expected) => {
    expect(operations(pages)).toEqual(expected)
    expect(operations(pages, { flavour: '6.17' })).toEqual(expected)
  })

  test('with LPA2 single pages come first, up to 64K alignment', () => {
    const geometry = { page_shift: 12, va_bits: 52 }
    const singles = Array.from({ length: 13 }, () => 'single')
    expect(operations(100, { geometry })).toEqual([
      ...singles,
      'scale 1 num 0 (64)',
      'scale 0 num 10 (22)',
      'single',
    ])
    // Without LPA2 in the CPU the same kernel needs no alignment.
    const folded = { ...geometry, va_bits_actual: 48 }
    expect(operations(100, { geometry: folded })).toEqual(operations(100))
  })
})

const singles = (count: number): string[] => Array.from({ length: count }, () => 'single')

describe('where to give up and flush all', () => {
  test('without range operations: at as many pages as a table has', () => {
    expect(operations(511, { range: false })).toEqual(singles(511))
    expect(operations(512, { range: false })).toEqual(['all'])
    const geometry = { page_shift: 14, va_bits: 47 }
    expect(operations(2047, { range: false, geometry, start: 0xffffc00080004000n })).toHaveLength(
      2047,
    )
    expect(operations(2048, { range: false, geometry, start: 0xffffc00080004000n })).toEqual([
      'all',
    ])
  })

  test('6.12: one page later, and never a range operation', () => {
    expect(operations(512, { flavour: '6.12' })).toEqual(singles(512))
    expect(operations(513, { flavour: '6.12' })).toEqual(['all'])
    expect(operations(-1, { flavour: '6.12' })).toEqual(['all'])
    expect(operations(-1)).toEqual(['all'])
  })
})

const tlbis = (flavour: string): number => {
  const { hooks, lines } = hookLog()
  const geometry = { page_shift: 12, va_bits: 48 }
  const machine = createMachine({ flavour, geometry, features: { tlb_range: false }, hooks })
  const start = toVa(START) + 0x800
  flushTlbKernelRange(machine.cpu(0), start, start + 0x1000)
  return lines.filter((line) => line.startsWith('tlbi')).length
}

describe('ends that are no page boundary', () => {
  test('6.12 does not round and covers one page of the two; 6.17 rounds outwards', () => {
    expect([tlbis('6.12'), tlbis('6.17')]).toEqual([1, 2])
  })
})

test('the operand gives the address back, also of the highest page', () => {
  const { hooks, lines } = hookLog()
  const machine = createMachine({
    flavour: '7.3',
    geometry: { page_shift: 12, va_bits: 48 },
    hooks,
  })
  flushTlbKernelRange(machine.cpu(0), -0x2000, 0)
  expect(lines.at(-1)).toBe(`tlbi "rvaale1is",${0xffffe000},${0xffffffff},2,0,0`)
})
