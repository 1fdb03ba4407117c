import { beforeAll, describe, expect, test } from 'vitest'

import {
  diffRuns,
  diffLines,
  type EventSource,
  memorySource,
  type TraceEvent,
} from '@pagetrail/recorder'
import { isForeignSpan } from '../../../packages/recorder/src/event/flush-group.ts'
import { captures, fixture, runOf } from '../../support/runs.ts'
import { AREA, eventsOf, hex, type Lean } from '../../support/sample-run.ts'

/** The run without one event; those behind it keep their calls and move up. */
function without(source: EventSource, seq: number): EventSource {
  const events = [...source.events()].filter((e) => e.seq !== seq)
  return memorySource(
    source.run,
    events.map((e, i) => Object.assign({}, e, { seq: i })),
  )
}

/** What lies in functions that flush what others unmapped. */
function foreignIn(events: readonly TraceEvent[]): ReadonlySet<number> {
  const found = new Set<number>()
  let open = 0
  for (const e of events) {
    if (isForeignSpan(e)) open += e.kind === 'span_begin' ? 1 : -1
    else if (open > 0) found.add(e.seq)
  }
  return found
}

describe('one instruction of a flush is missing in 6.12', () => {
  let source: EventSource
  let events: readonly TraceEvent[]
  let foreign: ReadonlySet<number>

  beforeAll(async () => {
    const [capture] = await captures(fixture('modules_small-6.12.trace.gz'))
    events = [...capture!.events()]
    source = memorySource(capture!.run, events)
    foreign = foreignIn(events)
  })

  const KINDS: Readonly<Record<string, (e: TraceEvent, i: number) => boolean>> = {
    'the TLBI that an erratum has repeated': (e) => e.kind === 'tlbi' && e.insn === 'vale1is',
    'the dsb that completes it': (e, i) =>
      e.kind === 'dsb' && e.scope === 'ish' && events[i + 1]?.kind === 'isb',
    'the isb that ends the flush': (e, i) => e.kind === 'isb' && events[i - 2]?.kind === 'tlbi',
  }

  test.each(Object.keys(KINDS))('%s', (name) => {
    const isIt = KINDS[name]!
    for (const isOthers of [false, true]) {
      const found = events.filter(
        (e, i) => isIt(e, i) && e.op !== null && foreign.has(e.seq) === isOthers,
      )
      expect(found.length).toBeGreaterThan(2)
      for (const { seq } of [found[0]!, found.at(-1)!]) {
        const diff = diffRuns(source, without(source, seq))
        expect(diff.verdict).not.toBe('identical')
        const { rest, others } = diff.path
        expect((isOthers ? others : rest)?.left).toMatch(/^(tlbi vale1is|dsb ish|isb) ×\d+$/)
        expect([...diffLines(diff)].join('\n')).toContain(
          isOthers ? 'others left behind' : 'are made of',
        )
      }
    }
  })

  test('nothing is missing: identical', () => {
    expect(diffRuns(source, memorySource(source.run, events))).toMatchObject({
      verdict: 'identical',
      path: { rest: null, others: null, restDiffers: 0 },
    })
  })
})

const [start, end] = [hex(AREA), hex(AREA + 0x1000n)]
const flushed = (flush: readonly Lean[]): EventSource =>
  runOf(
    eventsOf([
      { kind: 'op_begin', fn: 'set_memory_ro', va: start, end, args: {} },
      ...flush,
      { kind: 'op_end', fn: 'set_memory_ro', ret: 0 },
    ]),
  )
const tlbi = (insn: string, va: string | null): Lean => ({
  kind: 'tlbi',
  insn,
  va,
  pages: va === null ? null : 1,
  scale: null,
  num: null,
})
const whole: readonly Lean[] = [
  { kind: 'dsb', scope: 'ishst' },
  tlbi('vmalle1is', null),
  tlbi('vaale1is', start),
  { kind: 'dsb', scope: 'ish' },
  { kind: 'dsb', scope: 'ish' },
  { kind: 'isb' },
]

const outsideOfCalls = (flush: readonly Lean[]): EventSource =>
  runOf(
    eventsOf([
      ...flush.map((event) => ({ ...event, op: null })),
      { kind: 'op_begin', fn: 'set_memory_ro', va: start, end, args: {} },
      { kind: 'op_end', fn: 'set_memory_ro', ret: 0 },
    ]),
  )

describe('flushes written out by a module', () => {
  test.each([1, 2, 3, 4, 5])('instruction %i left out is seen', (left) => {
    const diff = diffRuns(flushed(whole), flushed(whole.toSpliced(left, 1)))
    expect(diff.verdict).not.toBe('identical')
    expect(diff.path.answer).toBe('different')
  })

  test('a TLBI of this CPU alone is another than one of all', () => {
    const local = whole.with(1, tlbi('vmalle1', null))
    const diff = diffRuns(flushed(whole), flushed(local))
    expect(diff.verdict).toBe('same effects by another path')
    expect(diff.path.rest).toMatchObject({ left: 'tlbi vmalle1is ×1', right: 'tlbi vmalle1 ×1' })
  })

  test('outside of calls too', () => {
    expect(diffRuns(outsideOfCalls(whole), outsideOfCalls(whole)).verdict).toBe('identical')
    const diff = diffRuns(outsideOfCalls(whole), outsideOfCalls(whole.toSpliced(3, 1)))
    expect(diff.verdict).toBe('same effects by another path')
    expect(diff.path.rest).toMatchObject({ left: 'dsb ish ×2', right: 'dsb ish ×1' })
  })
})
