import type { TraceEvent } from '../event/kinds.ts'
import type { EventSource } from '../event/run.ts'
import { type CallData, WHOLE_RUN } from './align/call-stream.ts'
import { comparePair, refOf } from './compare-pair.ts'
import { pairedCalls, startComparison } from './comparison.ts'
import { foldRepeats } from './fold-repeats.ts'
import type { DiffOptions } from './options.ts'
import type { CallRef, PairDiff, RowStatus } from './result.ts'
import type { RowRun } from './align/rows.ts'

/** `unknown`: the other side could not show it, or it concerns what others left behind. */
export type AlignedStatus = RowStatus | 'unknown'

/** What a screen shows in one line: a call, a row of two events, or a folded part. */
export type AlignedRow =
  | {
      readonly row: 'call'
      readonly left: CallRef | null
      readonly right: CallRef | null
      readonly pair: PairDiff | null
    }
  | {
      readonly row: 'events'
      readonly status: AlignedStatus
      readonly left: TraceEvent | null
      readonly right: TraceEvent | null
    }
  | { readonly row: 'fold'; readonly count: number; readonly left: number; readonly right: number }
  /** The rows above, so many, come so many times more; `left`, `right`: the first event of that part. */
  | {
      readonly row: 'repeat'
      readonly times: number
      readonly rows: number
      readonly left: number | null
      readonly right: number | null
    }

export interface RowOptions extends DiffOptions {
  /** Runs of equal rows longer than twice this are folded but for so many at their ends. Default: nothing is. */
  readonly context?: number
  /** Parts that come again and again, one behind the other, are shown once. */
  readonly repeats?: boolean
}

/**
 * Both runs side by side, call by call. Lazy: a pair of calls is aligned when its rows are asked for, and its events
 * are read again then; stop whenever the page is full.
 */
export function* alignedRows(
  a: EventSource,
  b: EventSource,
  options: RowOptions = {},
): Generator<AlignedRow> {
  const comparison = startComparison(a, b, options)
  const context = options.context ?? Number.POSITIVE_INFINITY
  for (const { pair, left, right } of pairedCalls(comparison)) {
    if (left !== null && right !== null) {
      const { diff, script } = comparePair(left, right, pair, comparison.context)
      yield { row: 'call', left: diff.left, right: diff.right, pair: diff }
      const rows = pairRows(
        script.runs,
        eventsOf(a, left),
        eventsOf(b, right),
        left,
        right,
        context,
      )
      yield* options.repeats === true ? foldRepeats(rows) : rows
    } else if (left !== null) {
      yield { row: 'call', left: refOf(left.call, left.endedBy), right: null, pair: null }
      for (const event of eventsOf(a, left).values())
        yield { row: 'events', status: 'left', left: event, right: null }
    } else {
      yield { row: 'call', left: null, right: refOf(right.call, right.endedBy), pair: null }
      for (const event of eventsOf(b, right).values())
        yield { row: 'events', status: 'right', left: null, right: event }
    }
  }
}

/** Events of one call by seq, in order. */
function eventsOf(source: EventSource, { call, tokens }: CallData): Map<number, TraceEvent> {
  const last = Math.max(
    call.last ?? 0,
    tokens.seqs[tokens.length - 1] ?? 0,
    tokens.aside.at(-1) ?? 0,
  )
  const events = new Map<number, TraceEvent>()
  for (const event of source.events(call.first, last))
    if ((event.op ?? WHOLE_RUN.op) === call.op) events.set(event.seq, event)
  return events
}

function* pairRows(
  runs: readonly RowRun[],
  leftEvents: Map<number, TraceEvent>,
  rightEvents: Map<number, TraceEvent>,
  left: CallData,
  right: CallData,
  context: number,
): Generator<AlignedRow> {
  const sideA = new Side(left, leftEvents)
  const sideB = new Side(right, rightEvents)
  for (const run of runs) {
    const equal = run.status === 'same' || run.status === 'renamed'
    const folded = equal && run.length > 2 * context ? run.length - 2 * context : 0
    for (let n = 0; n < run.length; n++) {
      if (folded > 0 && n === context) {
        yield {
          row: 'fold',
          count: folded,
          left: left.tokens.seqs[run.left + n]!,
          right: right.tokens.seqs[run.right + n]!,
        }
        n += folded
      }
      const i = run.status === 'right' ? null : run.left + n
      const j = run.status === 'left' ? null : run.right + n
      for (const event of sideA.asideBefore(i))
        yield { row: 'events', status: 'unknown', left: event, right: null }
      for (const event of sideB.asideBefore(j))
        yield { row: 'events', status: 'unknown', left: null, right: event }
      yield { row: 'events', status: run.status, left: sideA.event(i), right: sideB.event(j) }
    }
  }
  for (const event of sideA.asideBefore(left.tokens.length))
    yield { row: 'events', status: 'unknown', left: event, right: null }
  for (const event of sideB.asideBefore(right.tokens.length))
    yield { row: 'events', status: 'unknown', left: null, right: event }
}

/** One call's events as its rows ask for them, with those set aside in their places. */
class Side {
  private readonly data: CallData
  private readonly events: Map<number, TraceEvent>
  private at = 0

  constructor(data: CallData, events: Map<number, TraceEvent>) {
    this.data = data
    this.events = events
  }

  event(index: number | null): TraceEvent | null {
    return index === null ? null : (this.events.get(this.data.tokens.seqs[index]!) ?? null)
  }

  /**
   * What was set aside before this row's event and has not been handed out; it is passed over where rows are folded.
   */
  *asideBefore(index: number | null): Generator<TraceEvent> {
    if (index === null) return
    const { aside, seqs, length } = this.data.tokens
    const bound = index < length ? seqs[index]! : Number.POSITIVE_INFINITY
    for (; this.at < aside.length && aside[this.at]! < bound; this.at++) {
      const event = this.events.get(aside[this.at]!)
      if (event) yield event
    }
  }
}
