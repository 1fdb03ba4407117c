import type { Diff, Mark, Run, TraceEvent, WhyRow } from '@pagetrail/recorder'
import { keyOf } from '../live/channel.ts'
import { run } from './commands.ts'
import type { CheckView, Density, StateView, Window, WindowQuery } from '../data/data.ts'
import {
  type DiffRows,
  type DiffRowsQuery,
  diffRowsCame,
  type DiffStates,
  moveDiff,
  type StatesQuery,
  withDiff,
} from './diff.ts'
import { enterDiff } from './diff-commands.ts'
import { commandFor } from './keys.ts'
import { diffLayout, fullListRows } from './layout.ts'
import { scrolled } from './list-commands.ts'
import { type Job, type Model, ask, complain, say } from './model.ts'
import { insert } from './prompt.ts'
import { promptKey } from './prompt-commands.ts'
import { jumpTo, listRowsOf, moveTo, setFold, windowCame, withReplay } from './replay.ts'
import { enterRun, runsCame } from './runs-commands.ts'
import { resultRows, type SqlResult, withSql } from './sql.ts'
import { moused } from './mouse.ts'
import type { Mouse } from '../live/terminal.ts'
import { wantedStates } from './wanted.ts'

/** Everything that can happen to the model. */
export type Action =
  | { readonly type: 'key'; readonly key: string }
  /** Printable text: a character typed, or a paste. */
  | { readonly type: 'text'; readonly text: string; readonly pasted: boolean }
  | { readonly type: 'mouse'; readonly mouse: Mouse }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly type: 'taken'; readonly count: number }
  | { readonly type: 'runs'; readonly runs: readonly Run[] }
  | { readonly type: 'enter'; readonly run: Run }
  | { readonly type: 'window'; readonly query: WindowQuery; readonly window: Window }
  | { readonly type: 'state'; readonly state: StateView }
  | { readonly type: 'density'; readonly density: Density }
  | { readonly type: 'marks'; readonly run: number; readonly marks: readonly Mark[] }
  | {
      readonly type: 'counted'
      readonly run: number
      readonly filter: string
      readonly count: number
    }
  | { readonly type: 'names'; readonly run: number; readonly names: readonly string[] }
  | {
      readonly type: 'found'
      readonly run: number
      readonly seq: number | null
      readonly what: string
    }
  | {
      readonly type: 'paired'
      readonly run: number
      readonly event: TraceEvent
      readonly seq: number | null
      readonly aim: 'fold' | 'open' | 'over'
    }
  | {
      readonly type: 'why'
      readonly run: number
      readonly lines: readonly WhyRow[]
    }
  | {
      readonly type: 'checked'
      readonly run: number
      readonly checked: CheckView
      readonly show: boolean
    }
  | { readonly type: 'diffRows'; readonly query: DiffRowsQuery; readonly rows: DiffRows }
  | { readonly type: 'diffStates'; readonly query: StatesQuery; readonly states: DiffStates }
  | {
      readonly type: 'compared'
      readonly left: number
      readonly right: number
      readonly report: Diff
    }
  | { readonly type: 'difference'; readonly at: number | null; readonly backward: boolean }
  | { readonly type: 'compare'; readonly left: Run; readonly right: Run }
  | { readonly type: 'queried'; readonly result: SqlResult | null; readonly problem: string | null }
  | { readonly type: 'job'; readonly job: Job | null }
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'failed'; readonly text: string }
  /** Time passes while a run plays; ms of any clock that only goes forward. */
  | { readonly type: 'tick'; readonly now: number }

