import { describe, expect, test } from 'vitest'

import { SearchMachine, runSchedule, sampleSchedules } from '@pagetrail/engine'
import type { Sample, Sampling } from '@pagetrail/engine'

import { LOST, TORN, spanRace } from '../../support/programs/span-race.ts'

function sample(sampling: Sampling, runs: number, seed: number): Sample {
  const search = new SearchMachine({ ...race(), numbered: false })
  const found = sampleSchedules(search, { sampling, runs, seed })
  search.close()
  return found
}

const race = () => spanRace('first-plain', 'plain', { entries: 2 })

describe.each<Sampling>(['cpus', 'schedules', 'pct'])('schedules by chance: %s', (sampling) => {
  test('a seed gives the same runs, another seed others', () => {
    const [one, again, other] = [1, 1, 2].map((seed) => sample(sampling, 300, seed))
    expect(again).toEqual(one)
    expect(other?.failing).not.toEqual(one?.failing)
  })

  test('what it finds does the same on a machine of its own', () => {
    const { first } = sample(sampling, 3000, 5)
    expect([...first.keys()].toSorted()).toEqual([LOST, TORN])
    for (const [rule, entries] of first) {
      const { machine, programs, watch } = race()
      const outcome = runSchedule(machine, programs, entries, { exact: true })
      expect(outcome.entries).toEqual(entries)
      const cpus = outcome.results.map((result) => ({ result }))
      expect(watch.end({ cpus })).toBe(1 << rule)
    }
  })
})

test('uniform over schedules is nearer to the share that fails than uniform over CPUs', () => {
  const off = (['schedules', 'cpus'] as const).map((sampling) => {
    const { failing, runs } = sample(sampling, 20_000, 3)
    return Math.abs((failing.get(LOST) ?? 0) / runs - 189 / 2842)
  })
  expect(off[0]).toBeLessThan(off[1] as number)
})
