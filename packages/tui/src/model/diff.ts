import type { AlignedRow, Diff, Question, Run } from '@pagetrail/recorder'
import type { StateQuery, StateView } from '../data/data.ts'
import { diffLayout } from './layout.ts'
import type { Model } from './model.ts'

/** Two runs side by side. Rows are made as they are looked at; only a window of them is here. */
export interface DiffView {
  readonly left: Run
  readonly right: Run
  readonly tab: Question
  /** Equal parts are folded. */
  readonly folded: boolean
  /** The whole answer; null: it is being found. */
  readonly report: Diff | null
  readonly rows: readonly AlignedRow[]
  /** Index of the first of `rows`. */
  readonly from: number
  /** Rows known so far; all of them when `done`. */
  readonly known: number
  readonly done: boolean
  readonly cursor: number
  readonly top: number
  /** First line of an answer that is text. */
  readonly scroll: number
  /** The page tables at the cursor; null: they are being folded. */
  readonly states: DiffStates | null
}

/** The state of a side after the event of a row; null: the side has none up to there. */
export interface DiffStates {
  readonly left: StateView | null
  readonly right: StateView | null
}

export interface StatesQuery {
  readonly left: StateQuery | null
  readonly right: StateQuery | null
}

export interface DiffRowsQuery {
  readonly left: number
  readonly right: number
  readonly folded: boolean
  readonly from: number
  readonly limit: number
}

export interface DiffRows {
  readonly rows: readonly AlignedRow[]
  readonly from: number
  readonly known: number
  readonly done: boolean
}

export const openDiff = (left: Run, right: Run): DiffView => ({
  left,
  right,
  tab: 'path',
  folded: true,
  report: null,
  rows: [],
  from: 0,
  known: 0,
  done: false,
  cursor: 0,
  top: 0,
  scroll: 0,
  states: null,
})

export const withDiff = (m: Model, f: (d: DiffView) => DiffView): Model =>
  m.diff ? { ...m, diff: f(m.diff) } : m

/** The rows around the cursor, where they are not all here. */
export function wantedDiffRows(m: Model): DiffRowsQuery | null {
  const d = m.diff
  if (!d || m.screen !== 'diff' || d.tab !== 'path') return null
  const height = diffLayout(m.columns, m.rows).listRows
  const first = Math.max(0, d.top - height)
  const last = d.top + 2 * height
  const here =
    d.from <= first &&
    (d.from + d.rows.length >= last || (d.done && d.from + d.rows.length >= d.known))
  if (here) return null
  const from = Math.max(0, d.top - 2 * height)
  return { left: d.left.id, right: d.right.id, folded: d.folded, from, limit: 5 * height }
}

export function diffRowsCame(m: Model, q: DiffRowsQuery, came: DiffRows): Model {
  return withDiff(m, (d) => {
    if (d.left.id !== q.left || d.right.id !== q.right || d.folded !== q.folded) return d
    return moveDiff({ ...d, ...came }, d.cursor, diffLayout(m.columns, m.rows).listRows)
  })
}

/** The cursor on a row; the page follows it. */
export function moveDiff(d: DiffView, to: number, height: number): DiffView {
  const most = d.done ? d.known - 1 : Math.max(d.known - 1, to)
  const cursor = Math.max(0, Math.min(most, to))
  const far = cursor < d.top - height || cursor >= d.top + 2 * height
  const wanted = far
    ? cursor - (height >> 1)
    : Math.max(cursor - height + 1, Math.min(d.top, cursor))
  const states = cursor === d.cursor ? d.states : null
  return { ...d, cursor, states, top: Math.max(0, wanted) }
}

export const rowAtCursor = (d: DiffView): AlignedRow | undefined => d.rows[d.cursor - d.from]

/** The last row up to the cursor that has something on this side; undefined: none. */
export const lastRowOf = (d: DiffView, side: 'left' | 'right'): AlignedRow | undefined =>
  d.rows.slice(0, d.cursor - d.from + 1).findLast((x) => seqOfRow(x, side) !== null)

/** The event or call of one side that a row stands for; null: it has none there. */
export function seqOfRow(row: AlignedRow, side: 'left' | 'right'): number | null {
  if (row.row === 'fold') return row[side]
  return row[side]?.seq ?? null
}