/** The model after an action. Pure: what is to be done outside stands in its outbox. */
export function update(m: Model, a: Action): Model {
  switch (a.type) {
    case 'key':
      return keyed(m, a.key)
    case 'text':
      return typed(m, a.text, a.pasted)
    case 'mouse':
      return moused(m, a.mouse)
    case 'resize':
      return resized(m, a.columns, a.rows)
    case 'taken':
      return { ...m, outbox: m.outbox.slice(a.count) }
    case 'tick':
      return ticked(m, a.now)
    case 'said':
      return say(m, a.text)
    case 'failed':
      return complain({ ...m, job: null }, a.text)
    case 'job':
      return { ...m, job: a.job }
    default:
      return answered(m, a)
  }
}

type Answer = Exclude<
  Action,
  { type: 'key' | 'text' | 'mouse' | 'resize' | 'taken' | 'tick' | 'said' | 'failed' | 'job' }
>

/** What the database answered. Answers about a run that is no longer open are dropped. */
function answered(m: Model, a: Answer): Model {
  if (a.type === 'runs') return runsCame(m, a.runs)
  if (a.type === 'enter') return enterRun(m, a.run)
  if (a.type === 'window') return windowCame(m, a.query, a.window)
  if (a.type === 'diffRows') return diffRowsCame(m, a.query, a.rows)
  if (a.type === 'diffStates') {
    const fresh = keyOf(a.query) === keyOf(wantedStates(m))
    return fresh ? withDiff(m, (d) => ({ ...d, states: a.states })) : m
  }
  if (a.type === 'compare') return enterDiff(m, a.left, a.right)
  if (a.type === 'queried') {
    const { result, problem } = a
    return withSql({ ...m, job: null }, (s) => ({ ...s, running: false, result, problem }))
  }
  if (a.type === 'compared') {
    const idle = { ...m, job: null }
    const same = m.diff?.left.id === a.left && m.diff.right.id === a.right
    return same ? withDiff(idle, (d) => ({ ...d, report: a.report })) : idle
  }
  if (a.type === 'difference') {
    const { at } = a
    if (at === null) return complain(m, `no difference ${a.backward ? 'before' : 'after'} this row`)
    return withDiff(m, (d) =>
      moveDiff(
        { ...d, known: Math.max(d.known, at + 1) },
        at,
        diffLayout(m.columns, m.rows).listRows,
      ),
    )
  }
  const run = a.type === 'state' ? a.state.run : a.type === 'density' ? a.density.run : a.run
  if (m.replay?.run.id !== run) return m
  switch (a.type) {
    case 'state':
      return withReplay(m, (r) => ({ ...r, state: a.state }))
    case 'density':
      return withReplay(m, (r) => ({ ...r, density: a.density }))
    case 'marks':
      return withReplay(m, (r) => ({ ...r, marks: a.marks }))
    case 'counted':
      return withReplay(m, (r) => ({ ...r, matching: { filter: a.filter, count: a.count } }))
    case 'names':
      return withReplay(m, (r) => ({ ...r, names: a.names }))
    case 'found': {
      const { seq } = a
      if (seq === null) return complain(m, `no ${a.what}`)
      return withReplay(m, (r) => jumpTo(r, seq, listRowsOf(m)))
    }
    case 'paired':
      return paired(m, a.event, a.seq, a.aim)
    case 'why': {
      const next = withReplay(m, (r) => ({
        ...r,
        why: { lines: a.lines, cursor: latestStep(a.lines) },
      }))
      return { ...next, screen: 'why', behind: ['replay', ...m.behind] }
    }
    case 'checked':
      return checkedCame(m, a.checked, a.show)
  }
}

/** Index of the row where the last step begins. */
function latestStep(rows: readonly WhyRow[]): number {
  const last = rows.at(-1)?.seq ?? null
  return Math.max(
    0,
    rows.findIndex(({ seq }) => seq === last),
  )
}

function checkedCame(m: Model, checked: CheckView, show: boolean): Model {
  const next = withReplay({ ...m, job: null }, (r) => ({ ...r, checked, findingCursor: 0 }))
  if (show) return { ...next, screen: 'findings', behind: ['replay', ...m.behind] }
  if (checked.findings.length === 0) return say(next, 'no finding in this run')
  return run(next, 'finding.next')
}

