import type { Run } from '@pagetrail/recorder'
import { type Model, complain, enter, openReplay, query, say } from '../model/model.ts'
import { sessionOf } from '../model/remembered.ts'
import { openPrompt } from '../model/prompt.ts'
import { many } from '../text/fit.ts'

export const runUnderCursor = (m: Model): Run | undefined => m.runs.list?.[m.runs.cursor]

/** Goes into a run; coming back to the one that was open finds it as it was left. */
export function enterRun(m: Model, run: Run): Model {
  const next = enter(m, 'replay')
  if (m.replay?.run.id === run.id) return next
  const restored = sessionOf(m).runs
  const last = restored[run.id]
  const replay = openReplay(run, last?.created === run.created ? last : undefined)
  return { ...next, replay, restored }
}

const withRun = (m: Model, f: (run: Run) => Model): Model => {
  const run = runUnderCursor(m)
  return run ? f(run) : complain(m, 'there is no run yet: i imports a trace, r records one')
}

export const RUNS_COMMANDS = {
  'run.open': (m: Model) => withRun(m, (run) => enterRun(m, run)),
  'run.mark': (m: Model) =>
    withRun(m, (run) => {
      const marked = m.runs.marked === run.id ? null : run.id
      const text =
        marked === null ? 'no run is marked' : `#${run.id} is A: d on another run compares them`
      return say({ ...m, runs: { ...m.runs, marked } }, text)
    }),
  'run.rename': (m: Model) =>
    withRun(m, (run) => ({ ...m, prompt: openPrompt('rename', run.label, run.id) })),
  'run.remove': (m: Model) =>
    withRun(m, (run) => ({
      ...m,
      ask: {
        text: `Delete run #${run.id} ${run.label} with ${many(run.events, 'event')}? y / n`,
        yes: (x) =>
          query(
            x,
            (data) => data.remove(run.id),
            (later) => say(later, `run #${run.id} is deleted`),
            { use: 'write' },
          ),
      },
    })),
} as const

/** The browser's list, read again: the cursor stays on its run. */
export function runsCame(m: Model, list: readonly Run[]): Model {
  const id = runUnderCursor(m)?.id
  const at = list.findIndex((run) => run.id === id)
  const cursor = Math.max(0, at >= 0 ? at : Math.min(m.runs.cursor, list.length - 1))
  const marked = list.some((run) => run.id === m.runs.marked) ? m.runs.marked : null
  const fresh = m.replay && list.find((run) => run.id === m.replay?.run.id)
  const replay = m.replay && fresh ? grown(m.replay, fresh) : m.replay
  return { ...m, replay, runs: { ...m.runs, list, cursor, marked } }
}

function grown(r: NonNullable<Model['replay']>, run: Run): NonNullable<Model['replay']> {
  if (run.events === r.run.events && run.state === r.run.state && run.label === r.run.label)
    return r
  const goal = r.follow ? { to: run.events - 1, delta: 0 } : r.goal
  return { ...r, run, goal, atEnd: r.atEnd && run.events === r.run.events }
}
