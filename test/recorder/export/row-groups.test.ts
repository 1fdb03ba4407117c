import type { TraceEvent } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { GROUP_EVENTS, rowGroups } from '../../../packages/recorder/src/export/row-groups.ts'
import { eventsOf } from '../../support/sample-run.ts'

/** Events whose functions take turns, so that none stands beside one of its own. */
const inTurns = (count: number, functions: number): TraceEvent[] =>
  eventsOf(
    Array.from({ length: count }, (_, i) => ({
      kind: i % 3 === 0 ? 'barrier' : 'barrier_queue',
      fn: `f${i % functions}`,
    })),
  )

const nameOf = (event: TraceEvent): string =>
  `${event.kind} ${'fn' in event ? (event.fn ?? '') : ''}`

test('every event is in one group, those of a kind and function in the order of the run', () => {
  const events = inTurns(3 * GROUP_EVENTS + 5, 4)
  const groups = [...rowGroups(events)]
  const all = groups.flat()
  expect(all.length).toBe(events.length)
  expect(new Set(all.map(({ seq }) => seq)).size).toBe(events.length)
  const last = new Map<string, number>()
  for (const event of all) {
    expect(event.seq).toBeGreaterThan(last.get(nameOf(event)) ?? -1)
    last.set(nameOf(event), event.seq)
  }
})

test('a kind and function that fills groups has them to itself', () => {
  const events = inTurns(2 * GROUP_EVENTS, 1)
  const pure = [...rowGroups(events)].filter((group) => new Set(group.map(nameOf)).size === 1)
  expect(pure.map((group) => group.length)).toContain(GROUP_EVENTS)
})

test('thousands of names keep what is held, and the number of groups, in bounds', () => {
  const events = inTurns(20 * GROUP_EVENTS, 5000)
  let [read, most] = [0, 0]
  let written = 0
  function* counted(): Generator<TraceEvent> {
    for (const event of events) {
      most = Math.max(most, ++read - written)
      yield event
    }
  }
  let groups = 0
  for (const group of rowGroups(counted())) {
    written += group.length
    groups++
  }
  expect(written).toBe(events.length)
  expect(most).toBeLessThanOrEqual(8 * GROUP_EVENTS)
  expect(groups).toBeLessThanOrEqual(22)
})
