import { many } from '@pagetrail/recorder'
import type { Run } from '@pagetrail/recorder'
import {
  type Model,
  RUN_SORTS,
  type Runs,
  complain,
  enter,
  openReplay,
  query,
  say,
  sessionOf,
} from '../model/model.ts'
import { openPrompt } from '../model/prompt.ts'
import { fullListRows } from '../model/layout.ts'
import { groupUnderCursor, runLines, runUnderCursor } from '../model/runs.ts'
import { scrolled } from '../model/scroll.ts'

/** Goes into a run, the one under the cursor of the browser from then on; the one that was open is as it was left. */
export function enterRun(m: Model, run: Run): Model {
  const next = enter(runsCame(m, null, m, run.id), 'replay')
  if (m.replay?.run.id === run.id) return next
  const restored = sessionOf(m).runs
  const last = restored[run.id]
  const replay = openReplay(run, last?.created === run.created ? last : undefined)
  return { ...next, replay, restored }
}

const withRun = (m: Model, f: (run: Run) => Model): Model => {
  const run = runUnderCursor(m)
  if (run) return f(run)
  return complain(
    m,
    m.runs.list?.length
      ? 'no run is under the cursor'
      : 'there is no run yet: i imports a trace, r records one',
  )
}

/** The browser, changed: the cursor stays on its run. */
const rearranged = (m: Model, change: Partial<Runs>): Model =>
  runsCame({ ...m, runs: { ...m.runs, ...change } }, null, m)

/** Marks all runs of a group, or of one that is marked already none. */
function markGroup(m: Model, runs: readonly Run[]): Model {
  const ids = runs.map((run) => run.id)
  const others = m.runs.marked.filter((id) => !ids.includes(id))
  const all = ids.every((id) => m.runs.marked.includes(id))
  const marked = all ? others : [...others, ...ids]
  return say({ ...m, runs: { ...m.runs, marked } }, `${many(marked.length, 'run')} marked`)
}

/** The runs of the group under the cursor are shown or not; a run is opened. */
function open(m: Model): Model {
  const group = groupUnderCursor(m)
  if (!group) return withRun(m, (run) => enterRun(m, run))
  const { folded } = m.runs
  const others = folded.filter((name) => name !== group.name)
  const next = group.folded ? others : [...others, group.name]
  return { ...m, runs: { ...m.runs, folded: next } }
}

const mark = (m: Model): Model => {
  const group = groupUnderCursor(m)
  return group ? markGroup(m, group.runs) : markRun(m)
}

const markRun = (m: Model): Model =>
  withRun(m, (run) => {
    const had = m.runs.marked.includes(run.id)
    const marked = had ? m.runs.marked.filter((id) => id !== run.id) : [...m.runs.marked, run.id]
    const [a, ...others] = marked
    const rest =
      others.length === 0
        ? 'd on another run compares them'
        : `${many(marked.length, 'run')} marked`
    return say(
      { ...m, runs: { ...m.runs, marked } },
      a === undefined ? 'no run is marked' : `#${a} is A: ${rest}`,
    )
  })

/** Deletes the marked runs, or the one under the cursor. */
function remove(m: Model): Model {
  return withRun(m, (under) => {
    const ids = m.runs.marked.length > 0 ? m.runs.marked : [under.id]
    const events = (m.runs.list ?? [])
      .filter((run) => ids.includes(run.id))
      .reduce((sum, run) => sum + run.events, 0)
    const what =
      ids.length === 1
        ? `run #${ids[0]}${ids[0] === under.id ? ` ${under.label}` : ''}`
        : many(ids.length, 'marked run')
    const yes = (x: Model) =>
      query(
        x,
        async (data) => {
          for (const id of ids) await data.remove(id)
        },
        (later) =>
          say(
            later,
            ids.length === 1 ? `run #${ids[0]} is deleted` : `${many(ids.length, 'run')} deleted`,
          ),
        { use: 'write' },
      )
    return { ...m, ask: { text: `Delete ${what} with ${many(events, 'event')}? y / n`, yes } }
  })
}

export const rename = (m: Model, run: number, label: string): Model => {
  const before = m.runs.list?.find((x) => x.id === run)?.label
  const renamed = before === undefined ? null : { run, label: before }
  return query(
    { ...m, runs: { ...m.runs, renamed } },
    (data) => data.rename(run, label),
    (later) => say(later, `renamed to ${label}; u restores the old name`),
    { use: 'write' },
  )
}

const nextSort = (m: Model): Model => {
  const sort = RUN_SORTS[(RUN_SORTS.indexOf(m.runs.sort) + 1) % RUN_SORTS.length] ?? 'number'
  return say(rearranged(m, { sort }), `sorted by ${sort}`)
}

export const RUNS_COMMANDS = {
  'run.open': open,
  'run.mark': mark,
  'run.unmark': (m: Model) => say({ ...m, runs: { ...m.runs, marked: [] } }, 'no run is marked'),
  'run.rename': (m: Model) =>
    withRun(m, (run) => ({ ...m, prompt: openPrompt('rename', run.label, run.id) })),
  'run.renameBack': (m: Model) => {
    const { renamed } = m.runs
    return renamed ? rename(m, renamed.run, renamed.label) : complain(m, 'no run was renamed')
  },
  'run.remove': remove,
  'run.filter': (m: Model) => ({ ...m, prompt: openPrompt('runs') }),
  'run.all': (m: Model) => rearranged(m, { filter: '' }),
  'run.sort': nextSort,
  'run.group': (m: Model) => rearranged(m, { grouped: !m.runs.grouped }),
} as const

/** Only runs with these words are listed. */
export const filterRuns = (m: Model, filter: string): Model => rearranged(m, { filter })

/** The browser's list, read again or arranged anew: the cursor stays on its run. */
export function runsCame(
  m: Model,
  read: readonly Run[] | null,
  before: Model = m,
  under: number | undefined = runUnderCursor(before)?.id,
): Model {
  const list = read ?? m.runs.list ?? []
  const marked = m.runs.marked.filter((x) => list.some((run) => run.id === x))
  const next: Model = { ...m, runs: { ...m.runs, list, marked } }
  const lines = runLines(next)
  const at = lines.findIndex((line) => line.line === 'run' && line.run.id === under)
  const cursor = Math.max(0, at >= 0 ? at : Math.min(m.runs.cursor, lines.length - 1))
  const top = scrolled(m.runs.top, cursor, fullListRows(m.rows), lines.length)
  const fresh = m.replay && list.find((run) => run.id === m.replay?.run.id)
  const replay = m.replay && fresh ? grown(m.replay, fresh) : m.replay
  return { ...next, replay, runs: { ...next.runs, cursor, top } }
}

function grown(r: NonNullable<Model['replay']>, run: Run): NonNullable<Model['replay']> {
  if (run.events === r.run.events && run.state === r.run.state && run.label === r.run.label)
    return r
  const goal = r.follow ? { to: run.events - 1, delta: 0 } : r.goal
  return { ...r, run, goal, atEnd: r.atEnd && run.events === r.run.events }
}
