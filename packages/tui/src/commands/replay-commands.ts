import {
  type Mark,
  nestOf,
  type TraceEvent,
  valueText,
  count,
  many,
  type WhyRow,
} from '@pagetrail/recorder'
import type { CheckView, Data } from '../data/data.ts'
import { CLOCK_MODES } from '../text/clock.ts'
import { isLanes } from '../model/lanes.ts'
import { BEGINS, descriptorOf } from '../text/begins.ts'
import {
  type Going,
  type Model,
  type Replay,
  complain,
  currentEvent,
  enter,
  leave,
  query,
  say,
} from '../model/model.ts'
import { fullListRows, WIDE_REPLAY_COLUMNS, type PaneName } from '../model/layout.ts'
import { awaitsRows, hold } from '../model/held.ts'
import { withChecked } from '../model/findings.ts'
import { movePage, TOP_OF_PAGE } from '../model/page.ts'
import { whyLinesOf } from '../model/why.ts'
import { openPrompt } from '../model/prompt.ts'
import {
  changeView,
  jumpTo,
  listRowsOf,
  moveBy,
  moveTo,
  redo,
  setFold,
  undo,
  withReplay,
} from '../model/replay.ts'
import { asFilter, isFolded } from '../model/view-filter.ts'

const SPEEDS = [1, 5, 20, 100, 500, 2_000, 10_000] as const

/** Runs `f` with the replay and the event under its cursor, once the rows there are known. */
export const atEvent = (m: Model, f: (r: Replay, e: TraceEvent) => Model): Model => {
  if (awaitsRows(m)) return hold(m)
  const r = m.replay
  const e = r && currentEvent(r)
  return r && e ? f(r, e) : complain(m, 'there is no event here')
}

/** To the nearest event that a filter lets through; `from`: where to look from, null: where the cursor is by then. */
export const seekFrom = (
  m: Model,
  { run }: Replay,
  filter: string,
  from: number | null,
  what: string,
  backward = false,
): Model =>
  query(
    m,
    async (data, now) => {
      const at = now.replay?.goal?.to ?? now.replay?.cursor ?? 0
      return data.seek({ run: run.id, filter, from: from ?? at, backward })
    },
    (later, seq) => {
      if (later.replay?.run.id !== run.id) return later
      if (seq === null) return complain(later, `no ${what}`)
      return withReplay(leave(later), (r) => jumpTo(r, seq, listRowsOf(later)))
    },
    { title: `looking for the ${what}`, use: 'seek', inTurn: from === null },
  )

/** The same from the cursor: keys may come faster than answers, and each goes on from where the one before it led. */
const seek = (m: Model, filter: string, backward: boolean, what: string): Model =>
  atEvent(m, (r) => seekFrom(m, r, filter, null, what, backward))

/** The next or previous event on the descriptor under the cursor. */
const onDescriptor = (m: Model, backward: boolean): Model =>
  atEvent(m, (_r, e) => {
    const at = descriptorOf(e)
    if (!at) return complain(m, 'this event is on no descriptor')
    const level = at.level === null ? '' : ` && level == ${at.level}`
    return seek(m, `va == ${valueText(at.va)}${level}`, backward, `event on ${valueText(at.va)}`)
  })

const WALK = 'kind == walk_begin'

/** Asks for the other end of what begins or ends here. */
const pair = (
  m: Model,
  { run }: Replay,
  event: TraceEvent,
  then: (m: Model, seq: number) => Model,
): Model =>
  query(
    m,
    (data) => data.pair(run.id, event),
    (later, seq) => {
      if (later.replay?.run.id !== run.id) return later
      return seq === null ? complain(later, 'its other end is not in this run') : then(later, seq)
    },
  )

/** Past what begins here; on other events, past the event. */
const over = (m: Model, backward: boolean): Model =>
  atEvent(m, (r, e) => {
    const opens = nestOf(e.kind) === (backward ? -1 : 1)
    if (!opens) return withReplay(m, (x) => moveBy(x, backward ? -1 : 1, listRowsOf(m)))
    return toOtherEnd(m, r, e)
  })

/** Past the end of what begins here, or to the begin of what ends here. */
const toOtherEnd = (m: Model, r: Replay, e: TraceEvent): Model =>
  pair(m, r, e, (later, seq) =>
    withReplay(later, (x) => moveTo(x, seq > e.seq ? seq + 1 : seq, listRowsOf(later))),
  )

const fold = (m: Model, aim: 'fold' | 'open'): Model =>
  atEvent(m, (r, e) =>
    pair(m, r, e, (later, seq) => withReplay(later, (x) => setFold(x, e, seq, aim === 'open'))),
  )

const toggleFold = (m: Model): Model =>
  atEvent(m, (r, e) => {
    if (nestOf(e.kind) !== 1) return parent(m)
    return fold(m, isFolded(r.view, e.seq, e.nest) ? 'open' : 'fold')
  })