function paired(
  m: Model,
  event: TraceEvent,
  seq: number | null,
  aim: 'fold' | 'open' | 'over',
): Model {
  if (seq === null) return complain(m, 'its other end is not in this run')
  const height = listRowsOf(m)
  if (aim === 'over') {
    return withReplay(m, (r) => {
      const past = seq > event.seq ? 1 : 0
      return past ? moveTo(r, seq + 1, height) : moveTo(r, seq, height)
    })
  }
  return withReplay(m, (r) => setFold(r, event, seq, aim === 'open'))
}

function keyed(m: Model, key: string): Model {
  if (m.ask) return answer(m, key)
  if (m.prompt) return promptKey(m, m.prompt, key)
  if (m.help) return helpKey(m, key)
  if (key === 'esc' && m.job) return ask(say(m, 'stopped'), { type: 'cancel' })
  if (key === 'esc' && m.replay?.play && m.screen === 'replay') return run(m, 'play')
  const id = commandFor(m.screen, key)
  return id ? run(m, id) : m
}

function typed(m: Model, text: string, pasted: boolean): Model {
  if (!m.ask && m.prompt) return { ...m, prompt: insert(m.prompt, text) }
  if (!m.ask && m.help && !pasted && text !== '?' && text !== 'q') {
    return { ...m, help: { filter: m.help.filter + text, top: 0 } }
  }
  if (pasted) return complain(m, 'a paste goes into a prompt: / or : opens one')
  return keyed(m, text === ' ' ? 'space' : text)
}

function answer(m: Model, key: string): Model {
  const question = m.ask
  const closed = { ...m, ask: null }
  return question && (key === 'y' || key === 'Y')
    ? ask(closed, question.yes)
    : say(closed, 'left as it is')
}

function helpKey(m: Model, key: string): Model {
  const help = m.help
  if (!help) return m
  if (key === 'down' || key === 'pagedown')
    return { ...m, help: { ...help, top: help.top + (key === 'down' ? 1 : 10) } }
  if (key === 'up' || key === 'pageup') {
    return { ...m, help: { ...help, top: Math.max(0, help.top - (key === 'up' ? 1 : 10)) } }
  }
  if (key === 'backspace') return { ...m, help: { filter: help.filter.slice(0, -1), top: 0 } }
  if (key === 'ctrl+c') return ask(m, { type: 'quit' })
  return { ...m, help: null }
}

function resized(m: Model, columns: number, rows: number): Model {
  const height = fullListRows(rows)
  const top = scrolled(m.runs.top, m.runs.cursor, height, m.runs.list?.length ?? 0)
  const fitting = { ...m, columns, rows, runs: { ...m.runs, top } }
  const compared = withDiff(fitting, (d) =>
    moveDiff(d, d.cursor, diffLayout(columns, rows).listRows),
  )
  const most = resultRows(fitting)
  const length = m.sql.result?.rows.length ?? 0
  return withSql(compared, (s) => ({ ...s, top: scrolled(s.top, s.cursor, most, length) }))
}

/** Events are counted from the clock, not from the ticks: a slow frame skips, it does not lag. */
function ticked(m: Model, now: number): Model {
  const r = m.replay
  if (!r?.play) return m
  const { since, from } = r.play
  if (since === 0) return withReplay(m, (x) => ({ ...x, play: { since: now, from: x.cursor } }))
  const steps = Math.floor(((now - since) / 1000) * r.speed)
  const target = Math.min(r.run.events - 1, from + steps)
  if (target === r.cursor || r.goal) return m
  if (r.cursor >= r.run.events - 1) {
    return say(
      withReplay(m, (x) => ({ ...x, play: null })),
      'the end of the run',
    )
  }
  return withReplay(m, (x) => ({ ...moveTo(x, target, listRowsOf(m)), play: x.play }))
}
