import type { TraceEvent } from '../event/kinds.ts'
import type { EventSource } from '../event/run.ts'
import { type CallData, WHOLE_RUN } from './align/call-stream.ts'
import { comparePair, refOf } from './compare-pair.ts'
import { pairedCalls, startComparison } from './comparison.ts'
import { foldRepeats } from './fold-repeats.ts'
import type { DiffOptions } from './options.ts'
import { type PairRow, pairRows } from './pair-rows.ts'
import type { AlignedRow } from './result.ts'

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
      const found = pairRows(script.runs, left.tokens, right.tokens, context)
      const rows = eventRows(found, eventsOf(a, left), eventsOf(b, right))
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
    tokens.length === 0 ? 0 : tokens.seqAt(tokens.length - 1),
    tokens.aside.at(-1) ?? 0,
  )
  const events = new Map<number, TraceEvent>()
  for (const event of source.events(call.first, last))
    if ((event.op ?? WHOLE_RUN.op) === call.op) events.set(event.seq, event)
  return events
}

/** Rows of a pair with their events. */
function* eventRows(
  rows: Iterable<PairRow>,
  left: ReadonlyMap<number, TraceEvent>,
  right: ReadonlyMap<number, TraceEvent>,
): Generator<AlignedRow> {
  for (const row of rows) {
    if (row.row === 'fold') yield row
    else {
      const { status } = row
      const a = row.left === null ? null : (left.get(row.left) ?? null)
      const b = row.right === null ? null : (right.get(row.right) ?? null)
      yield { row: 'events', status, left: a, right: b }
    }
  }
}
