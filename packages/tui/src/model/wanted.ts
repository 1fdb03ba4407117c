import { type AlignedRow, type Run } from '@pagetrail/recorder'
import type { CountQuery, Data, ProfileQuery, StateQuery, StateView } from '../data/data.ts'
import { diffRowsCame, lastRowOf, seqOfRow, wantedDiffRows, withDiff } from './diff.ts'
import { replayLayout, WIDE_REPLAY_COLUMNS } from './layout.ts'
import { withChecked } from './findings.ts'
import { currentEvent, type Model, type Replay } from './model.ts'
import { PATHS } from './prompt.ts'
import { descriptorOf } from '../text/begins.ts'
import { wantedWindow, windowCame, withReplay } from './replay.ts'
import { partsOf } from './timeline.ts'
import { asFilter, viewFilter } from './view-filter.ts'
import type { DiffStates, DiffView, StatesQuery } from './diff-view.ts'

/** Equal for equal questions and answers. */
const keyOf = (question: unknown): string =>
  JSON.stringify(question, (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )

/** A question whose answer the screen lacks. */
export interface Asked {
  readonly key: string
  readonly ask: (data: Data) => Promise<(m: Model) => Model>
}

/** What the screen always needs to know of where it is; see live/channel.ts. */
export interface Standing {
  readonly wanted: (m: Model) => Asked | null
  /** Asked only once the cursor rests. */
  readonly rests: boolean
}

function standing<Q, R>(
  wanted: (m: Model) => Q | null,
  ask: (data: Data, question: Q) => Promise<R>,
  came: (m: Model, question: Q, answer: R) => Model,
  rests = false,
): Standing {
  return {
    rests,
    wanted(m) {
      const question = wanted(m)
      if (question === null) return null
      return {
        key: keyOf(question),
        async ask(data) {
          const answer = await ask(data, question)
          return (later) => came(later, question, answer)
        },
      }
    },
  }
}

/** The answer goes into the replay of its run; into none where another one is open by now. */
const ofRun =
  <Q extends { readonly run: number }, R>(put: (r: Replay, answer: R, question: Q) => Replay) =>
  (m: Model, question: Q, answer: R): Model =>
    m.replay?.run.id === question.run ? withReplay(m, (r) => put(r, answer, question)) : m

/** The answer in a field of the replay. One that says what is there already changes nothing: no frame is made of it. */
const into = <Q extends { readonly run: number }, K extends keyof Replay>(field: K) =>
  ofRun<Q, Replay[K]>((r, answer) =>
    keyOf(r[field]) === keyOf(answer) ? r : { ...r, [field]: answer },
  )

const RESTS = true
const DENSITY_BUCKETS = 120

/** The run on the screen, as a question; null: none is. */
const replayed = (m: Model): { run: number } | null =>
  m.screen === 'replay' && m.replay ? { run: m.replay.run.id } : null

function wantedDensity(m: Model): { run: number; total: number } | null {
  const r = m.screen === 'replay' ? m.replay : null
  const here = r?.density?.run === r?.run.id && r?.density?.total === r?.run.events
  return r && !here ? { run: r.run.id, total: r.run.events } : null
}

/** Those of a run that is still being recorded may become more. */
function wantedNames(m: Model): { run: number } | null {
  const r = m.replay
  return r && r.names.length > 0 && r.run.state !== 'recording' ? null : replayed(m)
}

export const STANDING: readonly Standing[] = [
  standing(wantedWindow, (data, q) => data.window(q), windowCame),
  standing(wantedState, (data, q) => data.state(q), into('state'), RESTS),
  standing(
    wantedStates,
    bothStates,
    (m, q, states) =>
      keyOf(q) === keyOf(wantedStates(m)) ? withDiff(m, (d) => ({ ...d, states })) : m,
    RESTS,
  ),
  standing(wantedDiffRows, (data, q) => data.diffRows(q), diffRowsCame),
  standing(
    wantedCount,
    (data, q) => data.count(q),
    ofRun((r, count, { filter }) => (count === null ? r : { ...r, matching: { filter, count } })),
    RESTS,
  ),
  standing(
    wantedMatches,
    (data, q) => data.matches(q),
    ofRun((r, hits) => (hits === null ? r : { ...r, hits })),
    RESTS,
  ),
  standing(
    wantedDensity,
    (data, { run, total }) => data.density(run, total, DENSITY_BUCKETS),
    into('density'),
  ),
  standing(
    wantedProfile,
    (data, q) => data.profile(q),
    ofRun((r, profile) =>
      r.timeline?.from === profile.from && r.timeline.to === profile.to
        ? { ...r, timeline: { ...r.timeline, profile } }
        : r,
    ),
    RESTS,
  ),
  standing(
    wantedCheck,
    (data, { run }) => data.brief(run),
    (m, q, checked) =>
      withReplay(m, (r) =>
        r.run.id === q.run && !r.checked ? withChecked(r, checked, m.columns) : r,
      ),
    RESTS,
  ),
  standing(
    (m) => (m.prompt && PATHS.has(m.prompt.kind) ? { text: m.prompt.text } : null),
    (data, { text }) => data.paths(text),
    (m, { text }, candidates) => ({ ...m, paths: { text, candidates } }),
  ),
  standing(replayed, (data, { run }) => data.marks(run), into('marks')),
  standing(wantedNames, (data, { run }) => data.names(run), into('names')),
]

/** What the page tables of both sides of a comparison were. */
async function bothStates(data: Data, { left, right }: StatesQuery): Promise<DiffStates> {
  const [a, b] = await Promise.all([left && data.state(left), right && data.state(right)])
  return { left: a, right: b }
}

/** Nothing that the browser shows differs. */
export const sameRuns = (a: readonly Run[], b: readonly Run[]): boolean =>
  a.length === b.length &&
  a.every((run, i) => {
    const other = b[i]
    return (
      other?.id === run.id &&
      other.events === run.events &&
      other.state === run.state &&
      other.label === run.label
    )
  })

/** The state at the cursor, around the address of its event. */
function wantedState(m: Model): StateQuery | null {
  const r = m.replay
  const wide = m.columns >= WIDE_REPLAY_COLUMNS
  if (!r || m.screen !== 'replay' || r.goal || r.pane === 'none' || (!wide && r.pane === 'details'))
    return null
  const event = currentEvent(r)
  if (!event) return null
  const layout = replayLayout(m.columns, m.rows, r.pane)
  return {
    run: r.run.id,
    seq: event.seq,
    va: descriptorOf(event)?.va ?? null,
    rows: layout.lowerHeight,
    want: r.pane === 'details' ? 'tables' : r.pane,
    turn: turnAfter(r.state),
  }
}

/** A question that is being answered is asked again and again. */
const turnAfter = (state: StateView | null): number => (state?.more ? state.more.turn + 1 : 0)

/** Entries asked for on each side: more than are shown, so that those that differ are among them. */
const AROUND = 24

/** The page tables of both sides of a comparison, at its cursor. */
function wantedStates(m: Model): StatesQuery | null {
  const d = m.diff
  if (!d || m.screen !== 'diff' || d.tab !== 'path' || d.rows[d.cursor - d.from] === undefined)
    return null
  return { left: sideQuery(d, 'left'), right: sideQuery(d, 'right') }
}

function sideQuery(d: DiffView, side: 'left' | 'right'): StateQuery | null {
  const row = lastRowOf(d, side)
  const seq = row && seqOfRow(row, side)
  if (seq === undefined || seq === null) return null
  // A barrier has no address: that of the last event before it that has one.
  const above = d.rows.slice(0, d.cursor - d.from + 1)
  const other = side === 'left' ? 'right' : 'left'
  const at = above.findLast((x) => addressIn(x, side) !== null || addressIn(x, other) !== null)
  const va = at ? (addressIn(at, side) ?? addressIn(at, other)) : null
  const turn = turnAfter(d.states?.[side] ?? null)
  return { run: d[side].id, seq, va, rows: AROUND, want: d.pane, turn }
}

function addressIn(row: AlignedRow, side: 'left' | 'right'): bigint | null {
  if (row.row === 'fold' || row.row === 'repeat') return null
  if (row.row === 'call') return row[side]?.va ?? null
  const event = row[side]
  return event ? (descriptorOf(event)?.va ?? null) : null
}

/** The count of what the chips let through; folds and depth do not count. */
function wantedCount(m: Model): CountQuery | null {
  const r = m.replay
  if (!r || m.screen !== 'replay' || r.view.filters.length === 0 || r.goal) return null
  const filter = viewFilter({ ...r.view, depth: null, folds: [] })
  return filter === null ? null : { run: r.run.id, filter, total: r.run.events }
}

/** How many matches a search has, and which one the cursor is on. */
function wantedMatches(m: Model): (CountQuery & { readonly at: number }) | null {
  const r = m.replay
  if (!r || m.screen !== 'replay' || r.search === null || r.goal) return null
  return { run: r.run.id, filter: asFilter(r.search), total: r.run.events, at: r.cursor }
}

/** Runs that are checked as they are opened: a moment's work. The timeline shows findings as well. */
const BRIEF = 20_000

function wantedCheck(m: Model): { run: number; total: number } | null {
  const r = m.replay
  if (!r || (m.screen !== 'replay' && m.screen !== 'timeline')) return null
  if (r.goal || r.checked || r.run.state === 'recording') return null
  return r.run.events <= BRIEF && r.run.events > 0 ? { run: r.run.id, total: r.run.events } : null
}

export function wantedProfile(m: Model): ProfileQuery | null {
  const r = m.replay
  const t = r?.timeline
  if (!r || !t || m.screen !== 'timeline') return null
  const buckets = partsOf(t, m.columns)
  return t.profile?.buckets.length === buckets
    ? null
    : { run: r.run.id, from: t.from, to: t.to, buckets }
}
