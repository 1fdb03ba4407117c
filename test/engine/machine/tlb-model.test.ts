import { beforeEach, describe, expect, test } from 'vitest'

import { createMachine, p4dOffset, pgdOffset, pmdOffset, pteOffset } from '@pagetrail/engine'
import { pudOffset, setPmd, setPte, toVa } from '@pagetrail/engine'
import type { Machine } from '@pagetrail/engine'
import { TlbModel } from '../../../packages/engine/src/machine/tlb-model.ts'

const PAGES = 0xffff8000c0000000n
const BLOCK = 0xffff800100000000n
const SPAN = 0xffff800140000000n
const RW = 0x68000500040703n
const RDONLY = 0x80
const WRITE_HI = 1 << 19
const CONT_HI = 1 << 20

let machine: Machine
let tlb: TlbModel

function pmdSlot(va: number): number {
  const cpu = machine.cpu(0)
  return pmdOffset(cpu, pudOffset(cpu, p4dOffset(cpu, pgdOffset(cpu, va), va), va), va)
}

/** Stores a PTE as the machine does and tells the model. */
function store(
  cpu: number,
  va: bigint,
  change: (lo: number, hi: number) => [number, number],
): void {
  const { words } = machine.system.memory
  const slot = pteOffset(machine.cpu(0), pmdSlot(toVa(va)), toVa(va))
  const [lo, hi] = [words[slot] ?? 0, words[slot + 1] ?? 0]
  tlb.stored(cpu, slot, lo, hi)
  setPte(machine.cpu(0), slot, ...change(lo, hi))
}
const readOnly = (lo: number, hi: number): [number, number] => [lo | RDONLY, hi & ~WRITE_HI]
const invalid = (lo: number, hi: number): [number, number] => [lo & ~1, hi]

function build(bbml: boolean): void {
  machine = createMachine({ flavour: '6.18', geometry: { page_shift: 12, va_bits: 48 } })
  const cont = 0x68000500100703n | (1n << 52n)
  machine.map({ va: PAGES, level: 'pte', desc: RW, count: 4, paStep: 0x1000n })
  machine.map({ va: BLOCK, level: 'pmd', desc: 0x68000600000701n, count: 1, paStep: 0n })
  machine.map({ va: SPAN, level: 'pte', desc: cont, count: 16, paStep: 0x1000n })
  tlb = new TlbModel(machine.geometry, machine.system.memory, bbml, 2)
}
beforeEach(() => build(false))

const at = (va: bigint, offset = 0): number => toVa(va) + offset

describe('filling', () => {
  test('a page, a block and a contiguous span are one entry each; a fault is none', () => {
    expect(tlb.access(0, at(PAGES), 'write')).toEqual({ outcome: 'ok', stale: false })
    tlb.access(0, at(BLOCK, 0x5000), 'write')
    tlb.access(0, at(SPAN, 0x3000), 'write')
    expect(tlb.access(0, at(PAGES, 0x10000), 'read')).toEqual({ outcome: 'fault', stale: false })
    expect(tlb.entriesOf(0).map((entry) => entry.size)).toEqual([0x1000, 0x200000, 0x10000])
    expect(tlb.entriesOf(1)).toEqual([])
  })

  test('kernel data may not be executed', () => {
    expect(tlb.access(0, at(PAGES), 'exec').outcome).toBe('fault')
  })

  test('until the dsb of its writer a walk may see the old entry, then only the new one', () => {
    store(0, PAGES, readOnly)
    expect(tlb.access(1, at(PAGES), 'write', { see: 'old' })).toEqual({
      outcome: 'ok',
      stale: true,
    })
    tlb.evict(1, at(PAGES))
    tlb.dsb(0)
    const after = tlb.access(1, at(PAGES), 'write', { see: 'old' })
    expect(after).toEqual({ outcome: 'fault', stale: false })
  })
})

