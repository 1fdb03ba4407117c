import type { EventSource } from '../event/run.ts'
import type { CallData } from './align/call-stream.ts'
import type { ComparedPair } from './compare-pair.ts'
import { type PairRow, pairRows } from './pair-rows.ts'
import { eventAt } from './repeated-rows.ts'
import type { PairTree, CallTreeRow } from './result.ts'
import { type DiffVerdict, VERDICTS } from './pair-result.ts'

/** Equal rows that are shown on either side of a difference. */
const CONTEXT = 6

/** Rows kept of one pair. */
const ROWS = 120

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
      if (rows.length === ROWS) break
      more -= row.row === 'fold' ? row.count : 1
      rows.push(row)
    }
    this.#found.set(verdict, { verdict, left: diff.left, right: diff.right, rows, more })
  }

  /** The worst verdict first, with their events. */
  read(a: EventSource, b: EventSource): PairTree[] {
    return [...this.#found.values()]
      .toSorted((p, q) => VERDICTS.indexOf(q.verdict) - VERDICTS.indexOf(p.verdict))
      .map(({ verdict, left, right, rows, more }) => ({
        verdict,
        left,
        right,
        rows: rows.map((row) => readRow(a, b, row)),
        more,
      }))
  }
}

const readRow = (a: EventSource, b: EventSource, row: PairRow): CallTreeRow =>
  row.row === 'fold'
    ? row
    : {
        row: 'events',
        status: row.status,
        left: eventAt(a, row.left),
        right: eventAt(b, row.right),
      }
