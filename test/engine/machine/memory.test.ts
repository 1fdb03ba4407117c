import { describe, expect, test } from 'vitest'

import {
  PTE,
  atomicChange,
  bits,
  compareExchange,
  createMachine,
  loadHi,
  loadLo,
  pmdOffset,
  pgdOffset,
  p4dOffset,
  pteOffset,
  pudOffset,
  store,
  toVa,
} from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const BASE = 0xffff800080000000n
const OLD = { lo: 0x500703, hi: 0x680005 }

function entry() {
  const { hooks, lines } = hookLog()
  const machine = createMachine({
    flavour: '7.3',
    geometry: { page_shift: 12, va_bits: 48 },
    hooks,
  })
  machine.map({ va: BASE, level: 'pte', desc: 0x68000500500703n, count: 1, paStep: 0n })
  const cpu = machine.cpu(0)
  const va = toVa(BASE)
  const pud = pudOffset(cpu, p4dOffset(cpu, pgdOffset(cpu, va), va), va)
  const slot = pteOffset(cpu, pmdOffset(cpu, pud, va), va)
  const value = () => ({ lo: loadLo(cpu, slot), hi: loadHi(cpu, slot) })
  return { cpu, slot, value, lines }
}

describe('an entry', () => {
  test('is found by its address, and its address by its slot', () => {
    const { cpu, slot, value } = entry()
    expect(value()).toEqual(OLD)
    expect(cpu.memory.slotVa(slot)).toBe(toVa(BASE))
    expect(cpu.memory.slotVa(slot + 2)).toBe(toVa(BASE) + 4096)
    expect(cpu.memory.tableLevel(cpu.memory.tableOf(slot))).toBe(PTE)
  })

  test('stored is reported with what it was, as unsigned words', () => {
    const { cpu, slot, value, lines } = entry()
    store(cpu, PTE, slot, -1, 0x80000000 | 0)
    expect(value()).toEqual({ lo: 0xffffffff, hi: 0x80000000 })
    expect(lines.at(-1)).toBe(
      `descWrite 4,${0x80000000},${0xffff8000},${OLD.lo},${OLD.hi},${0xffffffff},${0x80000000}`,
    )
  })

  test('is exchanged only if it is what was expected', () => {
    const { cpu, slot, value, lines } = entry()
    const before = lines.length
    expect(compareExchange(cpu, PTE, slot, { lo: 0, hi: 0 }, 1, 1)).toBe(false)
    expect([value(), lines.length]).toEqual([OLD, before])
    expect(compareExchange(cpu, PTE, slot, OLD, 1, 2)).toBe(true)
    expect(value()).toEqual({ lo: 1, hi: 2 })
  })

  test('is changed at once by an atomic', () => {
    const { cpu, slot, value } = entry()
    atomicChange(cpu, PTE, slot, bits('RDONLY'), bits('DBM'))
    expect(value()).toEqual({ lo: OLD.lo | 0x80, hi: 0x600005 })
  })
})

test('memory grows with its tables and keeps what it has', () => {
  const { cpu, slot, value } = entry()
  const { memory } = cpu
  const words = memory.words.length
  for (let i = 0; i < 500; i++) memory.addPoolTable(PTE, toVa(BASE) + i * 0x200000)
  expect(memory.words.length).toBeGreaterThan(words)
  expect(value()).toEqual(OLD)
  const last = memory.tables - 1
  expect(memory.tableAt(memory.tablePa(last))).toBe(last)
  expect(memory.tableAt(memory.tablePa(last) + 4096)).toBe(-1)
  expect(memory.slotVa(memory.firstSlot(last)) - memory.slotVa(slot)).toBe(499 * 0x200000)
})