describe('invalidating', () => {
  test('a stale entry answers until the flush is complete', () => {
    tlb.access(1, at(PAGES), 'write')
    store(0, PAGES, readOnly)
    tlb.dsb(0)
    expect(tlb.access(1, at(PAGES), 'write')).toEqual({ outcome: 'ok', stale: true })
    tlb.tlbi(0, 'vaale1is', at(PAGES), 1)
    expect(tlb.access(1, at(PAGES), 'write').stale).toBe(true)
    tlb.complete(0)
    expect(tlb.access(1, at(PAGES), 'write')).toEqual({ outcome: 'fault', stale: false })
  })

  test('without a dsb before it, the old entry can be read again after it struck, and outlives it', () => {
    tlb.access(1, at(PAGES), 'write')
    store(0, PAGES, readOnly)
    tlb.tlbi(0, 'vaale1is', at(PAGES), 1)
    tlb.fill(1, at(PAGES), { see: 'old' })
    tlb.complete(0)
    expect(tlb.access(1, at(PAGES), 'write')).toEqual({ outcome: 'ok', stale: true })
  })

  test('with one, a walk at any moment reads the new entry', () => {
    tlb.access(1, at(PAGES), 'write')
    store(0, PAGES, readOnly)
    tlb.dsb(0)
    tlb.tlbi(0, 'vaale1is', at(PAGES), 1)
    tlb.fill(1, at(PAGES), { see: 'old' })
    tlb.complete(0)
    expect(tlb.access(1, at(PAGES), 'write')).toEqual({ outcome: 'fault', stale: false })
  })

  test('a TLBI that strikes late takes what was read again before', () => {
    store(0, PAGES, readOnly)
    tlb.tlbi(0, 'vaale1is', at(PAGES), 1)
    tlb.fill(1, at(PAGES), { see: 'old', struck: false })
    tlb.complete(0)
    expect(tlb.access(1, at(PAGES), 'write')).toEqual({ outcome: 'fault', stale: false })
  })

  test('another CPU’s flush does not make the writer’s store visible', () => {
    store(0, PAGES, readOnly)
    tlb.tlbi(1, 'vaale1is', at(PAGES), 1)
    tlb.complete(1)
    expect(tlb.access(1, at(PAGES), 'write', { see: 'old' })).toEqual({
      outcome: 'ok',
      stale: true,
    })
  })

  test('what is not broadcast leaves the other TLBs alone', () => {
    tlb.access(0, at(PAGES), 'write')
    tlb.access(1, at(PAGES), 'write')
    store(0, PAGES, readOnly)
    tlb.dsb(0)
    tlb.tlbi(0, 'vaale1', at(PAGES), 1)
    tlb.complete(0)
    expect(tlb.access(0, at(PAGES), 'write').outcome).toBe('fault')
    expect(tlb.access(1, at(PAGES), 'write')).toEqual({ outcome: 'ok', stale: true })
  })

  test('a dmb makes a store visible no later than the next one', () => {
    store(0, PAGES, readOnly)
    tlb.dmb(0)
    expect(tlb.access(1, at(PAGES), 'write', { see: 'old' }).stale).toBe(true)
    tlb.evict(1, at(PAGES))
    store(0, PAGES + 0x1000n, readOnly)
    expect(tlb.access(1, at(PAGES), 'write', { see: 'old' }).outcome).toBe('fault')
  })

  test('what it will do is part of what is saved', () => {
    const before = tlb.save()
    const textNow = (): string => tlb.textOf(0) + tlb.textOf(1)
    const text = textNow()
    store(0, PAGES, readOnly)
    tlb.dmb(0)
    tlb.tlbi(0, 'vaale1is', at(PAGES), 1)
    const issued = textNow()
    tlb.fill(1, at(PAGES), { see: 'old' })
    expect(new Set([text, issued, textNow()]).size).toBe(3)
    tlb.restore(before)
    expect(textNow()).toBe(text)
  })

  test('an entry goes as a whole, whatever its size, and only if its range is met', () => {
    tlb.access(0, at(BLOCK), 'read')
    tlb.tlbi(0, 'vaale1is', at(BLOCK, 0x200000), 1)
    tlb.complete(0)
    expect(tlb.entriesOf(0)).toHaveLength(1)
    tlb.tlbi(0, 'vaale1is', at(BLOCK, 0x1ff000), 1)
    tlb.complete(0)
    expect(tlb.entriesOf(0)).toHaveLength(0)
  })

  test('a last-level instruction leaves the walk cache: a freed table is still walked', () => {
    const va = at(PAGES)
    tlb.access(0, va, 'read')
    setPmd(machine.cpu(0), pmdSlot(va), 0, 0)
    tlb.tlbi(0, 'vaale1is', va, 1)
    tlb.complete(0)
    expect(tlb.access(0, va, 'read')).toEqual({ outcome: 'ok', stale: true })
    tlb.tlbi(0, 'vaae1is', va, 1)
    tlb.complete(0)
    expect(tlb.access(0, va, 'read').outcome).toBe('fault')
  })

  test('making valid what was invalid needs no flush: nothing can be held', () => {
    store(0, PAGES, invalid)
    tlb.dsb(0)
    expect(tlb.access(1, at(PAGES), 'read').outcome).toBe('fault')
    store(0, PAGES, (lo, hi) => [lo | 1, hi])
    tlb.dsb(0)
    expect(tlb.access(1, at(PAGES), 'read')).toEqual({ outcome: 'ok', stale: false })
  })
})

describe('hazards', () => {
  test('H2: a torn span lets a neighbour decide, either way', () => {
    store(0, SPAN + 0x3000n, readOnly)
    tlb.dsb(0)
    const writable = tlb.access(0, at(SPAN, 0x3000), 'write', { via: at(SPAN) })
    expect(writable).toEqual({ outcome: 'ok', stale: true })
    const forbidden = tlb.access(1, at(SPAN), 'write', { via: at(SPAN, 0x3000) })
    expect(forbidden).toEqual({ outcome: 'fault', stale: true })
  })

  test.each([
    [false, 'conflict', 'conflict'],
    [true, 'ok', 'fault'],
  ] as const)('H3: two sizes over one address, BBML2 %s', (bbml, oldest, newest) => {
    build(bbml)
    tlb.access(0, at(SPAN), 'write')
    for (let i = 0n; i < 16n; i++) store(0, SPAN + i * 0x1000n, (lo, hi) => [lo, hi & ~CONT_HI])
    store(0, SPAN + 0x3000n, readOnly)
    tlb.dsb(0)
    tlb.fill(0, at(SPAN, 0x3000))
    expect(tlb.access(0, at(SPAN, 0x3000), 'write').outcome).toBe(oldest)
    expect(tlb.access(0, at(SPAN, 0x3000), 'write', { pick: 'newest' }).outcome).toBe(newest)
  })
})
