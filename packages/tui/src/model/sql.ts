import type { SqlValue } from '@pagetrail/recorder'
import type { SqlResult } from '../data/data.ts'
import { paneHeight } from './layout.ts'

/** The SQL console: the query is the prompt while it is typed, the result a table below it. */
export interface SqlView {
  /** The query last run. */
  readonly text: string
  readonly running: boolean
  readonly result: SqlResult | null
  /** What was wrong with the query; null: nothing. */
  readonly problem: string | null
  readonly cursor: number
  readonly top: number
  /** First column shown. */
  readonly column: number
}

export const EMPTY_SQL: SqlView = {
  text: '',
  running: false,
  result: null,
  problem: null,
  cursor: 0,
  top: 0,
  column: 0,
}

/** Run and event that the row under the cursor names by its columns `run` and `seq`; null: it names none. */
export function placeOfRow(s: SqlView, run: number | null): { run: number; seq: number } | null {
  const row = s.result?.rows[s.cursor]
  if (!row || !s.result) return null
  const at = (name: string) => {
    const index = s.result?.columns.indexOf(name) ?? -1
    const value = index < 0 ? null : row[index]
    return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : null
  }
  const seq = at('seq') ?? at('first') ?? at('first_seq')
  const id = at('run') ?? run
  return seq === null || id === null ? null : { run: id, seq }
}

/** A value as a cell shows it. */
export function sqlCell(value: SqlValue): string {
  if (value === null) return ''
  if (value instanceof Uint8Array) return `x'${Buffer.from(value.subarray(0, 16)).toString('hex')}'`
  return String(value)
}

/** Lines of the query above its result. */
export const QUERY_LINES = 3

/** Rows of the result on the screen: what the query, both borders and the heading leave. */
export const resultRows = ({ rows }: { readonly rows: number }): number =>
  paneHeight(rows) - QUERY_LINES - 5
