import { type AlignedRow, type Diff, type DiffRow, diffRows } from '@pagetrail/recorder'
import type { ComparedRuns, DiffRows, DiffRowsQuery, RowPlace } from '../data/data.ts'
import { type CallsView, callsPage } from './calls.ts'
import { asFilter } from './view-filter.ts'
import { type DiffLayout, diffLayout } from './layout.ts'
import { complain, type Model, query } from './model.ts'
import { opened, type PageLine } from './page.ts'
import type { Role } from '../text/theme.ts'
import type { DiffView, DiffTab } from './diff-view.ts'

/** Where the parts of a comparison stand. */
export const diffLayoutOf = ({ columns, rows, diff }: Model): DiffLayout =>
  diffLayout(columns, rows, diff?.pane === 'map')

export function withDiff(m: Model, f: (d: DiffView) => DiffView): Model {
  const diff = m.diff && f(m.diff)
  return diff === m.diff ? m : { ...m, diff }
}

/** What a run has lost may be all that differs. */
export const hasLoss = ({ left, right }: DiffView): boolean => left.lost > 0 || right.lost > 0

/** The comparison that the rows are of. */
export const comparisonOf = ({ left, right, folded, filter }: DiffView): ComparedRuns => ({
  left: left.id,
  right: right.id,
  folded,
  filter: filter === null ? null : asFilter(filter),
})

/** Effects, ranges and groups listed in an answer. */
const LISTED = 200

const ROLES: Readonly<Partial<Record<DiffRow['role'], Role>>> = {
  title: 'call',
  left: 'bad',
  right: 'flush',
  changed: 'write',
  dim: 'same',
}

let last: {
  readonly report: Diff
  readonly tab: DiffTab
  readonly columns: number
  readonly calls: CallsView
  readonly lines: readonly PageLine[]
} | null = null

/** The answer to the question of the tab, in the words of the verb `diff`; what it names leads there. */
export function answerRows(d: DiffView, columns: number): readonly PageLine[] {
  const { report, tab } = d
  if (!report) return [{ text: 'The runs are being compared …', role: 'same' }]
  if (
    last?.report !== report ||
    last.tab !== tab ||
    last.columns !== columns ||
    last.calls !== d.calls
  ) {
    if (tab === 'calls') {
      last = { report, tab, columns, calls: d.calls, lines: callsPage(report, d.calls, columns) }
      return last.lines
    }
    const asked = { ...report, asked: { ...report.asked, by: tab } }
    const lines = [...diffRows(asked, { width: columns, limit: LISTED })].map(
      ({ text, role, place }): PageLine => ({
        text,
        role: ROLES[role],
        link: place === null ? undefined : { to: 'row', left: place.left, right: place.right },
      }),
    )
    last = { report, tab, columns, calls: d.calls, lines }
  }
  return last.lines
}

/** Another tab; an answer in words opens at its first place. */
export const showTab = (m: Model, tab: DiffTab): Model =>
  withDiff(m, (d) => {
    const next = { ...d, tab }
    return tab === 'path' ? next : { ...next, page: opened(answerRows(next, m.columns - 4)) }
  })

/** The rows around the cursor, where they are not all here. */
export function wantedDiffRows(m: Model): DiffRowsQuery | null {
  const d = m.diff
  if (!d || m.screen !== 'diff' || d.tab !== 'path') return null
  const height = diffLayoutOf(m).listRows
  const first = Math.max(0, d.top - height)
  const last = d.top + 2 * height
  const here =
    d.from <= first &&
    (d.from + d.rows.length >= last || (d.done && d.from + d.rows.length >= d.known))
  if (here) return null
  const from = Math.max(0, d.top - 2 * height)
  return { ...comparisonOf(d), from, limit: 5 * height }
}

export function diffRowsCame(m: Model, q: DiffRowsQuery, came: DiffRows): Model {
  return withDiff(m, (d) => {
    const { left, right, folded, filter } = comparisonOf(d)
    const same = left === q.left && right === q.right && folded === q.folded && filter === q.filter
    return same ? moveDiff({ ...d, ...came }, d.cursor, diffLayoutOf(m).listRows) : d
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
  if (row.row === 'fold' || row.row === 'repeat') return row[side]
  return row[side]?.seq ?? null
}

/** The cursor of the comparison that these two make, on a row; null: there is none, which is said. */
export const arrive = (m: Model, of: DiffView, at: number | null, none: string): Model => {
  if (m.diff?.left.id !== of.left.id || m.diff.right.id !== of.right.id) return m
  if (at === null) return complain(m, none)
  const { listRows } = diffLayoutOf(m)
  return withDiff(m, (d) => moveDiff({ ...d, known: Math.max(d.known, at + 1) }, at, listRows))
}

/** To a row of the path: of these events, of a call, or the last one. */
export const toRow = (m: Model, place: RowPlace): Model => {
  const d = m.diff
  if (!d) return m
  return query(
    showTab(m, 'path'),
    (data) => data.rowOf(comparisonOf(d), place),
    (later, at) => arrive(later, d, at, 'the path has no such row'),
    { title: 'aligning the calls' },
  )
}
