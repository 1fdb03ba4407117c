import { describe, expect, test } from 'vitest'

import {
  PTE,
  SearchMachine,
  StateSearch,
  createMachine,
  loadHi,
  loadLo,
  parseEntries,
  setMemoryValid,
  smallestSchedule,
  store,
  toVa,
} from '@pagetrail/engine'
import type { Cpu, Machine, SearchSetup, StateCounts } from '@pagetrail/engine'

import { GAVE_UP, LOST, ROWS, TORN, spanRace } from '../../support/programs/span-race.ts'

// The largest takes two seconds where nothing else runs.

function searchAll(setup: SearchSetup, bound: number | null = null): StateCounts {
  const search = new SearchMachine(setup)
  try {
    return new StateSearch(search, bound).run()
  } finally {
    search.close()
  }
}

const failing = (counts: StateCounts, rule: number): bigint => counts.rules.get(rule)?.failing ?? 0n

describe('the table of hazard H7, by states', () => {
  test.each(ROWS)('split %s, change %s', (split, change, schedules, lost, torn) => {
    const counts = searchAll(spanRace(split, change, { entries: 2 }))
    expect(counts.schedules - failing(counts, GAVE_UP)).toBe(schedules)
    expect(failing(counts, LOST)).toBe(lost)
    expect(failing(counts, TORN)).toBe(torn)
    expect(counts.complete).toBe(true)
  })

  test('a real span of 16: one schedule in 61,189,336,506,613,435 tears it, by two preemptions', () => {
    const counts = searchAll(spanRace('first-plain', 'plain', { entries: 16 }))
    expect(counts.schedules).toBe(85_359_124_425_721_743_310n)
    expect(counts.rules.get(TORN)).toEqual({ failing: 1395n, preemptions: 2 })
    expect(counts.rules.get(LOST)).toMatchObject({ preemptions: 1 })
  })

  test('three CPUs and 16 entries: 1.3 · 10^39 schedules of the sufficient loop, none fails', () => {
    const counts = searchAll(spanRace('tested-atomic', 'plain', { entries: 16, cpus: 3 }))
    expect(counts.schedules).toBe(1_333_562_551_990_767_459_545_945_996_848_953_511_776n)
    expect(counts.rules.size).toBe(0)
  })
})

const BASE = 0xffff8000c0000000n

function realSpan(flavour: string, pages: readonly number[]): SearchSetup {
  const geometry = { page_shift: 12, va_bits: 48 }
  const features = { bbml: true, cpu_bbml: true }
  const machine = createMachine({ flavour, geometry, features, cpus: pages.length })
  machine.map({ va: BASE, level: 'pte', desc: 0xf8000500040703n, count: 16, paStep: 0x1000n })
  const programs = pages.map(
    (page) => (cpu: Cpu) => setMemoryValid(cpu, toVa(BASE) + page * 4096, 1, false),
  )
  return { machine, programs }
}

describe('set_memory_valid() itself on one span', () => {
  test.each([
    ['6.17', 35_345_263_800n],
    ['6.18', 5_637_906_197_660n],
    ['7.3', 5_637_906_197_660n],
  ])('%s, two CPUs: %d schedules', (flavour, schedules) => {
    expect(searchAll(realSpan(flavour, [3, 9])).schedules).toBe(schedules)
  })

  test('6.18, three CPUs: 1.2 · 10^30 schedules in 43,447 states', () => {
    const counts = searchAll(realSpan('6.18', [3, 9, 12]))
    expect(counts.schedules).toBe(1_229_079_012_756_662_118_070_073_939_280n)
    expect(counts.states).toBe(43_447)
    expect(counts.bytes / counts.states).toBeLessThan(250)
  })
})

describe('preemptions', () => {
  test('bounded: complete for each bound, and the bound that is enough finds all', () => {
    const lost = [0, 1, 2, 3, 14].map((bound) => {
      const counts = searchAll(spanRace('first-plain', 'plain', { entries: 2 }), bound)
      return [counts.schedules, failing(counts, LOST), failing(counts, TORN)]
    })
    expect(lost).toEqual([
      [2n, 0n, 0n],
      [14n, 2n, 0n],
      [54n, 6n, 2n],
      [186n, 26n, 6n],
      [2842n, 189n, 9n],
    ])
  })

  test('the smallest schedule: where it could still have been avoided is said', () => {
    const search = new SearchMachine(spanRace('first-plain', 'plain', { entries: 2 }))
    const known = new StateSearch(search)
    known.run()
    expect(smallestSchedule(search, known, LOST)).toEqual({
      entries: parseEntries('0*4.1*3.0*3'),
      preemptions: 1,
      unavoidable: 7,
      passing: expect.any(Array),
    })
    expect(smallestSchedule(search, known, TORN)).toMatchObject({ preemptions: 2 })
    expect(smallestSchedule(search, known, GAVE_UP)).toBeNull()
    search.close()
  })
})

