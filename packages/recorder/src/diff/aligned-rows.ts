import type { TraceEvent } from '../event/kinds.ts'
import type { EventSource } from '../event/run.ts'
import type { Addressing } from './align/addresses.ts'
import { type CallData, WHOLE_RUN } from './align/call-stream.ts'
import { HAS, T, type Tokens } from './align/tokens.ts'
import { refOf } from './compare-pair.ts'
import { startComparison } from './comparison.ts'
import { foldRepeats } from './fold-repeats.ts'
import { judgedPairs, lossesOf } from './judged-pairs.ts'
import type { DiffOptions } from './options.ts'
import { type PairRow, pairRows } from './pair-rows.ts'
import type { AlignedRow, AlignedStatus } from './result.ts'
import { placeText } from './say/describe.ts'

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
  const { addresses } = comparison.context
  for (const judged of judgedPairs(comparison, lossesOf(a, b))) {
    if (judged.side === 'both') {
      const { left, right, compared } = judged
      const { diff, script } = compared
      yield { row: 'call', left: diff.left, right: diff.right, pair: diff, alone: null }
      const found = asKnown(pairRows(script.runs, left.tokens, right.tokens, context), diff.isWhole)
      const rows = eventRows(found, sideOf(a, left, addresses), sideOf(b, right, addresses))
      yield* options.repeats === true ? foldRepeats(rows) : rows
    } else {
      const { side, data, pair } = judged
      const none = { left: null, right: null }
      const call = refOf(data.call, data.endedBy)
      yield { row: 'call', ...none, [side]: call, pair: null, alone: pair.reason }
      const { events, place } = sideOf(side === 'left' ? a : b, data, addresses)
      const status = pair.reason === 'loss' ? 'lost' : side
      for (const event of events.values()) yield aloneRow(side, status, event, place)
    }
  }
}

/** One side of a pair: its events by seq, in order, and where in the call the address of one lies. */
interface Side {
  readonly events: ReadonlyMap<number, TraceEvent>
  /** Null: addresses are compared as they are. */
  readonly place: ((seq: number) => string | null) | null
}

function sideOf(source: EventSource, { call, tokens }: CallData, mode: Addressing): Side {
  const last = Math.max(
    call.last ?? 0,
    tokens.length === 0 ? 0 : tokens.seqAt(tokens.length - 1),
    tokens.aside.at(-1) ?? 0,
  )
  const events = new Map<number, TraceEvent>()
  for (const event of source.events(call.first, last))
    if ((event.op ?? WHOLE_RUN.op) === call.op) events.set(event.seq, event)
  return { events, place: mode === 'raw' ? null : placesIn(tokens) }
}

function placesIn(tokens: Tokens): (seq: number) => string | null {
  const rows = new Map<number, number>()
  for (let i = 0; i < tokens.length; i++) rows.set(tokens.seqAt(i), i)
  return (seq) => {
    const i = rows.get(seq)
    if (i === undefined || !tokens.has(i, HAS.VA)) return null
    return placeText(tokens.numberAt(i, T.VA), 'relative')
  }
}

/** Rows of a pair with their events. */
function* eventRows(rows: Iterable<PairRow>, left: Side, right: Side): Generator<AlignedRow> {
  for (const row of rows) {
    if (row.row === 'fold') yield row
    else {
      const places = left.place &&
        right.place && {
          left: row.left === null ? null : left.place(row.left),
          right: row.right === null ? null : right.place(row.right),
        }
      yield {
        row: 'events',
        status: row.status,
        left: row.left === null ? null : (left.events.get(row.left) ?? null),
        right: row.right === null ? null : (right.events.get(row.right) ?? null),
        places,
      }
    }
  }
}

/** Of a pair that lacks events nobody knows what differs. */
function* asKnown(rows: Iterable<PairRow>, isWhole: boolean): Generator<PairRow> {
  for (const row of rows) {
    const isLost = !isWhole && row.row === 'events' && DIFFERENCES.has(row.status)
    yield isLost ? { ...row, status: 'lost' } : row
  }
}

const DIFFERENCES: ReadonlySet<AlignedStatus> = new Set(['changed', 'left', 'right'])

/** The row of an event whose call the other side does not have. */
function aloneRow(
  side: 'left' | 'right',
  status: AlignedStatus,
  event: TraceEvent,
  place: Side['place'],
): AlignedRow {
  const none = { left: null, right: null }
  const places = place && { ...none, [side]: place(event.seq) }
  return { row: 'events', status, ...none, [side]: event, places }
}
