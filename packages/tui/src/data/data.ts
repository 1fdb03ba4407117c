import type { LevelName } from '@pagetrail/engine'
import type {
  AlignedRow,
  Diff,
  Mark,
  Run,
  TraceEvent,
  WhyRow,
  QueryResult,
} from '@pagetrail/recorder'

/** A window of the events that a filter lets through, around a cursor. */
export interface WindowQuery {
  readonly run: number
  /** In the one filter grammar; null: all events. */
  readonly filter: string | null
  /** The event from which to count; the next one that is shown stands in for one that is not. */
  readonly anchor: number
  /** The cursor goes to the event this many shown events after the anchor (before: negative). */
  readonly delta: number
  /** How many rows to fetch before and after the cursor. */
  readonly reach: number
  /** Where the run ended when this was asked: a run still being recorded is asked again as it grows. */
  readonly total: number
}

export interface RowWindow {
  readonly rows: readonly TraceEvent[]
  /** seq of the event under the cursor; null: nothing is shown. */
  readonly cursor: number | null
  /** Nothing shown lies before the first, or after the last row. */
  readonly atStart: boolean
  readonly atEnd: boolean
}

export interface CountQuery {
  readonly run: number
  readonly filter: string
  readonly total: number
}

export interface Matches {
  readonly count: number
  /** Place of the event among them; null: it is none of them. */
  readonly at: number | null
}

/** The nearest event after (or before) `from` that a filter lets through. */
export interface FindQuery {
  readonly run: number
  readonly filter: string
  readonly from: number
  readonly backward: boolean
}

/** One page-table entry as it stood. */
export interface EntryState {
  readonly level: LevelName
  readonly va: bigint
  /** null: never seen */
  readonly desc: bigint | null
  /** The last event changed it. */
  readonly changed: boolean
  /** It covers the address asked for, as the last one on the way. */
  readonly here: boolean
}

/** What the page tables around an address and the barriers were after an event. */
export interface StateView {
  readonly run: number
  readonly seq: number
  /** The tables on the way to the address, top first; then the entry there and its neighbours, by address. */
  readonly path: readonly EntryState[]
  readonly near: readonly EntryState[]
  /** The address looked at, and the event that it is of where that is not the one asked about; null: there is none. */
  readonly around: { readonly va: bigint; readonly seq: number } | null
  /** Every entry of the last table on the way, where it is wanted. */
  readonly map: TableMap | null
  readonly ledger: readonly LedgerLine[]
  /**
   * The first look far into a long run reads all events before it, and answers in between: so many of them have been
   * read, and asking for the next turn goes on. null: this is the answer.
   */
  readonly more: { readonly read: number; readonly turn: number } | null
}

/** A line of the barrier and TLB pane. */
export interface LedgerLine {
  readonly text: string
  /** Something is owed: a pending barrier, an open flush. */
  readonly owed: boolean
}

/** The entries of one table in order; null: never seen. */
export interface TableMap {
  readonly level: LevelName
  /** Of the first entry. */
  readonly va: bigint
  /** Bytes that one entry covers. */
  readonly size: bigint
  readonly cells: readonly (bigint | null)[]
  /** Indexes of those that the call at hand has changed by then. */
  readonly changed: readonly number[]
  /** Index of the entry looked at. */
  readonly at: number
}

export interface StateQuery {
  readonly run: number
  readonly seq: number
  readonly va: bigint | null
  /** Entries wanted around the address. */
  readonly rows: number
  /** What is owed is wanted, or every entry of the table, instead of the neighbours. */
  readonly want: 'tables' | 'map' | 'ledger'
  /** How often it has been asked in a row, see {@link StateView}; none: the first time. */
  readonly turn?: number
}

/** A finding of the checks, as the screens show it. */
export interface FindingView {
  /** Where it became certain. */
  readonly seq: number
  readonly op: number | null
  /** Events that prove it, with what happened there. */
  readonly proof: readonly { readonly seq: number; readonly cpu: number; readonly text: string }[]
  /** Calls, walks and callbacks around the last of them, from outside. */
  readonly chain: string
  readonly text: string
  readonly severity: string
}

/** What one rule found. */
export interface RuleView {
  readonly severity: string
  readonly rule: string
  readonly hazard: string
  readonly sentence: string
  readonly remedies: readonly string[]
  readonly findings: readonly FindingView[]
  /** More than `findings` where there are many. */
  readonly count: number
}

export interface CheckView {
  /** The gravest first. */
  readonly groups: readonly RuleView[]
  /** Every event that proves a listed finding, in order. */
  readonly proof: readonly number[]
  /** Beyond this event findings of some rule are counted, not listed; null: all are listed. */
  readonly until: number | null
  /** Rules that could not decide, and what they lack. */
  readonly undecided: readonly string[]
  readonly rules: number
}

export interface ProfileQuery {
  readonly run: number
  readonly from: number
  readonly to: number
  readonly buckets: number
}

/** What happened in a part of a run, in events. */
export interface ProfileCosts {
  readonly calls: number
  readonly stores: number
  readonly barriers: number
  readonly flushes: number
  readonly tables: number
}

/** What happened in each part of a stretch. */
export interface Profile {
  readonly run: number
  readonly from: number
  readonly to: number
  /** Counted; otherwise estimated from samples. */
  readonly exact: boolean
  readonly buckets: readonly ProfileCosts[]
}

/** How busy parts of a run are, 0 … 1 each, from samples. */
export interface Density {
  readonly run: number
  readonly total: number
  readonly levels: readonly number[]
}

