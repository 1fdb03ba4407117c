import type { EventSource } from '../event/run.ts'
import type { PairTree, Diff } from '../diff/result.ts'
import { type DebtsOverTime, debtsOverTime } from './debts.ts'
import { findingsOf, type RuleOnBoth } from './rules-of-both.ts'
import {
  momentsOf,
  type StoredTable,
  storedTables,
  type TableMoment,
  type TableRef,
} from './table-moments.ts'
import type { CallRef } from '../diff/pair-result.ts'

/** A table before and after what stored to it. */
export interface TableHistory extends StoredTable {
  readonly moments: readonly TableMoment[]
}

/** Tables of one run, the most stored to first. */
export interface TableHistories {
  readonly items: readonly TableHistory[]
  /** How many tables were stored to. */
  readonly total: number
}

/** What one run shows beside its events. */
export interface RunDetail {
  readonly debts: DebtsOverTime
  /** The table with most stores of the run: before the first of them, with most debts open, after the last. */
  readonly most: TableHistories
}

/** The tables that the calls of a tree stored to: before and after the call. */
export interface TreeTables {
  readonly left: TableHistories
  readonly right: TableHistories
}

/** What a page shows beside a comparison. */
export interface DiffDetail {
  readonly left: RunDetail
  readonly right: RunDetail
  /** For each of the comparison's trees. */
  readonly tables: readonly TreeTables[]
  readonly findings: readonly RuleOnBoth[]
}

/** Tables of a call that are drawn; the rest are counted. */
const TABLES = 4

/** Reads both runs once more for what their comparison does not say: tables, debts over time, findings. */
export function diffDetail(a: EventSource, b: EventSource, diff: Diff): DiffDetail {
  return {
    left: runDetail(a),
    right: runDetail(b),
    tables: diff.trees.map((tree) => treeTables(a, b, tree)),
    findings: findingsOf(a, b),
  }
}

export function runDetail(source: EventSource): RunDetail {
  const debts = debtsOverTime(source)
  const stored = storedTables(source).tables(1)
  const at = ({ first, last }: StoredTable): number[] => [
    ...new Set([first - 1, Math.max(first, Math.min(debts.most.seq, last)), last]),
  ]
  return { debts, most: withMoments(source, stored, at) }
}

const treeTables = (a: EventSource, b: EventSource, { left, right }: PairTree): TreeTables => ({
  left: callTables(a, left),
  right: callTables(b, right),
})

function callTables(source: EventSource, { op, seq }: CallRef): TableHistories {
  let call: { readonly first: number; readonly last: number | null } = { first: 0, last: null }
  if (op >= 0) for (const known of source.calls()) if (known.op === op) call = known
  const last = call.last ?? Math.max(seq, source.run.events - 1)
  const stores = storedTables(source, seq, last, op >= 0 ? op : undefined)
  return withMoments(source, stores.tables(TABLES), () => [seq - 1, last])
}

function withMoments(
  source: EventSource,
  { items, total }: { readonly items: readonly StoredTable[]; readonly total: number },
  momentsAt: (table: StoredTable) => readonly number[],
): TableHistories {
  const wanted: { table: TableRef; seq: number; of: number }[] = items.flatMap((table, of) =>
    momentsAt(table).map((seq) => ({ table, seq, of })),
  )
  const moments = momentsOf(source, wanted)
  return {
    items: items.map((table, of) =>
      Object.assign({ moments: moments.filter((_, i) => wanted[i]?.of === of) }, table),
    ),
    total,
  }
}
