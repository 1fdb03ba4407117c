import { type Diff, type Question, QUESTIONS, type Run } from '@pagetrail/recorder'
import type { Aim, DiffRows, RowHits, StateQuery, StateView } from '../data/data.ts'
import type { CallsView } from './calls.ts'
import { type PageView, TOP_OF_PAGE } from './page.ts'

/** Two runs side by side. Rows are made as they are looked at; only a window of them is here. */
export interface DiffView extends DiffRows {
  readonly left: Run
  readonly right: Run
  readonly tab: DiffTab
  /** What n goes to next. */
  readonly aim: Aim
  /** Of words that are looked for: which row with them, of how many so far; null: none are looked for. */
  readonly hits: RowHits | null
  /** Only events that it lets through take part; null: all of them. */
  readonly filter: string | null
  readonly calls: CallsView
  /** Equal parts are folded. */
  readonly folded: boolean
  /** The whole answer; null: it is being found. */
  readonly report: Diff | null
  readonly cursor: number
  readonly top: number
  /** Where one is in an answer that is text. */
  readonly page: PageView
  /** What is shown of the page tables at the cursor. */
  readonly pane: DiffPane
  /** The page tables at the cursor; null: they are being folded. */
  readonly states: DiffStates | null
}

/** The entries around the cursor, or every entry of their table. */
export type DiffPane = 'tables' | 'map'

/** The state of a side after the event of a row; null: the side has none up to there. */
export interface DiffStates {
  readonly left: StateView | null
  readonly right: StateView | null
}

export interface StatesQuery {
  readonly left: StateQuery | null
  readonly right: StateQuery | null
}

export const openDiff = (left: Run, right: Run): DiffView => ({
  left,
  right,
  tab: 'path',
  aim: 'path',
  hits: null,
  filter: null,
  calls: { sort: 'run', grouped: false, filter: '', matching: null },
  folded: true,
  report: null,
  rows: [],
  from: 0,
  known: 0,
  done: false,
  cursor: 0,
  top: 0,
  page: TOP_OF_PAGE,
  pane: 'tables',
  states: null,
})

export type DiffTab = Question | 'calls'

export const DIFF_TABS: readonly DiffTab[] = [...QUESTIONS, 'calls']
