import {
  eventToJson,
  KIND_NAMES,
  type Mark,
  nestOf,
  runGeometry,
  type TraceEvent,
} from '@pagetrail/recorder'
import { describe } from '../text/describe.ts'
import { type Model, type Pane, type Replay, ask, complain, currentEvent, say } from './model.ts'
import { WIDE_REPLAY_COLUMNS } from './layout.ts'
import { openPrompt } from './prompt.ts'
import { changeView, jumpTo, listRowsOf, moveBy, redo, undo, withReplay } from './replay.ts'
import { count, hex } from '../text/fit.ts'
import { isFolded } from './view-filter.ts'

const SPEEDS = [1, 5, 20, 100, 500, 2_000, 10_000] as const

/** Runs `f` with the replay and the event under its cursor. */
export const atEvent = (m: Model, f: (r: Replay, e: TraceEvent) => Model): Model => {
  const r = m.replay
  const e = r && currentEvent(r)
  return r && e ? f(r, e) : complain(m, 'there is no event here')
}

const seek = (m: Model, filter: string, backward: boolean, what: string): Model =>
  atEvent(m, (r, e) => {
    const query = { run: r.run.id, filter, from: e.seq, backward }
    return ask(m, { type: 'seek', query, what })
  })

/** The next or previous event on the descriptor under the cursor. */
const onDescriptor = (m: Model, backward: boolean): Model =>
  atEvent(m, (_r, e) => {
    const at = descriptorOf(e)
    if (!at) return complain(m, 'this event is on no descriptor')
    const level = at.level === null ? '' : ` && level == ${at.level}`
    return seek(m, `va == 0x${at.va.toString(16)}${level}`, backward, `event on ${hex(at.va)}`)
  })

/** Address and level an event is about. */
export function descriptorOf(e: TraceEvent): { va: bigint; level: string | null } | null {
  const va = 'va' in e ? e.va : null
  if (va === null) return null
  return { va, level: 'level' in e && typeof e.level === 'string' ? e.level : null }
}

const WALK = 'kind == walk_begin'
const BEGINS = `(${KIND_NAMES.filter((k) => nestOf(k) === 1)
  .map((k) => `kind == ${k}`)
  .join(' || ')})`

/** Past what begins here; on other events, past the event. */
const over = (m: Model, backward: boolean): Model =>
  atEvent(m, (r, e) => {
    const opens = nestOf(e.kind) === (backward ? -1 : 1)
    if (!opens) return withReplay(m, (x) => moveBy(x, backward ? -1 : 1, listRowsOf(m)))
    return ask(m, { type: 'pair', run: r.run.id, event: e, aim: 'over' })
  })

const fold = (m: Model, aim: 'fold' | 'open'): Model =>
  atEvent(m, (r, e) => ask(m, { type: 'pair', run: r.run.id, event: e, aim }))

const toggleFold = (m: Model): Model =>
  atEvent(m, (r, e) => {
    if (nestOf(e.kind) !== 1) return parent(m)
    return fold(m, isFolded(r.view, e.seq, e.nest) ? 'open' : 'fold')
  })

/** To the call, walk or callback around the cursor. */
const parent = (m: Model): Model =>
  atEvent(m, (_r, e) => {
    if (nestOf(e.kind) === -1)
      return ask(m, { type: 'pair', run: _r.run.id, event: e, aim: 'over' })
    if (e.nest === 0) return complain(m, 'nothing encloses this event')
    return seek(m, `${BEGINS} && nest == ${e.nest - 1} && cpu == ${e.cpu}`, true, 'enclosing event')
  })

const close = (m: Model): Model =>
  atEvent(m, (r, e) => {
    const open = nestOf(e.kind) === 1 && !isFolded(r.view, e.seq, e.nest)
    return open ? fold(m, 'fold') : parent(m)
  })

const open = (m: Model): Model =>
  atEvent(m, (r, e) => {
    const folded = nestOf(e.kind) === 1 && isFolded(r.view, e.seq, e.nest)
    return folded ? fold(m, 'open') : withReplay(m, (x) => moveBy(x, 1, listRowsOf(m)))
  })

