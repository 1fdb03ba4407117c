import { parseScenario } from '@pagetrail/engine'
import {
  alignedRows,
  answerTo,
  diffRuns,
  type EventSource,
  memorySource,
  scenarioNamed,
  type TraceEvent,
} from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'
import { captures, fixture } from '../../support/runs.ts'
import { playedRun } from '../../support/played-runs.ts'

const played = (name: string): EventSource =>
  playedRun(parseScenario(Object.assign({}, scenarioNamed(name).json, { flavour: '6.18' })), name)

/** The run without its events from `from` up to `to`, where a gap stands for them. */
function losing(source: EventSource, from: number, to: number): EventSource {
  const events = [...source.events()]
  const gap = { ...events[from]!, kind: 'gap', op: null, lost: to - from, reason: 'overrun' }
  const kept = [...events.slice(0, from), gap as TraceEvent, ...events.slice(to)]
  return memorySource(
    { ...source.run, lost: to - from },
    kept.map((e, seq) => Object.assign({}, e, { seq })),
  )
}

const SCENARIOS = ['clean-ro-rw', 'half-changed', 'clean-noflush', 'partial-block-bbml']

describe.each(SCENARIOS)('%s, and itself with a gap', (name) => {
  const whole = played(name)
  const size = [...whole.events()].length
  const first = [...whole.calls()][0]!.first

  test.each([1, 3, 10, 40])(
    'of %i events at any place: what is missing is not a difference',
    (n) => {
      // Nothing repeats the events before the first call, and a step that is no divisor of anything meets all kinds.
      for (let from = first; from + n <= size; from += 7) {
        const diff = diffRuns(whole, losing(whole, from, from + n))
        expect([from, answerTo(diff).answer], diff.verdict).toEqual([from, 'unknown'])
        expect(['unknown', 'same effects by another path']).toContain(diff.verdict)
        for (const by of ['outcome', 'effect', 'path', 'cost'] as const)
          expect([from, by, answerTo(diff, by).answer]).toEqual([from, by, 'unknown'])
      }
    },
  )

  test('its rows side by side show no difference that is one', () => {
    const statuses = new Set<string>()
    for (let from = first; from + 5 <= size; from += 7) {
      for (const row of alignedRows(whole, losing(whole, from, from + 5))) {
        if (row.row === 'events') statuses.add(row.status)
        if (row.row !== 'call') continue
        expect([null, 'loss']).toContain(row.alone)
        const worst = row.pair?.verdict ?? 'unknown'
        expect(['identical', 'same effects by another path', 'unknown']).toContain(worst)
      }
    }
    expect([...statuses].filter((status) => status !== 'unknown').toSorted()).toEqual([
      'lost',
      'same',
    ])
  })
})

test('a capture and itself with a gap: the same', async () => {
  const [whole] = await captures(fixture('modules_small-6.12.trace.gz'))
  const source = memorySource(whole!.run, [...whole!.events()])
  for (const from of [200, 777, 1234]) {
    const diff = diffRuns(source, losing(source, from, from + 25))
    expect(answerTo(diff).answer, diff.verdict).toBe('unknown')
  }
})

describe('what no missing event explains is a difference', () => {
  const whole = played('clean-ro-rw')
  const [, second] = [...whole.calls()]

  test('another return of a call with a gap in it', () => {
    const lossy = losing(whole, second!.first + 2, second!.first + 6)
    const events = [...lossy.events()].map((e) =>
      e.kind === 'op_end' && e.op === second!.op ? Object.assign({}, e, { ret: -22 }) : e,
    )
    expect(diffRuns(whole, memorySource(lossy.run, events)).verdict).toBe('different outcome')
  })

  test('more calls missing than events are', () => {
    const events = [...whole.events()].filter((e) => e.op === null || e.op < second!.op)
    const gap = {
      ...events.at(-1)!,
      seq: events.length,
      op: null,
      kind: 'gap',
      lost: 1,
      reason: null,
    }
    const none = memorySource(
      { ...whole.run, lost: 1 },
      [...events.filter((e) => e.op === null), gap as TraceEvent].map((e, seq) =>
        Object.assign({}, e, { seq }),
      ),
    )
    const diff = diffRuns(whole, none)
    expect(diff.verdict).toBe('different outcome')
    expect(answerTo(diff).answer).toBe('different')
  })
})
