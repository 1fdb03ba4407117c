import { type Mark, type Run, type TraceEvent } from '@pagetrail/recorder'
import type { CheckView, Data, Density, StateView } from '../data/data.ts'
import type { ClockMode } from '../text/clock.ts'
import { type PageView, TOP_OF_PAGE } from './page.ts'
import type { Prompt, PromptKind } from './prompt.ts'
import { NO_SESSION, type RunSession, type KeptSession } from './remembered.ts'
import type { TimelineView } from './timeline.ts'
import type { WhyView } from './why.ts'
import { EMPTY_SQL, type SqlView } from './sql.ts'
import { type ViewState, EVERYTHING } from './view-filter.ts'
import type { PaneName } from './layout.ts'
import type { DiffView } from './diff-view.ts'

/** Everything that the screen shows. A frame is a function of it; keys and answers of the database change it. */
export interface Model {
  readonly columns: number
  readonly rows: number
  readonly screen: ScreenName
  /** Screens to go back to, the last first. */
  readonly behind: readonly ScreenName[]
  /** Places left by a jump, the last first: `^O` and Alt-→ walk them. */
  readonly back: readonly Spot[]
  readonly forth: readonly Spot[]
  /** Keys pressed so far: an answer changes the screen only where nothing was typed since it was asked for. */
  readonly pressed: number
  readonly db: string
  readonly runs: Runs
  readonly replay: Replay | null
  readonly diff: DiffView | null
  readonly sql: SqlView
  readonly prompt: Prompt | null
  readonly help: HelpView | null
  readonly ask: Confirmation | null
  readonly message: Message | null
  /** Lines entered before, newest first. */
  readonly history: Readonly<Partial<Record<PromptKind, readonly string[]>>>
  readonly mouse: boolean
  /** What a path that is being typed could become; null: not known yet. */
  readonly paths: { readonly text: string; readonly candidates: readonly string[] } | null
  /** Where one was in each run when this database was left. */
  readonly restored: KeptSession['runs']
  /** Keys that wait for the rows which they are about; null: none do. */
  readonly held: ((m: Model) => Model) | null
  /** Long work that is under way. */
  readonly job: ShownJob | null
  /** What is to be done outside the model, oldest first; whoever does it takes it out. */
  readonly outbox: readonly Effect[]
}

/** A place to come back to: what the screen showed there. */
export type Spot = Pick<Model, 'screen' | 'behind' | 'replay' | 'diff' | 'sql'>

export type ScreenName = 'runs' | 'replay' | 'timeline' | 'why' | 'findings' | 'diff' | 'sql'

/** A line to be shown until the next key. */
export interface Message {
  readonly text: string
  readonly bad: boolean
}

/** The list of keys: what is looked for in it, and which of its lines the cursor is on. */
export interface HelpView {
  readonly filter: string
  readonly cursor: number
}

/** A question that `y` answers with yes; every other key is a no. */
export interface Confirmation {
  readonly text: string
  readonly yes: (m: Model) => Model
}

export interface ShownJob {
  readonly title: string
  /** 0 … 1; null: unknown. */
  readonly done: number | null
}

export interface Runs {
  /** null: not read yet. */
  readonly list: readonly Run[] | null
  readonly cursor: number
  readonly top: number
  /** Ids of the runs that are marked, the first of them A. */
  readonly marked: readonly number[]
  /** Only runs with these words are listed. */
  readonly filter: string
  readonly sort: RunSort
  readonly grouped: boolean
  /** Names of the groups whose runs are not listed. */
  readonly folded: readonly string[]
  /** What `u` gives back: the run last renamed, with its label before. */
  readonly renamed: { readonly run: number; readonly label: string } | null
}

export const RUN_SORTS = ['number', 'label', 'events', 'source'] as const
export type RunSort = (typeof RUN_SORTS)[number]

/** A place the cursor is to go to, once the rows there are known. */
export interface Goal {
  /** null: count from the cursor. */
  readonly to: number | null
  readonly delta: number
}

export interface Replay {
  readonly run: Run
  readonly view: ViewState
  readonly undo: readonly (ViewState & { readonly cursor: number })[]
  readonly redo: readonly (ViewState & { readonly cursor: number })[]
  /** Loaded rows, in order, and the filter they were read with. */
  readonly rows: readonly TraceEvent[]
  readonly rowsFilter: string | null
  readonly loaded: boolean
  readonly atStart: boolean
  readonly atEnd: boolean
  /** seq of the event under the cursor. */
  readonly cursor: number
  /** Row of the screen the cursor stands on. */
  readonly line: number
  readonly goal: Goal | null
  readonly pane: PaneName
  /** The filter that `x` drops; null: the last. */
  readonly chip: number | null
  readonly search: string | null
  /** How many events the search finds, and which of them the cursor is on; null: not known yet. */
  readonly hits: { readonly count: number; readonly at: number | null } | null
  /** How many events the filter lets through; null: not known yet. */
  readonly matching: { readonly filter: string; readonly count: number } | null
  readonly state: StateView | null
  readonly density: Density | null
  /** What the checks said; null: they have not been run. */
  readonly checked: CheckView | null
  readonly marks: readonly Mark[]
  readonly names: readonly string[]
  readonly why: WhyView | null
  /** Where one is in the list of findings. */
  readonly findings: PageView
  readonly play: { readonly since: number; readonly from: number } | null
  /** Events a second while playing. */
  readonly speed: number
  readonly follow: boolean
  readonly clock: ClockMode
  readonly form: ListForm
  readonly timeline: TimelineView | null
}

