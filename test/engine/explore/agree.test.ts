import { expect, test } from 'vitest'

import { Chance, DEADLOCK, SearchMachine, StateSearch, searchClasses } from '@pagetrail/engine'

import { endText, enumeratePlainly } from '../../support/programs/plain-model.ts'
import { everySchedule } from '../../support/programs/every-schedule.ts'
import { buildSmall, endOf, smallPrograms } from '../../support/programs/small-programs.ts'
import type { SmallPrograms } from '../../support/programs/small-programs.ts'

/** Ends with how many schedules come to each, by trying all. */
function tried(programs: SmallPrograms): {
  schedules: number
  ends: Set<string>
  deadlocks: number
} {
  const ends = new Set<string>()
  let deadlocks = 0
  const schedules = everySchedule(
    () => buildSmall(programs),
    ({ machine }, { results, deadlocked }) => {
      ends.add(endOf(machine, results))
      if (deadlocked.length > 0) deadlocks++
    },
  )
  return { schedules, ends, deadlocks }
}

function byStates(programs: SmallPrograms, settles: boolean) {
  const ends = new Set<string>()
  const { machine, programs: own } = buildSmall(programs, settles)
  const end = (search: SearchMachine): number => {
    ends.add(
      endOf(
        machine,
        search.cpus.map(({ result }) => result),
      ),
    )
    return 0
  }
  const watch = { hooks: null, flags: 0, key: 0, end }
  const search = new SearchMachine({ machine, programs: own, watch })
  const { schedules, rules } = new StateSearch(search).run()
  search.close()
  return {
    schedules: Number(schedules),
    ends,
    deadlocks: Number(rules.get(DEADLOCK)?.failing ?? 0n),
  }
}

function byClasses(programs: SmallPrograms) {
  const ends = new Set<string>()
  const { machine, programs: own } = buildSmall(programs)
  const search = new SearchMachine({ machine, programs: own, numbered: false })
  const counts = searchClasses(search, {}, () => {
    ends.add(
      endOf(
        machine,
        search.cpus.map(({ result }) => result),
      ),
    )
  })
  search.close()
  return { ends, executions: counts.executions, deadlocks: counts.failing.get(DEADLOCK) ?? 0 }
}

/** Words and results at the ends that a search of states comes to, and that the machine is then the one before. */
function wordsAtEnds(programs: SmallPrograms): Set<string> {
  const ends = new Set<string>()
  const { machine, programs: own } = buildSmall(programs)
  const { memory } = machine.system
  const first = memory.firstSlot(memory.tables - 1)
  const before = memory.words.slice()
  const end = ({ cpus }: SearchMachine): number => {
    const results = cpus.map(({ result }) => result)
    ends.add(endText([memory.words[first] ?? 0, memory.words[first + 2] ?? 0], results))
    return 0
  }
  const watch = { hooks: null, flags: 0, key: 0, end }
  const search = new SearchMachine({ machine, programs: own, watch })
  new StateSearch(search).run()
  search.close()
  expect(memory.words).toEqual(before)
  return ends
}

test('on small programs by chance, states, classes, trying all and a model without the engine agree', () => {
  const chance = new Chance(19)
  let deadlocks = 0
  for (let i = 0; i < 200; i++) {
    const programs = smallPrograms(chance)
    const said = JSON.stringify(programs)
    const all = tried(programs)
    expect(byStates(programs, false), said).toEqual(all)
    expect(byStates(programs, true), said).toEqual(all)
    const plain = enumeratePlainly(programs)
    expect(wordsAtEnds(programs), said).toEqual(plain.ends)
    expect([plain.schedules, plain.deadlocks], said).toEqual([all.schedules, all.deadlocks])
    const classes = byClasses(programs)
    expect(classes.ends, said).toEqual(all.ends)
    expect(classes.deadlocks > 0, said).toBe(all.deadlocks > 0)
    expect(classes.executions, said).toBeLessThanOrEqual(all.schedules)
    if (all.deadlocks > 0) deadlocks++
  }
  expect(deadlocks).toBeGreaterThan(0)
})
