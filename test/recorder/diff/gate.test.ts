import { diffRuns, judge, type TraceEvent } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { runOf } from '../../support/runs.ts'
import { AREA, eventsOf, initOf, setMemoryRo } from '../../support/sample-run.ts'

const OTHER = AREA + 0x10_0000n
const start = [AREA, OTHER].flatMap((va) => eventsOf([initOf(3, va)], null))
const call = (op: number, va: bigint): TraceEvent[] => eventsOf(setMemoryRo(3, va), op)
const wait = eventsOf([{ kind: 'dsb', scope: 'ish' }], null)

const ordered = runOf([...start, ...call(0, AREA), ...call(1, OTHER)])

const pathOf = (events: readonly TraceEvent[]) => {
  const diff = diffRuns(ordered, runOf([...start, ...events]))
  const gate = { questions: ['path'], maxCost: [], allowUndecided: false } as const
  return judge(diff, gate).checks.find(({ name }) => name === 'path')
}

test('a path that differs by more than its rows says by what', () => {
  expect(pathOf([...call(0, OTHER), ...call(1, AREA)])).toEqual({
    name: 'path',
    answer: 'different',
    reasons: ['1 pair of calls in another order within one task or CPU'],
  })
  expect(pathOf([...call(0, AREA), ...wait, ...call(1, OTHER)])?.reasons).toEqual([
    'outside of calls something else happened',
  ])
  expect(pathOf([...call(0, AREA), ...call(1, OTHER).toSpliced(1, 1)])?.reasons).toEqual([
    '0 events changed, 1 only in the baseline, 0 only in the new run, first in call 1 | 1',
  ])
})