/** Two runs side by side; only events that a filter lets through take part where there is one. */
export interface ComparedRuns {
  readonly left: number
  readonly right: number
  readonly folded: boolean
  readonly filter: string | null
}

/** Rows of it. */
export interface DiffRowsQuery extends ComparedRuns {
  readonly from: number
  readonly limit: number
}

export interface DiffRows {
  readonly rows: readonly AlignedRow[]
  /** Index of the first of `rows`. */
  readonly from: number
  /** Rows known so far; all of them when `done`. */
  readonly known: number
  readonly done: boolean
}

/** What one goes to in a comparison: a difference of one of its questions, the next call, or some words. */
export type Aim = 'outcome' | 'effect' | 'path' | 'call' | { readonly words: string }

/** Where it is looked for. */
export interface DifferenceQuery extends Omit<DiffRowsQuery, 'limit'> {
  readonly backward: boolean
  readonly aim: Aim
  /** Only among the rows that have been made. */
  readonly made?: boolean
}

/** The rows with some words: which of them, counted from 0, one is on, and how many there are so far. */
export interface RowHits {
  readonly at: number | null
  readonly count: number
  /** All rows have been made: these are all. */
  readonly all: boolean
}

/** Index of the row; null: there is none. `hits`: of words. */
export interface RowFound {
  readonly at: number | null
  readonly hits: RowHits | null
}

/** A row of the comparison: that of an event, of a call by its number on A, or the last one. */
export type RowPlace =
  | { readonly left: number | null; readonly right: number | null }
  | { readonly call: number; readonly side: 'left' | 'right' }
  | 'last'

/** A result of the SQL console. */
export interface SqlResult extends Pick<QueryResult, 'columns' | 'rows' | 'notice'> {
  readonly ms: number
}

/** A run that names more is not known by its names. */
export const MOST_NAMES = 2_000

/** Everything the screens ask of the database. Answers come later; nothing here blocks the keyboard. */
export interface Data {
  runs(): Promise<readonly Run[]>
  /** A run by id, label, or -1, -2, … */
  find(spec: string): Promise<Run>
  window(query: WindowQuery): Promise<RowWindow>
  /** How many events a filter lets through; null: a later count was asked for. */
  count(query: CountQuery): Promise<number | null>
  /** How many events a search finds, and how many of them lie before an event; null: another is looked for by now. */
  matches(query: CountQuery & { readonly at: number }): Promise<Matches | null>
  /** null: none. */
  seek(query: FindQuery): Promise<number | null>
  /** Whoever still searches finds nothing. */
  stopSeek(): Promise<void>
  /** seq of the event that ends what an event begins (or that begins what it ends); null: none. */
  pair(run: number, event: TraceEvent): Promise<number | null>
  state(query: StateQuery): Promise<StateView>
  /** Those of some events that a filter lets through. */
  matching(run: number, seqs: readonly number[], filter: string): Promise<readonly number[]>
  /** The calls in which a filter lets some event through, by number. */
  callsWith(run: number, filter: string): Promise<readonly number[]>
  /**
   * Why an address is translated as it is after an event, in the words of the verb `why`; a number: so many events have
   * been read so far, and asking again goes on.
   */
  why(run: number, va: bigint, at: number): Promise<readonly WhyRow[] | number>
  /** Runs the checks over a run; may take long, see {@link cancel}. */
  check(run: number): Promise<CheckView>
  /** The same for a run that is soon checked. */
  brief(run: number): Promise<CheckView>
  /** The whole comparison; may take long. */
  diff(left: number, right: number): Promise<Diff>
  diffRows(query: DiffRowsQuery): Promise<DiffRows>
  /** Index of a row; null: there is none. */
  rowOf(of: ComparedRuns, place: RowPlace): Promise<number | null>
  /** Index of the next or previous row that differs; null: none. */
  difference(query: DifferenceQuery): Promise<RowFound>
  /** One query, in a process of its own; {@link cancel} stops it. */
  sql(text: string): Promise<SqlResult>
  exportResult(file: string, result: SqlResult): Promise<void>
  exists(file: string): Promise<boolean>
  /** Files and folders (with / at their end) that a path which is being typed could become; `~` is the home. */
  paths(text: string): Promise<readonly string[]>
  /** Runs a verb of the command; the last line that it printed. {@link cancel} stops it. */
  command(args: readonly string[]): Promise<string>
  /** Stops the long work that is under way; its promise is rejected. */
  cancel(): Promise<void>
  /** The next callback of the call at an event that does something else than the one before it; null: none. */
  odd(run: number, from: number, backward: boolean): Promise<number | null>
  density(run: number, total: number, buckets: number): Promise<Density>
  profile(query: ProfileQuery): Promise<Profile>
  /** The names that the events of a run have, at most {@link MOST_NAMES}, for completion. */
  names(run: number): Promise<readonly string[]>
  rename(run: number, label: string): Promise<void>
  remove(run: number): Promise<void>
  marks(run: number): Promise<readonly Mark[]>
  saveMarks(run: number, marks: readonly Mark[]): Promise<void>
  close(): Promise<void>
}

/**
 * Which thread answers: `states` folds for seconds on the first look far into a long run, `pairs` aligns two runs, and
 * pages of rows must wait for neither. `alone`: a thread of its own, for ending it is what stops long work.
 */
export const THREADS: Readonly<Partial<Record<keyof Data, 'states' | 'pairs' | 'alone'>>> = {
  state: 'states',
  why: 'states',
  brief: 'states',
  odd: 'states',
  diffRows: 'pairs',
  difference: 'pairs',
  rowOf: 'pairs',
  check: 'alone',
  diff: 'alone',
}
