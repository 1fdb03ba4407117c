import { deserialize, serialize } from 'node:v8'
import { describe, expect, test } from 'vitest'

import {
  Chance,
  ClassSearch,
  ScheduleSampler,
  SearchMachine,
  StateSearch,
  createMachine,
  setMemoryValid,
  toVa,
} from '@pagetrail/engine'
import type { Cpu, SavedClasses, SavedStates, SearchSetup } from '@pagetrail/engine'

import { buildSmall, smallPrograms } from '../../support/programs/small-programs.ts'
import { spanRace } from '../../support/programs/span-race.ts'

const BASE = 0xffff8000c0000000n

/** A block that two CPUs split: tables are allocated, the vector grows. */
function block(): SearchSetup {
  const machine = createMachine({
    flavour: '6.18',
    geometry: { page_shift: 12, va_bits: 48 },
    features: { bbml: true, cpu_bbml: true },
    cpus: 2,
  })
  machine.map({ va: BASE, level: 'pte', desc: 0xf8000500040703n, count: 16, paStep: 0x1000n })
  machine.map({ va: BASE + 0x200000n, level: 'pmd', desc: 0xe8000600000701n, count: 1, paStep: 0n })
  const programs = [3, 512 + 9].map(
    (page) => (cpu: Cpu) => setMemoryValid(cpu, toVa(BASE) + page * 4096, 1, false),
  )
  return { machine, programs, steps: 'shared' }
}

/** The same numbers, after having been in a file. */
const stored = <T>(saved: T): T => deserialize(serialize(saved)) as T

const SEARCHES: readonly (readonly [string, () => SearchSetup, number | null])[] = [
  ['H7 on 4 entries', () => spanRace('first-plain', 'plain', { entries: 4 }), null],
  ['H7 with a lock', () => spanRace('lock', 'plain', { entries: 2, cpus: 3 }), null],
  ['two preemptions', () => spanRace('first-plain', 'plain', { entries: 4 }), 2],
  ['span and block', block, null],
]

describe('a search of states that goes on in another process', () => {
  test.each(SEARCHES)('%s: comes to the numbers of an unbroken one', (_name, setup, bound) => {
    const unbroken = new SearchMachine(setup())
    const whole = new StateSearch(unbroken, bound)
    const expected = whole.run()
    unbroken.close()
    const slice = Math.max(7, Math.floor(expected.states / 5))
    let saved: SavedStates | null = null
    let stops = 0
    for (let limit = slice; ; limit += slice) {
      const search = new SearchMachine(setup())
      const part = new StateSearch(search, bound)
      if (saved !== null) part.restore(stored<SavedStates>(saved))
      const counts = part.run({ maxStates: limit })
      saved = part.save()
      search.close()
      stops++
      if (!counts.complete) continue
      expect({ ...counts, bytes: 0 }).toEqual({ ...expected, bytes: 0 })
      expect(part.first).toEqual(whole.first)
      break
    }
    expect(stops).toBeGreaterThan(3)
  })

  test('on another machine it does not go on', () => {
    const search = new SearchMachine(spanRace('first-plain', 'plain', { entries: 4 }))
    const part = new StateSearch(search)
    part.run({ maxStates: 60 })
    const saved = part.save()
    search.close()
    const other = new SearchMachine(spanRace('tested-atomic', 'plain', { entries: 4 }))
    expect(() => new StateSearch(other).restore(saved)).toThrow(
      /leads to another state|go on differently/,
    )
    other.close()
  })
})

describe('a search of classes that goes on', () => {
  test('of small programs, after each execution', () => {
    const chance = new Chance(23)
    let stops = 0
    for (let i = 0; i < 40; i++) {
      const programs = smallPrograms(chance)
      const setup = () => ({ ...buildSmall(programs), numbered: false })
      const unbroken = new SearchMachine(setup())
      const expected = new ClassSearch(unbroken).run()
      unbroken.close()
      let saved: SavedClasses | null = null
      for (let limit = 1; ; limit++) {
        const search = new SearchMachine(setup())
        const part = new ClassSearch(search)
        if (saved !== null) part.restore(stored<SavedClasses>(saved))
        const counts = part.run({ maxExecutions: limit })
        saved = part.save()
        search.close()
        stops++
        if (!counts.complete) continue
        expect(counts, JSON.stringify(programs)).toEqual(expected)
        break
      }
    }
    expect(stops).toBeGreaterThan(100)
  })
})

test.each(['cpus', 'schedules', 'pct'] as const)('runs by chance (%s) go on', (sampling) => {
  const sampler = () => {
    const setup = { ...spanRace('first-plain', 'plain', { entries: 2 }), numbered: false }
    const search = new SearchMachine(setup)
    return { search, runs: new ScheduleSampler(search, { sampling, seed: 5 }) }
  }
  const whole = sampler()
  for (let i = 0; i < 300; i++) whole.runs.run()
  const before = sampler()
  for (let i = 0; i < 130; i++) before.runs.run()
  const after = sampler()
  after.runs.restore(stored(before.runs.save()))
  for (let i = 130; i < 300; i++) after.runs.run()
  expect(after.runs.save()).toEqual(whole.runs.save())
  expect(whole.runs.failing.size).toBeGreaterThan(0)
  for (const { search } of [whole, before, after]) search.close()
})
