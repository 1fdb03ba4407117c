import { count } from '@pagetrail/recorder'
import { type Model, complain, enter, leave, say } from '../model/model.ts'
import { changeView, jumpTo, listRowsOf, withReplay } from '../model/replay.ts'
import { firstOf, partOf, partsOf, type TimelineView, wholeRun } from '../model/timeline.ts'
import { back } from './navigation.ts'

/** The least that is zoomed to. */
const SHORTEST = 16

const withTimeline = (m: Model, f: (t: TimelineView) => TimelineView): Model =>
  withReplay(m, (r) => ({ ...r, timeline: f(r.timeline ?? wholeRun(r)) }))

function open(m: Model): Model {
  if (!m.replay) return complain(m, 'open a run first: ⏎')
  if (m.replay.run.events === 0) return complain(m, 'this run has no events')
  const whole = withReplay(m, (r) => ({ ...r, timeline: wholeRun(r) }))
  return enter(whole, 'timeline')
}

/** By so many parts. */
const move = (step: number) => (m: Model) =>
  withTimeline(m, (t) => {
    const parts = partsOf(t, m.columns)
    const part = Math.max(0, Math.min(parts - 1, partOf(t, t.at, parts) + step))
    return { ...t, at: firstOf(t, part, parts) }
  })

/** A longer or shorter stretch around the cursor. */
const zoom = (by: number) => (m: Model) => {
  const last = Math.max(0, (m.replay?.run.events ?? 1) - 1)
  return withTimeline(m, (t) => {
    const length = Math.min(last + 1, Math.max(SHORTEST, Math.round((t.to - t.from + 1) * by)))
    const from = Math.max(0, Math.min(last + 1 - length, Math.round(t.at - length / 2)))
    return { ...t, from, to: Math.min(last, from + length - 1), profile: null }
  })
}

const select = (m: Model): Model => {
  const begun = m.replay?.timeline?.anchor ?? null
  return say(
    withTimeline(m, (t) => ({ ...t, anchor: begun === null ? t.at : null })),
    begun === null ? 'selecting: ⏎ keeps only these events' : 'nothing is selected',
  )
}

/** In the replay at the cursor, with only the selected events where some are. */
function go(m: Model): Model {
  const t = m.replay?.timeline
  if (!t) return m
  const parts = partsOf(t, m.columns)
  const there = back(leave(m))
  const { at, anchor } = t
  if (anchor === null) return withReplay(there, (r) => jumpTo(r, at, listRowsOf(there)))
  const last = Math.max(at, anchor)
  const to = Math.min(t.to, firstOf(t, partOf(t, last, parts) + 1, parts) - 1)
  const from = Math.min(at, anchor)
  const filtered = withReplay(there, (r) =>
    changeView(r, { filters: [...r.view.filters, `seq in ${from}-${to}`] }),
  )
  return say(
    withReplay(filtered, (r) => ({ ...r, goal: { to: from, delta: 0 } })),
    `events ${count(from)} to ${count(to)}; x drops the filter`,
  )
}

/** To a share of what is shown, 0 … 1. */
export const pointAt = (m: Model, share: number): Model =>
  withTimeline(m, (t) => {
    const parts = partsOf(t, m.columns)
    return {
      ...t,
      at: firstOf(t, Math.max(0, Math.min(parts - 1, Math.floor(share * parts))), parts),
    }
  })

export const TIMELINE_COMMANDS = {
  timeline: open,
  'time.left': move(-1),
  'time.right': move(1),
  'time.farLeft': move(-10),
  'time.farRight': move(10),
  'time.in': zoom(1 / 4),
  'time.out': zoom(4),
  'time.all': (m: Model) =>
    withTimeline(m, (t) => (m.replay ? { ...wholeRun(m.replay), at: t.at, anchor: t.anchor } : t)),
  'time.select': select,
  'time.open': go,
} as const
