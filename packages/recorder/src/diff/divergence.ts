import type { EventSource } from '../event/run.ts'
import type { CallData } from './align/call-stream.ts'
import type { ComparedPair } from './compare-pair.ts'
import { eventAt, type FoundRows } from './repeated-rows.ts'
import type { Divergence } from './result.ts'
import type { RowRun } from './align/row-script.ts'

/** Rows shown before and from the first one that differs. */
const BEFORE = 3
const AFTER = 8

/** A divergence by the numbers of its events: what is kept while the runs are still being read. */
export interface FoundDivergence extends Omit<Divergence, 'rows'> {
  readonly rows: readonly Pick<FoundRows, 'status' | 'left' | 'right'>[]
}

/** The first row of a pair that differs, between its neighbours. */
export function findDivergence(
  left: CallData,
  right: CallData,
  compared: ComparedPair,
): FoundDivergence | null {
  const found = neighbours(compared.script.runs)
  if (found === null) return null
  const { rows, at } = found
  return {
    left: compared.diff.left,
    right: compared.diff.right,
    rows: rows.map((row) => ({
      status: row.status,
      left: row.status === 'right' ? null : left.tokens.seqAt(row.left),
      right: row.status === 'left' ? null : right.tokens.seqAt(row.right),
    })),
    at,
  }
}

/** The same with its events. */
export function readDivergence(a: EventSource, b: EventSource, found: FoundDivergence): Divergence {
  return {
    ...found,
    rows: found.rows.map(({ status, left, right }) => ({
      status,
      left: eventAt(a, left),
      right: eventAt(b, right),
    })),
  }
}

/** Single rows round the start of the first run that differs; null: none does. */
function neighbours(runs: Iterable<RowRun>): { rows: RowRun[]; at: number } | null {
  let before: RowRun[] = []
  const after: RowRun[] = []
  for (const run of runs) {
    const differs = run.status !== 'same' && run.status !== 'renamed'
    if (after.length === 0 && !differs) {
      for (let n = Math.max(0, run.length - BEFORE); n < run.length; n++)
        before.push(single(run, n))
      before = before.slice(-BEFORE)
      continue
    }
    for (let n = 0; n < run.length && after.length < AFTER; n++) after.push(single(run, n))
    if (after.length === AFTER) break
  }
  return after.length === 0 ? null : { rows: [...before, ...after], at: before.length }
}

const single = (run: RowRun, n: number): RowRun => ({
  status: run.status,
  left: run.status === 'right' ? run.left : run.left + n,
  right: run.status === 'left' ? run.right : run.right + n,
  length: 1,
})