/** How events are listed: as a tree, or a column a CPU; `auto`: as columns where CPUs work at the same time. */
export type ListForm = 'auto' | 'tree' | 'lanes'

/** A question to the database, and how the model takes its answer. */
export interface Query {
  readonly type: 'query'
  /** Of work that is shown while it is under way, and that Esc stops; empty: it is not. */
  readonly title: string
  /** `seek`: shown only when it takes long, and given up for a later one; `write`: it may change the list of runs. */
  readonly use: 'read' | 'seek' | 'write'
  /** Asked once the one before it is answered, from where that led. */
  readonly inTurn: boolean
  readonly ask: (data: Data, m: Model, going: Going) => Promise<(m: Model) => Model>
}

/** What goes on in parts looks whether it is still wanted, and says how far it has come: 0 … 1. */
export interface Going {
  isWanted(): boolean
  reached(share: number): void
}

/** Something the model asks the world to do. */
export type Effect =
  | { readonly type: 'quit' | 'cancel' | 'suspend' | 'redraw' }
  | { readonly type: 'mouse'; readonly on: boolean }
  | { readonly type: 'copy'; readonly text: string; readonly what: string }
  | Query

/** The model before anything is known; `session`: what was kept of the last one. */
export function initialModel(
  columns: number,
  rows: number,
  db: string,
  session: KeptSession = NO_SESSION,
): Model {
  return {
    columns,
    rows,
    screen: 'runs',
    behind: [],
    back: [],
    forth: [],
    pressed: 0,
    db,
    runs: {
      list: null,
      cursor: 0,
      top: 0,
      marked: [],
      filter: '',
      sort: 'number',
      grouped: false,
      folded: [],
      renamed: null,
    },
    replay: null,
    diff: null,
    sql: EMPTY_SQL,
    prompt: null,
    help: null,
    ask: null,
    message: null,
    history: session.history,
    mouse: session.mouse,
    paths: null,
    restored: session.runs,
    held: null,
    job: null,
    outbox: [],
  }
}

/** A run as it is opened: where it was left the last time. */
export function openReplay(run: Run, last?: RunSession): Replay {
  return {
    run,
    view: last?.view ?? EVERYTHING,
    undo: [],
    redo: [],
    rows: [],
    rowsFilter: null,
    loaded: false,
    atStart: false,
    atEnd: false,
    cursor: 0,
    line: 0,
    goal: { to: last?.cursor ?? 0, delta: 0 },
    pane: last?.pane ?? 'tables',
    chip: null,
    search: last?.search ?? null,
    hits: null,
    matching: null,
    state: null,
    density: null,
    checked: null,
    marks: [],
    names: [],
    why: null,
    findings: TOP_OF_PAGE,
    play: null,
    speed: last?.speed ?? 20,
    follow: false,
    clock: 'run',
    form: 'auto',
    timeline: null,
  }
}

export const say = (m: Model, text: string): Model => ({ ...m, message: { text, bad: false } })
export const complain = (m: Model, text: string): Model => ({ ...m, message: { text, bad: true } })
export const ask = (m: Model, effect: Effect): Model => ({ ...m, outbox: [...m.outbox, effect] })

/** Asks the database; the answer goes through `then`. */
export const query = <R>(
  m: Model,
  ask: (data: Data, m: Model, going: Going) => Promise<R>,
  then: (m: Model, answer: R) => Model,
  { title = '', use = 'read', inTurn = false }: Partial<Omit<Query, 'type' | 'ask'>> = {},
): Model => {
  const asked = async (data: Data, now: Model, going: Going) => {
    const answer = await ask(data, now, going)
    return (later: Model) => then(later, answer)
  }
  return { ...m, outbox: [...m.outbox, { type: 'query', title, use, inTurn, ask: asked }] }
}

const SPOTS = 100

/** The present place is one to come back to. */
export const leave = (m: Model): Model => {
  const { screen, behind, replay, diff, sql } = m
  return {
    ...m,
    back: [{ screen, behind, replay, diff, sql }, ...m.back].slice(0, SPOTS),
    forth: [],
  }
}

/** Another screen: q comes back to this one, and so does ^O. What a list was left for is found below it again. */
export function enter(m: Model, screen: ScreenName): Model {
  if (m.screen === screen) return m
  const isBack = m.behind[0] === screen && screen !== 'replay'
  const behind = isBack ? m.behind.slice(1) : [m.screen, ...m.behind].slice(0, SPOTS)
  return { ...leave(m), screen, behind }
}

/** The event under the cursor; undefined while it is being read. */
export const currentEvent = (r: Replay): TraceEvent | undefined =>
  r.rows[rowIndexOf(r.rows, r.cursor)]

/** Index of the row with this seq; -1: not loaded. Rows are in order. */
export function rowIndexOf(rows: readonly TraceEvent[], seq: number): number {
  let lo = 0
  let hi = rows.length - 1
  while (lo <= hi) {
    const mid = (lo + hi) >> 1
    const at = rows[mid]?.seq ?? 0
    if (at === seq) return mid
    if (at < seq) lo = mid + 1
    else hi = mid - 1
  }
  return -1
}

/** The session as it would be kept now. */
export function sessionOf(m: Model): KeptSession {
  const r = m.replay
  const here = r && {
    [r.run.id]: {
      created: r.run.created,
      cursor: r.cursor,
      view: r.view,
      pane: r.pane,
      search: r.search,
      speed: r.speed,
    },
  }
  return { version: 1, runs: { ...m.restored, ...here }, history: m.history, mouse: m.mouse }
}

export const withSql = (m: Model, f: (s: SqlView) => SqlView): Model => ({ ...m, sql: f(m.sql) })
