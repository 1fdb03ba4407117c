import type { EventSource } from '../event/run.ts'
import type { CallData } from './align/call-stream.ts'
import type { ComparedPair } from './compare-pair.ts'
import { type PairRow, pairRows } from './pair-rows.ts'
import { foldRepeats } from './fold-repeats.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { PairTree, CallTreeRow, RepeatRow } from './result.ts'
import { type DiffVerdict, VERDICTS } from './pair-result.ts'

/** Equal rows that are shown on either side of a difference. */
const CONTEXT = 6

/** Rows shown of one pair. */
const ROWS = 120

/** Rows kept of one pair, among which what repeats is looked for. */
const KEPT = 3000

type FoundTree = Omit<PairTree, 'rows'> & { readonly rows: readonly PairRow[] }

/** Keeps the first pair of each verdict, by the numbers of its events: the runs are still being read. */
export class FirstTrees {
  readonly #found = new Map<DiffVerdict, FoundTree>()

  pair(
    { diff, script }: ComparedPair,
    { tokens: left }: CallData,
    { tokens: right }: CallData,
  ): void {
    const { verdict } = diff
    if (verdict === 'identical' || !diff.isWhole || !diff.sameInput || this.#found.has(verdict))
      return
    const rows: PairRow[] = []
    let more = left.asides + right.asides
    for (const run of script.runs) more += run.length
    for (const row of pairRows(script.runs, left, right, CONTEXT)) {
      if (rows.length === KEPT) break
      more -= row.row === 'fold' ? row.count : 1
      rows.push(row)
    }
    this.#found.set(verdict, { verdict, left: diff.left, right: diff.right, rows, more })
  }

  /** The worst verdict first, with their events. */
  read(a: EventSource, b: EventSource): PairTree[] {
    return [...this.#found.values()]
      .toSorted((p, q) => VERDICTS.indexOf(q.verdict) - VERDICTS.indexOf(p.verdict))
      .map((tree) => shownTree(tree, readRows(a, b, tree.rows)))
  }
}

/** A tree with as many rows as are shown. What repeats is folded only where it would not be shown to its end. */
function shownTree(tree: FoundTree, read: readonly CallTreeRow[]): PairTree {
  if (read.length <= ROWS) return { ...tree, rows: read }
  const rows = [...foldRepeats(read)]
  const rest = rows.slice(ROWS).reduce((sum, row) => sum + rowsOf(row), 0)
  return { ...tree, rows: rows.slice(0, ROWS), more: tree.more + rest }
}

const rowsOf = (row: CallTreeRow | RepeatRow): number =>
  row.row === 'fold' ? row.count : row.row === 'repeat' ? row.times * row.rows : 1

function readRows(a: EventSource, b: EventSource, rows: readonly PairRow[]): CallTreeRow[] {
  const seqs = (side: 'left' | 'right'): number[] =>
    rows.flatMap((row) => (row.row === 'fold' ? [] : (row[side] ?? [])))
  const [left, right] = [eventsAt(a, seqs('left')), eventsAt(b, seqs('right'))]
  return rows.map((row) =>
    row.row === 'fold'
      ? row
      : { ...row, left: eventOf(left, row.left), right: eventOf(right, row.right) },
  )
}

const eventOf = (events: ReadonlyMap<number, TraceEvent>, seq: number | null): TraceEvent | null =>
  seq === null ? null : (events.get(seq) ?? null)

/** Events that are read over rather than looked up one by one. */
const NEAR = 64

/** The events with these numbers, in any order: those that are near each other are read in one go. */
function eventsAt(source: EventSource, seqs: readonly number[]): ReadonlyMap<number, TraceEvent> {
  const wanted = new Set(seqs)
  const sorted = [...wanted].toSorted((p, q) => p - q)
  const found = new Map<number, TraceEvent>()
  for (let i = 0; i < sorted.length;) {
    const from = sorted[i]!
    let last = from
    while (i < sorted.length && sorted[i]! - last <= NEAR) last = sorted[i++]!
    for (const event of source.events(from, last))
      if (wanted.has(event.seq)) found.set(event.seq, event)
  }
  return found
}
