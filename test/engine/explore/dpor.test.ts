import { expect, test } from 'vitest'

import { SearchMachine, searchClasses } from '@pagetrail/engine'

import { GAVE_UP, LOST, ROWS, TORN, spanRace } from '../../support/programs/span-race.ts'

test.each(ROWS)(
  'split %s, change %s: classes of schedules',
  (split, change, _all, lost, torn, classes) => {
    const search = new SearchMachine({
      ...spanRace(split, change, { entries: 2 }),
      numbered: false,
    })
    const { executions, blocked, failing, complete } = searchClasses(search)
    search.close()
    // One in which a CPU gives up waiting is not one of the table's.
    expect(executions - (failing.get(GAVE_UP) ?? 0)).toBe(classes)
    expect({ complete, blocked }).toEqual({ complete: true, blocked: 0 })
    expect(failing.has(LOST)).toBe(lost > 0n)
    expect(failing.has(TORN)).toBe(torn > 0n)
  },
)

test('a limit is said', () => {
  const search = new SearchMachine({
    ...spanRace('first-plain', 'plain', { entries: 2 }),
    numbered: false,
  })
  expect(searchClasses(search, { maxExecutions: 5 })).toMatchObject({
    complete: false,
    executions: 5,
  })
  search.close()
})
