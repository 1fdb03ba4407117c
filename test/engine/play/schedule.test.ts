import { describe, expect, test } from 'vitest'
import {
  HI,
  InputError,
  LO,
  Lock,
  PTE,
  createMachine,
  isCont,
  loadHi,
  loadLo,
  lock,
  parseSchedule,
  printSchedule,
  runChosen,
  runSchedule,
  setMemoryRo,
  setMemoryValid,
  setPteNosync,
  toVa,
  unlock,
} from '@pagetrail/engine'
import type { Cpu, Machine, Program } from '@pagetrail/engine'

const BASE = 0xffff800080000000n
const RW_CONT = 0xf8000500000703n

/** A span of contiguous PTEs of which each CPU owns one. */
function span(entries = 2): { machine: Machine; slots: number[] } {
  const geometry = { page_shift: 12, va_bits: 48 }
  const machine = createMachine({ flavour: '7.3', geometry, cpus: 2 })
  machine.map({ va: BASE, level: 'pte', desc: RW_CONT, count: entries, paStep: 0x1000n })
  const { memory } = machine.system
  const tables = Array.from({ length: memory.tables }, (_, table) => table)
  const table = tables.findLast((at) => memory.tableLevel(at) === PTE) ?? -1
  const first = memory.firstSlot(table)
  return { machine, slots: Array.from({ length: entries }, (_, i) => first + 2 * i) }
}

type Split = (cpu: Cpu, slots: readonly number[]) => void

const clearPlain = (cpu: Cpu, slot: number): void => {
  const lo = loadLo(cpu, slot)
  setPteNosync(cpu, slot, lo, loadHi(cpu, slot) & ~HI.CONT)
}
const hasCont = (cpu: Cpu, slot: number): boolean => {
  loadLo(cpu, slot)
  return isCont(loadHi(cpu, slot))
}
const makeReadOnly = (cpu: Cpu, slot: number): void => {
  const lo = loadLo(cpu, slot)
  setPteNosync(cpu, slot, lo | LO.RDONLY, loadHi(cpu, slot) & ~HI.WRITE)
}

const firstPteOnly: Split = (cpu, slots) => {
  if (hasCont(cpu, slots[0] ?? 0)) for (const slot of slots) clearPlain(cpu, slot)
}
const programs = (slots: readonly number[]): Program[] =>
  slots.map((own) => (cpu) => {
    firstPteOnly(cpu, slots)
    makeReadOnly(cpu, own)
  })
const finalWords = (machine: Machine): readonly number[] => [...machine.system.memory.words]

const roOf = (schedule: string): readonly boolean[] => {
  const { machine, slots } = span()
  runSchedule(machine, programs(slots), schedule)
  return slots.map((slot) => ((machine.system.memory.words[slot] ?? 0) & LO.RDONLY) !== 0)
}

const both = (first: Lock, second: Lock) => (cpu: Cpu) => {
  lock(cpu, first, 'mutex')
  lock(cpu, second, 'mutex')
  unlock(cpu, second, 'mutex')
  unlock(cpu, first, 'mutex')
  return cpu.id
}

