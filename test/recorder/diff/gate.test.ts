import {
  costBounds,
  diffRuns,
  type EventSource,
  type GateCheck,
  githubLines,
  judge,
  junitLines,
  type TraceEvent,
} from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { runOf } from '../../support/runs.ts'
import { AREA, eventsOf, hex, initOf, setMemoryRo } from '../../support/sample-run.ts'

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

const seen = (
  left: EventSource,
  right: EventSource,
  maxCost: readonly string[],
  name: string,
): GateCheck | undefined => {
  const bounds = maxCost.length === 0 ? [] : costBounds(maxCost)
  const gate = { questions: ['outcome', 'cost'], maxCost: bounds, allowUndecided: false } as const
  return judge(diffRuns(left, right), gate).checks.find((check) => check.name === name)
}

/** Ten flushes or `n`, in one call. */
const flushing = (n: number): EventSource => {
  const flush = { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', va: hex(AREA) } as const
  const [begin, end] = [setMemoryRo(3).slice(0, 1), setMemoryRo(3).slice(-1)]
  const flushes = Array.from({ length: n }, () => ({ ...flush, end: hex(AREA + 0x1000n) }))
  return runOf([...start, ...eventsOf([...begin, ...flushes, ...end], 0)])
}

test.each([
  ['flushes=+10%', 10, 11, 'same'],
  ['flushes=+10%', 10, 12, 'different'],
  ['flushes=+9.99%', 10, 11, 'different'],
  // 100 * 2.3 / 100 is less than 2.3 in floating point.
  ['flushes=+2.3%', 1000, 1023, 'same'],
  ['flushes=1', 10, 11, 'same'],
  ['flushes=0', 10, 11, 'different'],
  ['flushes=-10%', 10, 9, 'same'],
  ['flushes=-10%', 10, 10, 'different'],
  ['flushes=-1', 10, 9, 'same'],
  ['flushes=-2', 10, 9, 'different'],
  // A part of nothing is nothing.
  ['flushes=+10%', 0, 0, 'same'],
  ['flushes=+10%', 0, 1, 'different'],
])('%s lets %d become %d: %s', (bound, was, is, answer) => {
  const check = seen(flushing(was), flushing(is), [bound], 'cost flushes')
  const by = bound.split('=')[1]!.replace(/^(?=\d)/, '+')
  expect(check).toEqual({
    name: 'cost flushes',
    answer,
    reasons: [`flushes ${was} → ${is}, at most ${by}`],
  })
})

test('the question of cost names what grew, and nothing that did not', () => {
  expect(seen(flushing(2), flushing(3), [], 'cost')).toEqual({
    name: 'cost',
    answer: 'different',
    reasons: [
      'events 4 → 5, at most +0',
      'flushes 2 → 3, at most +0',
      'flushedPages 2 → 3, at most +0',
    ],
  })
})

test('where no call has a counterpart, no cost is the same', () => {
  const none = 'no call of one run has a counterpart in the other'
  const other = runOf(eventsOf([initOf(3)], null))
  expect(seen(ordered, other, ['flushes=0'], 'cost flushes')).toMatchObject({
    answer: 'unknown',
    reasons: [none],
  })
  expect(seen(ordered, other, [], 'cost')).toMatchObject({ answer: 'unknown', reasons: [none] })
})

test('names of anybody end neither a workflow command nor an element', () => {
  const name = `<i>"&'\u001b[31m\u202e\uffff%0A::error::,\nx`
  const renamed = (events: readonly TraceEvent[]) =>
    events.map((e) => ('fn' in e && e.kind.startsWith('op_') ? { ...e, fn: name } : e))
  const right = runOf([...start, ...renamed(call(0, AREA))] as TraceEvent[], { label: name })
  const diff = diffRuns(runOf([...start, ...call(0, AREA)]), right)
  const gate = { questions: ['outcome'], maxCost: [], allowUndecided: false } as const
  const judged = judge(diff, gate)
  const github = [...githubLines(diff, judged)]
  const junit = [...junitLines(diff, judged)]
  expect(judged.answer).toBe('different')
  for (const line of github)
    expect(line).toMatch(/^::error title=[^:,\p{Cc}\p{Cf}]*::[^\p{Cc}\p{Cf}]*$/u)
  expect(github.join('')).toContain('\\x1b[31m\\u{202e}\uffff%250A::error::,')
  // One suite, its cases, and what did not pass: nothing that a name opened.
  const tags = [...junit.join('\n').matchAll(/<\/?([\w?]+)/g)].map(([, tag]) => tag)
  expect(new Set(tags)).toEqual(
    new Set(['?xml', 'testsuites', 'testsuite', 'testcase', 'error', 'failure']),
  )
  expect(junit.join('')).not.toMatch(/[\u001b\u202e\uffff]/)
})

test('a line of counts adds up', () => {
  const diff = diffRuns(ordered, runOf([...start, ...call(0, AREA)]))
  const gate = { questions: ['outcome', 'path'], maxCost: [], allowUndecided: false } as const
  const xml = [...junitLines(diff, judge(diff, gate))].join('\n')
  const of = (tag: string): number => xml.match(new RegExp(`<${tag}[ >]`, 'g'))?.length ?? 0
  expect(xml).toContain(
    `tests="${of('testcase')}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`,
  )
})
