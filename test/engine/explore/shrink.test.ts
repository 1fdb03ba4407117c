import { describe, expect, test } from 'vitest'

import {
  ScheduleSampler,
  SearchMachine,
  StateSearch,
  searchClasses,
  shrinkSchedule,
  smallestSchedule,
} from '@pagetrail/engine'

import { LOST, TORN, spanRace } from '../../support/programs/span-race.ts'

const race = (entries: number, cpus = 2) => spanRace('first-plain', 'plain', { entries, cpus })

/** A schedule that breaks the rule, as runs by chance come upon it. */
function byChance(rule: number, entries: number, cpus = 2) {
  const search = new SearchMachine({ ...race(entries, cpus), numbered: false })
  const sampler = new ScheduleSampler(search, { sampling: 'cpus', seed: 7 })
  while (!sampler.first.has(rule)) sampler.run()
  search.close()
  return sampler.first.get(rule) ?? []
}

describe('a schedule that was come upon is made as small as the smallest there is', () => {
  test.each([
    ['lost', LOST, 2],
    ['torn', TORN, 2],
    ['lost', LOST, 4],
    ['torn', TORN, 4],
  ])('%s by chance (rule %d), span of %d', (_name, rule, entries) => {
    const whole = new SearchMachine(race(entries))
    const known = new StateSearch(whole)
    known.run()
    const smallest = smallestSchedule(whole, known, rule)
    whole.close()
    const search = new SearchMachine(race(entries))
    const shrunk = shrinkSchedule(search, byChance(rule, entries), { rule })
    search.close()
    expect(shrunk).toMatchObject({
      preemptions: smallest?.preemptions,
      isLeast: true,
      unavoidable: smallest?.unavoidable,
    })
    expect(shrunk?.passing).not.toBeNull()
  })

  test('also where only the schedules with few preemptions can be searched', () => {
    const search = new SearchMachine(race(16))
    const found = byChance(LOST, 16)
    const shrunk = shrinkSchedule(search, found, { rule: LOST, maxStates: 1200 })
    expect(shrunk).toMatchObject({ preemptions: 1, isLeast: true })
    // All that follow the unavoidable step break it; the one beside it does not.
    expect(shrunk?.unavoidable).toBeGreaterThan(18)
    expect(shrunk?.passing).not.toBeNull()
    search.close()
  })

  test('of classes too', () => {
    const classes = new SearchMachine({ ...race(2), numbered: false })
    const found = searchClasses(classes).first.get(TORN) ?? []
    classes.close()
    const search = new SearchMachine(race(2))
    expect(shrinkSchedule(search, found, { rule: TORN })).toMatchObject({
      preemptions: 2,
      isLeast: true,
    })
    search.close()
  })

  test('where there are too many states the blocks are merged, and least is not claimed', () => {
    const found = byChance(TORN, 4, 3)
    const search = new SearchMachine(race(4, 3))
    const shrunk = shrinkSchedule(search, found, { rule: TORN, maxStates: 3 })
    expect(shrunk?.isLeast).toBe(false)
    expect(shrunk?.preemptions).toBeLessThanOrEqual(4)
    search.close()
  })

  test('a schedule that breaks nothing is not shrunk', () => {
    const search = new SearchMachine(race(2))
    expect(shrinkSchedule(search, [], { rule: TORN })).toBeNull()
    search.close()
  })
})