describe('a schedule', () => {
  test('is exact: the steps taken, given again, do the same', () => {
    const first = span()
    const outcome = runSchedule(first.machine, programs(first.slots), '0.1.1.0.1')
    expect(printSchedule(outcome.steps.slice(0, 5))).toBe('0.1.1.0.1')
    const again = span()
    expect(runSchedule(again.machine, programs(again.slots), outcome.steps)).toEqual(outcome)
    expect(finalWords(again.machine)).toEqual(finalWords(first.machine))
  })

  test('loses an update where the race is, and not where it is not', () => {
    // CPU 0 has cleared page 0 and loaded page 1; CPU 1 finds CONT clear and makes page 1 RO; CPU 0 stores what it had.
    expect(roOf('0.0.0.0.1.1.1.0')).toEqual([true, false])
    expect(roOf('')).toEqual([true, true])
  })

  test('passes over a CPU that waits, and reports one that waits for ever', () => {
    const { machine } = span()
    const a = new Lock('a')
    const b = new Lock('b')
    const fine = runSchedule(machine, [both(a, b), both(a, b)], '0.1.1.0')
    expect(fine).toMatchObject({
      passedOver: 2,
      steps: [0, 0, 0, 0, 1, 1, 1, 1],
      results: [0, 1],
      deadlocked: [],
    })
    const stuck = runSchedule(machine, [both(a, b), both(b, a)], '0.1')
    expect(stuck).toMatchObject({
      passedOver: 0,
      steps: [0, 1],
      results: [null, null],
      deadlocked: [0, 1],
    })
  })

  test('in rounds by turns one that cannot run loses its turn, which is refused nowhere', () => {
    const { machine } = span()
    const [a, b] = [new Lock('a'), new Lock('b')]
    const exact = { exact: true }
    expect(runSchedule(machine, [both(a, b), both(a, b)], '(0.1)*9', exact)).toMatchObject({
      passedOver: 0,
      steps: [0, 0, 0, 0, 1, 1, 1, 1],
    })
    const late = () => runSchedule(machine, [both(a, b), both(a, b)], '(0.1)*9.1', exact)
    expect(late).toThrow('schedule[18]: CPU 1 cannot run here')
  })

  test.each([
    ['0.x', 'schedule[1]'],
    ['0..1', 'schedule[1]'],
    ['0.2', 'schedule[1]'],
  ])('%s is refused', (text, path) => {
    const { machine, slots } = span()
    const run = () => runSchedule(machine, programs(slots), text)
    expect(run).toThrow(InputError)
    expect(run).toThrow(path)
  })

  test('is read as it is printed', () => {
    expect(parseSchedule('')).toEqual([])
    expect(parseSchedule(printSchedule([0, 1, 12, 0]))).toEqual([0, 1, 12, 0])
  })

  test('a program that does not do the same again is noticed', () => {
    const { machine, slots } = span()
    let runs = 0
    const fickle: Program = (cpu) => {
      if (runs++ > 1) setPteNosync(cpu, slots[0] ?? 0, 0, 0)
      else loadLo(cpu, slots[0] ?? 0)
      loadLo(cpu, slots[0] ?? 0)
    }
    const idle: Program = (cpu) => void loadLo(cpu, slots[1] ?? 0)
    expect(() => runSchedule(machine, [fickle, idle], '0.1.0')).toThrow('does not do the same')
  })
})

describe('kernel calls in a schedule', () => {
  const start = toVa(BASE)
  const calls: Program[] = [
    (cpu) => setMemoryValid(cpu, start, 1, false),
    (cpu) => setMemoryRo(cpu, start + 0x1000, 1),
  ]
  const build = (): Machine => {
    const features = { rodata_full: true, bbml: true, cpu_bbml: true }
    const geometry = { page_shift: 12, va_bits: 48 }
    const machine = createMachine({ flavour: '7.3', geometry, features, cpus: 2 })
    machine.map({ va: BASE, level: 'pte', desc: RW_CONT, count: 16, paStep: 0x1000n })
    machine.map({
      va: 0xffff000100000000n,
      level: 'pte',
      desc: RW_CONT,
      count: 16,
      paStep: 0x1000n,
    })
    const pages = [{ pa: 0x500000000, count: 16 }]
    machine.addArea({ start, size: 17 * 4096, flags: 2, nrPages: 16, pages })
    return machine
  }

  test('under the split lock every alternation ends as one after the other', () => {
    const inTurn = build()
    expect(runSchedule(inTurn, calls, '').results).toEqual([0, 0])
    const expected = [...inTurn.leaves()]
    for (let period = 1; period <= 40; period++) {
      const machine = build()
      const outcome = runChosen(machine, calls, (runnable, step) => {
        const wanted = Math.floor(step / period) % 2
        return runnable.includes(wanted) ? wanted : (runnable[0] ?? -1)
      })
      expect(outcome.results).toEqual([0, 0])
      expect([...machine.leaves()]).toEqual(expected)
    }
  })
})
