import { describe, expect, test } from 'vitest'

import {
  EINVAL,
  FLAVOURS,
  bigintOf,
  createMachine,
  fromVa,
  setMemoryRo,
  setMemoryRox,
  setMemoryValid,
  toVa,
} from '@pagetrail/engine'
import type { Features, Machine } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const BASE = 0xffff800080000000n
const START = toVa(BASE)
const LINEAR = 0xffff000100000000n
const RW = 0x68000500000703n
const RO = 0x60000500000783n

/** Eight pages of an area and their linear alias. */
function build(flavour: string, features: Partial<Features> = {}) {
  const { hooks, lines } = hookLog()
  const geometry = { page_shift: 12, va_bits: 48 }
  const machine = createMachine({ flavour, geometry, features, hooks })
  for (const va of [BASE, LINEAR]) {
    machine.map({ va, level: 'pte', desc: RW, count: 8, paStep: 0x1000n })
  }
  const pages = [{ pa: 0x500000000, count: 8 }]
  machine.addArea({ start: START, size: 9 * 4096, flags: 2, nrPages: 8, pages })
  return { machine, lines }
}

/** Offsets in pages from `from` of those stored, in order. */
const stored = (lines: readonly string[], from: bigint): number[] =>
  lines.flatMap((line) => {
    const [, lo, hi] = /^descWrite 4,(\d+),(\d+),/.exec(line) ?? []
    if (lo === undefined || hi === undefined) return []
    const page = Number((bigintOf(Number(lo), Number(hi)) - from) / 4096n)
    return page >= 0 && page < 9 ? [page] : []
  })

const entryAt = (machine: Machine, va: bigint): bigint | undefined => {
  for (const run of machine.leaves()) {
    const index = (va - run.va) / 4096n
    if (va >= run.va && index < BigInt(run.count)) return run.desc + index * run.paStep
  }
  return undefined
}

const NAMES = FLAVOURS.map((f) => f.name)

describe('set_memory_ro() of pages 2 and 3 of 8', () => {
  test.each(NAMES)('%s changes them, and the linear alias of the area or of these', (name) => {
    const { machine, lines } = build(name)
    expect(setMemoryRo(machine.cpu(0), START + 2 * 4096, 2)).toBe(0)
    expect(stored(lines, BASE)).toEqual([2, 3])
    expect(stored(lines, LINEAR)).toEqual(name === '7.3' ? [2, 3] : [0, 1, 2, 3, 4, 5, 6, 7])
    expect(entryAt(machine, BASE + 0x2000n)).toBe(RO + 0x2000n)
    expect(entryAt(machine, BASE + 0x4000n)).toBe(RW + 0x4000n)
  })

  test.each(NAMES)('%s leaves the alias alone without rodata=full', (name) => {
    const { machine, lines } = build(name, { rodata_full: false })
    expect(setMemoryRo(machine.cpu(0), START + 2 * 4096, 2)).toBe(0)
    expect(stored(lines, LINEAR)).toEqual([])
  })

  test('the alias comes first, page by page, each with its flush', () => {
    const { machine, lines } = build('7.3')
    setMemoryRo(machine.cpu(0), START, 2)
    const flushed = lines.flatMap((line) => {
      const [, lo, hi] = /^tlbFlush "flush_tlb_kernel_range",true,(\d+),(\d+),/.exec(line) ?? []
      return lo === undefined ? [] : [fromVa(toVa(bigintOf(Number(lo), Number(hi))))]
    })
    expect(flushed).toEqual([LINEAR, LINEAR + 0x1000n, BASE])
  })
})

const results = (flags: number): (number | null)[] =>
  NAMES.map((name) => {
    const { machine } = build(name)
    machine.system.areas.length = 0
    machine.addArea({ start: START, size: 9 * 4096, flags, nrPages: 0, pages: [] })
    return setMemoryRo(machine.cpu(0), START, 0)
  })

describe('what change_memory_common() refuses', () => {
  test.each<[string, number, number, number, number]>([
    ['outside of every area', -4096, 1, EINVAL, EINVAL],
    ['beyond the area', 0, 10, EINVAL, EINVAL],
    ['no pages', 0, 0, 0, 0],
    ['no pages outside', -4096, 0, EINVAL, EINVAL],
    ['a negative number in an area without alias', 0, -1, EINVAL, EINVAL],
  ])('%s', (_, offset, pages, apply, walk) => {
    for (const name of NAMES) {
      const { machine } = build(name, { rodata_full: false })
      const expected = name.startsWith('6.1') ? apply : walk
      expect(setMemoryRo(machine.cpu(0), START + offset, pages)).toBe(expected)
    }
  })

  test('areas that are not of VM_ALLOC, and from 6.17 those of huge mappings', () => {
    expect(results(0x4)).toEqual([EINVAL, EINVAL, EINVAL, EINVAL, EINVAL])
    expect(results(0x402)).toEqual([0, EINVAL, EINVAL, EINVAL, EINVAL])
    expect(results(0x102)).toEqual([0, 0, 0, 0, 0])
  })

  test('an unaligned address is rounded down, with a warning once', () => {
    const { machine, lines } = build('6.18', { rodata_full: false })
    expect(setMemoryRo(machine.cpu(0), START + 0x2800, 1)).toBe(0)
    expect(setMemoryRo(machine.cpu(0), START + 0x2800, 1)).toBe(0)
    expect(stored(lines, BASE)).toEqual([2, 2])
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn "change_memory_common",true,true',
      'warn "change_memory_common",true,false',
    ])
  })
})

test('set_memory_rox() is ro and then x, unless ro failed', () => {
  const { machine } = build('7.3')
  expect(setMemoryRox(machine.cpu(0), START, 1)).toBe(0)
  expect(entryAt(machine, BASE)).toBe(0x40000500000783n)
  expect(setMemoryRox(machine.cpu(0), START - 4096, 1)).toBe(EINVAL)
})

describe('set_memory_valid() off and on', () => {
  test.each<[string, bigint]>([
    ['6.12', 0x68000500000702n],
    ['6.17', 0x68000500000702n],
    ['seed-v1', 0x68000500000702n],
    ['6.18', 0x68000500000702n],
    ['7.3', 0x68000500000f02n],
  ])('%s leaves the entry as it was, in between %x', (name, invalid) => {
    const { machine } = build(name)
    expect(setMemoryValid(machine.cpu(0), START, 8, false)).toBe(0)
    expect(entryAt(machine, BASE)).toBe(invalid)
    expect(setMemoryValid(machine.cpu(0), START, 8, true)).toBe(0)
    expect(entryAt(machine, BASE)).toBe(RW)
  })
})