const depth = (levels: number | null) => (m: Model) =>
  say(
    withReplay(m, (r) => changeView(r, { depth: levels, folds: [] })),
    levels === null
      ? 'everything is unfolded'
      : `${levels} level${levels === 1 ? '' : 's'} of the call tree`,
  )

const nearest = (seqs: readonly number[], from: number, backward: boolean): number | undefined =>
  backward ? seqs.findLast((s) => s < from) : seqs.find((s) => s > from)

const toOneOf = (m: Model, seqs: readonly number[], backward: boolean, what: string): Model => {
  const r = m.replay
  if (!r) return m
  const to = nearest(seqs, r.cursor, backward)
  if (to === undefined) return complain(m, `no ${what} ${backward ? 'before' : 'after'} this event`)
  return withReplay(m, (x) => jumpTo(x, to, listRowsOf(m)))
}

const toFinding = (m: Model, backward: boolean): Model => {
  const r = m.replay
  if (r?.checked)
    return toOneOf(
      m,
      r.checked.findings.map((f) => f.seq),
      backward,
      'finding',
    )
  return r ? ask(say(m, 'checking the run …'), { type: 'check', run: r.run.id, show: false }) : m
}

const PANES: readonly Pane[] = ['tables', 'ledger', 'details', 'none']

const nextPane = (m: Model): Model =>
  withReplay(m, (r) => {
    const wide = m.columns >= WIDE_REPLAY_COLUMNS
    const panes = wide ? PANES.filter((p) => p !== 'details') : PANES
    return { ...r, pane: panes[(panes.indexOf(r.pane) + 1) % panes.length] ?? 'tables' }
  })

const speed = (m: Model, by: 1 | -1): Model =>
  withReplay(m, (r) => {
    const at = SPEEDS.findIndex((s) => s >= r.speed)
    const next = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))] ?? r.speed
    return { ...r, speed: next, play: r.play ? { since: 0, from: r.cursor } : null }
  })

const toggleMark = (m: Model): Model =>
  atEvent(m, (r, e) => {
    const had = r.marks.some((k) => k.seq === e.seq)
    const marks = had ? r.marks.filter((k) => k.seq !== e.seq) : withMark(r.marks, e.seq, '')
    const next = withReplay(m, (x) => ({ ...x, marks }))
    const text = had ? 'mark removed' : 'marked: \' and " go from mark to mark, A writes a note'
    return say(ask(next, { type: 'marks', run: r.run.id, marks }), text)
  })

/** The marks with one more, in order of seq. */
export const withMark = (marks: readonly Mark[], seq: number, text: string): readonly Mark[] =>
  [...marks.filter((k) => k.seq !== seq), { seq, text }].toSorted((a, b) => a.seq - b.seq)

const copyRow = (m: Model): Model =>
  atEvent(m, (r, e) => {
    const line = describe(e, runGeometry(r.run))
    return ask(m, {
      type: 'copy',
      text: `${e.seq} ${line.what} ${line.detail}`,
      what: `row ${count(e.seq)}`,
    })
  })

