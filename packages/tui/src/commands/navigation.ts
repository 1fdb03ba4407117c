import { type Model, complain, leave, type Spot } from '../model/model.ts'
import type { Link } from '../model/page.ts'
import { jumpTo, listRowsOf, withReplay } from '../model/replay.ts'
import { enterRun } from './runs-commands.ts'
import { toRow } from '../model/diff.ts'

/** To what a line names. */
export function follow(m: Model, link: Link | undefined): Model {
  if (!link) return complain(m, 'this line does not lead anywhere')
  if (link.to !== 'event') return toRow(leave(m), link)
  return toEvent(m, link.run, link.seq)
}

/** To an event of a run, which is opened where it is not. */
export function toEvent(m: Model, run: number, seq: number): Model {
  const known = m.replay?.run.id === run ? m.replay.run : m.runs.list?.find((x) => x.id === run)
  if (!known) return complain(m, `there is no run #${run} any more`)
  const entered = m.screen === 'replay' ? leave(m) : enterRun(m, known)
  return withReplay(entered, (r) => jumpTo(r, seq, listRowsOf(entered)))
}

/** Leaves the screen for one behind it; at the top only q quits. */
export function back(m: Model, steps = 1): Model {
  const screen = m.behind[steps - 1]
  return screen ? { ...m, screen, behind: m.behind.slice(steps) } : m
}

const spotOf = ({ screen, behind, replay, diff, sql }: Model): Spot => ({
  screen,
  behind,
  replay,
  diff,
  sql,
})

/** A place as it was left; what has become known of its run since then stays known. */
function arrive(m: Model, spot: Spot): Model {
  const { replay } = spot
  const now = m.replay?.run.id === replay?.run.id ? m.replay : null
  const fresh = replay &&
    now && {
      ...now,
      view: replay.view,
      why: replay.why,
      findings: replay.findings,
      goal: { to: replay.goal?.to ?? replay.cursor, delta: 0 },
    }
  return { ...m, ...spot, replay: fresh ?? replay }
}

const travel = (from: 'back' | 'forth', to: 'back' | 'forth') => (m: Model) => {
  const [spot, ...rest] = m[from]
  if (!spot)
    return complain(m, from === 'back' ? 'no place before this one' : 'no place after this one')
  return { ...arrive(m, spot), [from]: rest, [to]: [spotOf(m), ...m[to]] }
}

export const NAVIGATION_COMMANDS = {
  'go.back': travel('back', 'forth'),
  'go.forth': travel('forth', 'back'),
} as const
