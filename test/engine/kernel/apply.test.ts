import { describe, expect, test } from 'vitest'

import {
  EINVAL,
  ENOMEM,
  KernelStop,
  applyToExistingPageRange,
  applyToPageRange,
  createMachine,
  fromVa,
  toVa,
} from '@pagetrail/engine'
import type { Machine, PteFn } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const BASE = 0xffff800080000000n
const START = toVa(BASE)
const PAGE = 4096

const COLLECT: PteFn<bigint[]> = {
  name: 'collect',
  run: (_cpu, _slot, addr, seen) => {
    seen.push((fromVa(addr) - BASE) / 4096n)
    return seen.length === 40 ? -5 : 0
  },
}

function machineWith(flavour = '6.17'): { machine: Machine; lines: string[] } {
  const { hooks, lines } = hookLog()
  const geometry = { page_shift: 12, va_bits: 48 }
  return { machine: createMachine({ flavour, geometry, hooks }), lines }
}

const kinds = (lines: readonly string[], ...wanted: string[]): string[] =>
  lines.map((line) => line.split(' ')[0] ?? '').filter((kind) => wanted.includes(kind))

test('every page of the range, over two tables, with a lazy section for each', () => {
  const { machine, lines } = machineWith()
  machine.map({ va: BASE, level: 'pte', desc: 0x703n, count: 514, paStep: 0n })
  const seen: bigint[] = []
  expect(applyToPageRange(machine.cpu(0), START + 510 * PAGE, 4 * PAGE, COLLECT, seen)).toBe(0)
  expect(seen).toEqual([510n, 511n, 512n, 513n])
  expect(kinds(lines, 'lazyMmuEnter', 'cbEnter', 'lazyMmuLeave').join(' ')).toBe(
    'lazyMmuEnter cbEnter cbEnter lazyMmuLeave lazyMmuEnter cbEnter cbEnter lazyMmuLeave',
  )
})

test('missing tables are allocated outside of lazy mode; the callback sees an empty PTE', () => {
  const { machine, lines } = machineWith()
  const seen: bigint[] = []
  expect(applyToPageRange(machine.cpu(0), START, PAGE, COLLECT, seen)).toBe(0)
  expect(seen).toEqual([0n])
  const order = kinds(lines, 'tableAlloc', 'lazyMmuEnter', 'cbEnter')
  expect(order).toEqual(['tableAlloc', 'tableAlloc', 'tableAlloc', 'lazyMmuEnter', 'cbEnter'])
})

test('of existing tables only, empty PTEs are passed over', () => {
  const { machine, lines } = machineWith()
  machine.map({ va: BASE, level: 'pte', desc: 0x703n, count: 1, paStep: 0n })
  machine.map({ va: BASE + 0x2000n, level: 'pte', desc: 0x703n, count: 1, paStep: 0n })
  const seen: bigint[] = []
  const size = 0x400000
  expect(applyToExistingPageRange(machine.cpu(0), START, size, COLLECT, seen)).toBe(0)
  expect(seen).toEqual([0n, 2n])
  expect(kinds(lines, 'tableAlloc')).toEqual([])
})

test('without a callback only the tables are made', () => {
  const { machine, lines } = machineWith()
  expect(applyToPageRange(machine.cpu(0), START, PAGE, null, null)).toBe(0)
  expect(kinds(lines, 'tableAlloc', 'cbEnter')).toHaveLength(3)
})

test('an error of the callback ends it, after the lazy section is left', () => {
  const { machine, lines } = machineWith()
  machine.map({ va: BASE, level: 'pte', desc: 0x703n, count: 64, paStep: 0n })
  const seen: bigint[] = []
  expect(applyToPageRange(machine.cpu(0), START, 64 * PAGE, COLLECT, seen)).toBe(-5)
  expect(seen).toHaveLength(40)
  expect(kinds(lines, 'lazyMmuLeave')).toHaveLength(1)
})

describe('what it refuses', () => {
  test('an empty or reversed range, with a warning each time', () => {
    const { machine, lines } = machineWith()
    for (const size of [0, -PAGE, 0]) {
      expect(applyToPageRange(machine.cpu(0), START, size, COLLECT, [])).toBe(EINVAL)
    }
    expect(lines.filter((line) => line === 'warn "__apply_to_page_range",false,true')).toHaveLength(
      3,
    )
  })

  test.each([applyToPageRange, applyToExistingPageRange])(
    'a block, with a warning once: %o',
    (apply) => {
      const { machine, lines } = machineWith()
      machine.map({ va: BASE, level: 'pmd', desc: 0x68000600000701n, count: 1, paStep: 0n })
      const seen: bigint[] = []
      expect(apply(machine.cpu(0), START, PAGE, COLLECT, seen)).toBe(EINVAL)
      expect(apply(machine.cpu(0), START, PAGE, COLLECT, seen)).toBe(EINVAL)
      expect(seen).toEqual([])
      expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
        'warn "apply_to_pmd_range",true,true',
        'warn "apply_to_pmd_range",true,false',
      ])
    },
  )

  test('to go on without memory; what was allocated stays', () => {
    const { machine } = machineWith()
    const cpu = machine.cpu(0)
    cpu.failingAllocation = 2
    expect(applyToPageRange(cpu, START, PAGE, COLLECT, [])).toBe(ENOMEM)
    expect(applyToPageRange(cpu, START, PAGE, COLLECT, [])).toBe(0)
    expect(cpu.allocations).toBe(4)
  })
})

test('a block that was made invalid is complained about, cleared and replaced', () => {
  const { machine, lines } = machineWith()
  machine.map({ va: BASE, level: 'pmd', desc: 0x68000600000700n, count: 1, paStep: 0n })
  expect(applyToPageRange(machine.cpu(0), START, PAGE, COLLECT, [])).toBe(0)
  expect(kinds(lines, 'warn', 'badEntry', 'tableAlloc')).toEqual(['warn', 'badEntry', 'tableAlloc'])
  expect([...machine.leaves()]).toEqual([])
})

test('memory has a bound: an allocation beyond it fails, and so does the call', () => {
  const { machine, lines } = machineWith()
  Object.defineProperty(machine.system.memory, 'isFull', { value: true })
  expect(applyToPageRange(machine.cpu(0), START, PAGE, COLLECT, [])).toBe(ENOMEM)
  expect(kinds(lines, 'tableAlloc', 'tableAllocFail')).toEqual(['tableAllocFail'])
})

test('an unaligned range over a table boundary runs off its table', () => {
  const { machine, lines } = machineWith('6.12')
  machine.map({ va: BASE, level: 'pte', desc: 0x703n, count: 1024, paStep: 0n })
  const start = START + 511 * PAGE + 0x800
  expect(() => applyToPageRange(machine.cpu(0), start, 2 * PAGE, COLLECT, [])).toThrow(KernelStop)
  expect(kinds(lines, 'cbEnter', 'wildDeref')).toEqual(['cbEnter', 'wildDeref'])
})
