import { diffRuns, type TraceEvent } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { runOf } from '../../../support/runs.ts'
import { AREA, eventsOf, initOf, type Lean, setMemoryRo } from '../../../support/sample-run.ts'

const start = (...areas: readonly bigint[]): TraceEvent[] =>
  areas.flatMap((va) => eventsOf([initOf(3, va)], null))
const call = (op: number, va: bigint, cpu = 0): TraceEvent[] =>
  eventsOf(setMemoryRo(3, va), op).map((event) => Object.assign({}, event, { cpu }))

const OTHER = AREA + 0x10_0000n

test('calls of two CPUs at once are told apart', () => {
  const one = call(0, AREA, 0)
  const two = call(1, OTHER, 1)
  const mixed = one.flatMap((event, i) => [event, two[i]!])
  const diff = diffRuns(
    runOf([...start(AREA, OTHER), ...one, ...two]),
    runOf([...start(AREA, OTHER), ...mixed]),
  )
  expect(diff).toMatchObject({ verdict: 'identical', calls: { paired: 2 }, incomplete: [] })
})

test('a call that did not return ends when its CPU begins another', () => {
  const events = [...start(AREA, OTHER), ...call(0, AREA).slice(0, -1), ...call(1, OTHER)]
  const diff = diffRuns(runOf(events), runOf(events))
  expect(diff).toMatchObject({
    verdict: 'identical',
    calls: { paired: 2 },
    outcome: { answer: 'unknown', sameReturn: 1, unknownReturn: 1 },
    incomplete: ['1 pair of calls did not both return'],
  })
})

test('a call that was ended by a BUG is not one that returned', () => {
  const bug = eventsOf([{ kind: 'bug', fn: 'pud_populate' }], 0)
  const ended = [...start(AREA), ...call(0, AREA).slice(0, -1), ...bug]
  const diff = diffRuns(runOf(ended), runOf([...start(AREA), ...call(0, AREA)]))
  expect(diff.verdict).toBe('different outcome')
  expect(diff.outcome.different.items).toMatchObject([
    { left: { ret: null, endedBy: 'bug' }, right: { ret: 0, endedBy: null } },
  ])
})

test('events outside of calls are counted apart', () => {
  const loose = eventsOf([{ kind: 'barrier' }, { kind: 'barrier' }], null)
  const diff = diffRuns(
    runOf([...start(AREA), ...call(0, AREA), ...loose]),
    runOf([...start(AREA), ...call(0, AREA)]),
  )
  // All pairs of calls are; what happened between them is not.
  expect(diff.verdict).toBe('same effects by another path')
  expect(diff.calls.byVerdict.identical).toBe(diff.calls.paired)
  expect(diff.outside).toMatchObject({ pathDiffers: true, effects: [] })
  expect(diff.cost).toMatchObject({
    left: { barriers: 1 },
    outsideLeft: { barriers: 2 },
    outsideRight: { barriers: 0 },
  })
})

test('runs without calls are compared as a whole', () => {
  const walk = eventsOf(setMemoryRo(3).slice(1, -1), null)
  const whole = diffRuns(runOf([...start(AREA), ...walk]), runOf([...start(AREA), ...walk]))
  expect(whole).toMatchObject({ verdict: 'identical', outcome: { answer: 'same', sameReturn: 0 } })
  const shorter = diffRuns(
    runOf([...start(AREA), ...walk]),
    runOf([...start(AREA), ...walk.slice(0, -1)]),
  )
  expect(shorter).toMatchObject({ verdict: 'same effects by another path', path: { onlyLeft: 1 } })
})

test('missing events make the answer incomplete', () => {
  const gap = eventsOf([{ kind: 'gap', lost: 7, reason: 'overrun' }], null)
  const events = [...start(AREA), ...gap, ...call(0, AREA)]
  expect(diffRuns(runOf(events), runOf(events)).incomplete).toEqual([
    'the left run lacks 7 events',
    'the right run lacks 7 events',
  ])
})

test('runs that began differently are not identical, whatever their calls did', () => {
  const lone = (count: number): TraceEvent[] => eventsOf([initOf(count, OTHER)], null)
  const diff = diffRuns(
    runOf([...lone(1), ...start(AREA), ...call(0, AREA)]),
    runOf([...lone(2), ...start(AREA), ...call(0, AREA)]),
  )
  expect(diff).toMatchObject({
    verdict: 'different outcome',
    path: { onlyLeft: 0 },
    effect: { answer: 'same' },
  })
  expect(diff.outcome.mapping.ranges.items).toMatchObject([{ va: OTHER + 0x1000n, left: null }])
})

test('calls in exchanged order are paired by their ranges: another path, the same effects', () => {
  const [one, two] = [AREA, OTHER]
  const first = runOf([...start(one, two), ...call(0, one), ...call(1, two)])
  const second = runOf([...start(one, two), ...call(0, two), ...call(1, one)])
  const diff = diffRuns(first, second)
  expect(diff).toMatchObject({
    verdict: 'same effects by another path',
    calls: { paired: 2, reordered: 1, onlyLeft: { total: 0 }, onlyRight: { total: 0 } },
    effect: { answer: 'same' },
    path: { answer: 'different', changed: 0, onlyLeft: 0, onlyRight: 0 },
    lanes: { interleaving: { answer: 'same' } },
  })
})

test.each([
  ['before it begins', (dsb: Lean, call: readonly Lean[]) => [dsb, ...call]],
  ['when it is over', (dsb: Lean, call: readonly Lean[]) => [...call, dsb]],
] as const)('an event that names a call %s happened outside of it', (_, put) => {
  const stray = runOf(eventsOf(put({ kind: 'dsb', scope: 'ish' }, setMemoryRo(1))))
  const plain = runOf(eventsOf(setMemoryRo(1)))
  expect(diffRuns(stray, plain)).toMatchObject({
    verdict: 'same effects by another path',
    path: { onlyLeft: 0, onlyRight: 0 },
    outside: { path: { onlyLeft: 1 } },
  })
  expect(diffRuns(stray, stray).verdict).toBe('identical')
})