describe('limits', () => {
  test('what was counted is a lower bound, and going on gives the numbers of an unbroken search', () => {
    const whole = searchAll(spanRace('first-plain', 'plain', { entries: 4 }))
    const search = new SearchMachine(spanRace('first-plain', 'plain', { entries: 4 }))
    const known = new StateSearch(search)
    const part = known.run({ maxStates: 100 })
    expect(part).toMatchObject({ complete: false, states: 100 })
    expect(part.schedules).toBeGreaterThan(0n)
    expect(part.schedules).toBeLessThan(whole.schedules)
    expect(failing(part, LOST)).toBeLessThanOrEqual(failing(whole, LOST))
    let asked = 0
    expect(known.run({ stop: () => ++asked > 0 }).complete).toBe(false)
    const { schedules, rules, states } = known.run()
    expect({ schedules, rules, states }).toEqual({
      schedules: whole.schedules,
      rules: whole.rules,
      states: whole.states,
    })
    search.close()
  })
})

/** Everything a machine is, as a text. */
const all = (machine: Machine): string => {
  const { memory, locks, latches } = machine.system
  const words = memory.words.slice(0, memory.tables << memory.tableShift)
  const cpus = machine.cpus.map((cpu) => [cpu.lazy, cpu.context, cpu.stopped, cpu.allocations])
  const stepper = machine.cpus.map((cpu) => [cpu.stepper, cpu.hooks])
  return JSON.stringify([
    [...words],
    locks,
    Object.values(locks).map((l) => l.holders),
    [...latches],
    cpus,
    stepper,
  ])
}

describe('the machine', () => {
  test('after a search is the one before, bit for bit', () => {
    const setup = realSpan('6.18', [3, 9])
    const { machine } = setup
    setMemoryValid(machine.cpu(0), toVa(BASE) + 4096 * 20, 1, true)
    const before = all(machine)
    searchAll(setup)
    expect(all(machine)).toBe(before)
    expect(machine.system.journal).toBeNull()
  })
})

const loop = (key: (i: number, seen: number) => string | number) => (cpu: Cpu) => {
  const mark = cpu.stepper?.mark() ?? 0
  let seen = 0
  const slot = cpu.memory.firstSlot(cpu.memory.tables - 1)
  for (let i = 0; i < 3; i++) {
    seen = loadLo(cpu, slot) & 0xff
    // Where it goes on depends on what it saw.
    const at = slot + (seen === 7 ? 2 : 4)
    cpu.stepper?.settled(mark, key(i, seen))
    store(cpu, PTE, at, loadLo(cpu, at), loadHi(cpu, at))
  }
  return 0
}
const writer = (cpu: Cpu): number => {
  store(cpu, PTE, cpu.memory.firstSlot(cpu.memory.tables - 1), 7, 0)
  return 0
}
const keyed = (key: (i: number, seen: number) => string | number): SearchSetup => {
  const machine = createMachine({
    flavour: '7.3',
    geometry: { page_shift: 12, va_bits: 48 },
    cpus: 2,
  })
  machine.map({ va: BASE, level: 'pte', desc: 3n, count: 4, paStep: 0x1000n })
  return { machine, programs: [loop(key), writer] }
}

const circle = (cpu: Cpu): number => {
  const mark = cpu.stepper?.mark() ?? 0
  for (let i = 0; i < 9; i++) {
    loadLo(cpu, cpu.memory.firstSlot(1))
    cpu.stepper?.settled(mark, 'again')
  }
  return 0
}

describe('a settled key', () => {
  test('that leaves out what decides the next step is caught', () => {
    expect(() => searchAll(keyed((i) => i))).toThrow(
      /CPU 0 settled on one key in two histories that go on differently: with load of slot \d+, and with load/,
    )
    expect(searchAll(keyed((i, seen) => `${i}:${seen}`)).complete).toBe(true)
  })

  test('that does not change in a circle is caught', () => {
    const { machine } = keyed((i) => i)
    expect(() => searchAll({ machine, programs: [circle] })).toThrow(/goes round in a circle/)
  })
})