export const REPLAY_COMMANDS = {
  'step.forward': (m: Model) => stepAny(m, 1),
  'step.back': (m: Model) => stepAny(m, -1),
  'step.over': (m: Model) => over(m, false),
  'step.overBack': (m: Model) => over(m, true),
  'desc.next': (m: Model) => onDescriptor(m, false),
  'desc.prev': (m: Model) => onDescriptor(m, true),
  'walk.next': (m: Model) => seek(m, WALK, false, 'walk'),
  'walk.prev': (m: Model) => seek(m, WALK, true, 'walk'),
  'kind.next': (m: Model) => atEvent(m, (_r, e) => seek(m, `kind == ${e.kind}`, false, e.kind)),
  'kind.prev': (m: Model) => atEvent(m, (_r, e) => seek(m, `kind == ${e.kind}`, true, e.kind)),
  'find.next': (m: Model) => findMatch(m, false),
  'find.prev': (m: Model) => findMatch(m, true),
  'finding.next': (m: Model) => toFinding(m, false),
  'finding.prev': (m: Model) => toFinding(m, true),
  'fold.toggle': toggleFold,
  'fold.close': close,
  'fold.open': open,
  'depth.1': depth(1),
  'depth.2': depth(2),
  'depth.3': depth(3),
  'depth.4': depth(4),
  'depth.all': depth(null),
  why: (m: Model) => atEvent(m, (r, e) => ask(m, { type: 'why', run: r.run.id, event: e })),
  pane: nextPane,
  play: (m: Model) =>
    withReplay(m, (r) => ({ ...r, play: r.play ? null : { since: 0, from: r.cursor } })),
  faster: (m: Model) => speed(m, 1),
  slower: (m: Model) => speed(m, -1),
  follow: (m: Model) =>
    withReplay(m, (r) => ({
      ...r,
      follow: !r.follow,
      goal: r.follow ? r.goal : { to: r.run.events - 1, delta: 0 },
    })),
  mark: toggleMark,
  note: (m: Model) =>
    atEvent(m, (r, e) => {
      const text = r.marks.find((k) => k.seq === e.seq)?.text ?? ''
      return { ...m, prompt: openPrompt('note', text, e.seq) }
    }),
  'mark.next': (m: Model) => toOneOf(m, m.replay?.marks.map((k) => k.seq) ?? [], false, 'mark'),
  'mark.prev': (m: Model) => toOneOf(m, m.replay?.marks.map((k) => k.seq) ?? [], true, 'mark'),
  findings: showFindings,
  'finding.open': (m: Model) => openAt(m, m.replay?.checked?.findings[m.replay.findingCursor]?.seq),
  'why.open': (m: Model) => openAt(m, m.replay?.why?.lines[m.replay.why.cursor]?.seq ?? undefined),
  undo: (m: Model) => stepView(m, undo, 'nothing to undo'),
  redo: (m: Model) => stepView(m, redo, 'nothing to redo'),
  copy: copyRow,
  'copy.json': (m: Model) =>
    atEvent(m, (_r, e) =>
      ask(m, {
        type: 'copy',
        text: JSON.stringify(eventToJson(e)),
        what: `event ${count(e.seq)} as JSON`,
      }),
    ),
} as const

/** What the checks said; they are run when they have not been, or when the run may have grown. */
function showFindings(m: Model): Model {
  const r = m.replay
  if (!r) return m
  if (r.checked && r.run.state !== 'recording') {
    return { ...m, screen: 'findings', behind: ['replay', ...m.behind] }
  }
  return ask(m, { type: 'check', run: r.run.id, show: true })
}

/** Back in the replay, at this event. */
function openAt(m: Model, seq: number | undefined): Model {
  if (seq === undefined) return complain(m, 'there is nothing to open')
  const replay: Model = { ...m, screen: 'replay', behind: m.behind.slice(1) }
  return withReplay(replay, (r) => jumpTo(r, seq, listRowsOf(replay)))
}

function stepView(m: Model, f: (r: Replay) => Replay | null, none: string): Model {
  const next = m.replay && f(m.replay)
  return next ? { ...m, replay: next } : complain(m, none)
}

/** One event on in time: what folds hide is opened, a filter stays. */
function stepAny(m: Model, delta: 1 | -1): Model {
  return atEvent(m, (r) => {
    const hides = r.view.depth !== null || r.view.folds.some((f) => !f.open)
    if (!hides) return withReplay(m, (x) => moveBy(x, delta, listRowsOf(m)))
    const shown = changeView(r, { depth: null, folds: [] })
    return { ...m, replay: { ...shown, goal: { to: r.cursor, delta } } }
  })
}

function findMatch(m: Model, backward: boolean): Model {
  const search = m.replay?.search
  if (!search) return complain(m, 'nothing is searched for: f asks')
  return seek(m, search, backward, 'match')
}