/** To the call, walk or callback around the cursor. */
const parent = (m: Model): Model =>
  atEvent(m, (r, e) => {
    if (nestOf(e.kind) === -1) return toOtherEnd(m, r, e)
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
  return withReplay(leave(m), (x) => jumpTo(x, to, listRowsOf(m)))
}

/** To the next event that proves a finding. */
const toFinding = (m: Model, backward: boolean): Model => {
  const r = m.replay
  if (!r) return m
  if (!r.checked) return check(m, r, (later) => toFinding(later, backward))
  if (r.checked.proof.length === 0) return say(m, 'no finding in this run')
  const { proof, until } = r.checked
  if (!backward && until !== null && nearest(proof, r.cursor, false) === undefined) {
    return complain(m, `findings after event ${count(until)} are counted, not listed`)
  }
  return toOneOf(m, proof, backward, 'event of a proof')
}

/** To the callback that is unlike the one before it: the one odd page of ten thousand. */
const toOdd = (m: Model, backward: boolean): Model =>
  atEvent(m, ({ run }) =>
    query(
      m,
      async (data, now) => data.odd(run.id, now.replay?.cursor ?? 0, backward),
      (later, seq) => {
        if (later.replay?.run.id !== run.id) return later
        const side = backward ? 'before' : 'after'
        if (seq === null) return complain(later, `all callbacks ${side} this event are alike`)
        return withReplay(leave(later), (r) => jumpTo(r, seq, listRowsOf(later)))
      },
      { title: 'comparing callbacks', inTurn: true },
    ),
  )

/** Runs the checks; `then` follows where nothing was typed meanwhile. */
function check(m: Model, { run }: Replay, then: (m: Model) => Model): Model {
  const { pressed } = m
  const came = (later: Model, checked: CheckView): Model => {
    if (later.replay?.run.id !== run.id) return later
    const next = withReplay(later, (r) => withChecked(r, checked, later.columns))
    if (later.pressed === pressed) return then(next)
    const total = checked.groups.reduce((sum, group) => sum + group.count, 0)
    return later.prompt ? next : say(next, `checked: ${many(total, 'finding')}; c shows them`)
  }
  return query(m, (data) => data.check(run.id), came, { title: `checking run #${run.id}` })
}

const PANES: readonly PaneName[] = ['tables', 'map', 'ledger', 'details', 'none']

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
    const text = had ? 'mark removed' : 'marked: \' and " go from mark to mark, A writes a note'
    return say(saveMarks(m, r, marks), text)
  })

/** Other marks of the run that is open, kept in the file too. */
export const saveMarks = (m: Model, { run }: Replay, marks: readonly Mark[]): Model =>
  query(
    withReplay(m, (x) => ({ ...x, marks })),
    (data) => data.saveMarks(run.id, marks),
    (later) => later,
  )

/** The marks with one more, in order of seq. */
export const withMark = (marks: readonly Mark[], seq: number, text: string): readonly Mark[] =>
  [...marks.filter((k) => k.seq !== seq), { seq, text }].toSorted((a, b) => a.seq - b.seq)

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
  'odd.next': (m: Model) => toOdd(m, false),
  'odd.prev': (m: Model) => toOdd(m, true),
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
  why,
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
  form: (m: Model) =>
    withReplay(m, (r) => ({ ...r, form: isLanes(r, listRowsOf(m)) ? 'tree' : 'lanes' })),
  clock: (m: Model) =>
    withReplay(m, (r) => ({
      ...r,
      clock: CLOCK_MODES[(CLOCK_MODES.indexOf(r.clock) + 1) % CLOCK_MODES.length] ?? 'run',
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
  undo: (m: Model) => stepView(m, undo, 'nothing to undo'),
  redo: (m: Model) => stepView(m, redo, 'nothing to redo'),
} as const

/** What the checks said; they are run when they have not been, or when the run may have grown. */
function showFindings(m: Model): Model {
  const r = m.replay
  if (!r) return m
  if (r.checked && r.run.state !== 'recording') return enter(m, 'findings')
  return check(m, r, (later) => enter(later, 'findings'))
}

/** Why the address under the cursor is translated as it is, on a page of its own. */
function why(m: Model): Model {
  return atEvent(m, (r, e) => {
    const at = descriptorOf(e)
    if (!at) return complain(m, 'this event is on no descriptor')
    const { id } = r.run
    return query(
      m,
      (data, _now, going) => saidWhy(data, { run: id, va: at.va, seq: e.seq }, going),
      (later, said) => {
        if (!said || later.replay?.run.id !== id || later.screen !== 'replay') return later
        const title = `Why ${at.level ?? ''} ${valueText(at.va)} is what it is`.replace('  ', ' ')
        const view = { run: id, title, rows: said, page: TOP_OF_PAGE }
        const lines = whyLinesOf(view, later.columns - 4)
        const step = lines.at(-1)?.part?.item
        const cursor = Math.max(
          0,
          lines.findIndex(({ part }) => part?.item === step),
        )
        const page = movePage(lines, { ...TOP_OF_PAGE, cursor }, 0, fullListRows(later.rows))
        return enter(
          withReplay(later, (x) => ({ ...x, why: { ...view, page } })),
          'why',
        )
      },
      { title: 'reading the events up to here', use: 'seek' },
    )
  })
}

/** Why an address is what it is after an event; null: nobody wants to know any more. */
async function saidWhy(
  data: Data,
  { run, va, seq }: { readonly run: number; readonly va: bigint; readonly seq: number },
  going: Going,
): Promise<readonly WhyRow[] | null> {
  for (;;) {
    const said = await data.why(run, va, seq)
    if (typeof said !== 'number') return said
    if (!going.isWanted()) return null
    going.reached(said / (seq + 1))
  }
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
  return seek(
    m,
    asFilter(search),
    backward,
    backward ? 'match before this event' : 'match after this event',
  )
}
