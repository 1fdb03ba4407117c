import { run } from './commands.ts'
import { diffLayoutOf, moveDiff, withDiff } from '../model/diff.ts'
import { helpLines, nearBinding, openHelp } from './help.ts'
import { commandFor, keyGlyph } from './keys.ts'
import { behindHeld, dropHeld, released } from '../model/held.ts'
import { fullListRows } from '../model/layout.ts'
import { type ShownJob, type Model, ask, complain, say, withSql } from '../model/model.ts'
import { moused } from './mouse.ts'
import type { Mouse } from '../model/places.ts'
import { insert } from '../model/prompt.ts'
import { promptKey, typedIn } from './prompt-commands.ts'
import { listRowsOf, moveTo, withReplay } from '../model/replay.ts'
import { runLines } from '../model/runs.ts'
import { scrolled } from '../model/scroll.ts'
import { resultRows } from '../model/sql.ts'

/** Everything that can happen to the model. */
export type Action =
  | { readonly type: 'key'; readonly key: string }
  /** Printable text: a character typed, or a paste. */
  | { readonly type: 'text'; readonly text: string; readonly pasted: boolean }
  | { readonly type: 'mouse'; readonly mouse: Mouse }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly type: 'taken'; readonly count: number }
  /** The database answered. */
  | { readonly type: 'answer'; readonly apply: (m: Model) => Model }
  | { readonly type: 'job'; readonly job: ShownJob | null }
  | { readonly type: 'said' | 'failed'; readonly text: string }
  /** Time passes while a run plays; ms of any clock that only goes forward. */
  | { readonly type: 'tick'; readonly now: number }

/**
 * The model after an action. Pure: what is to be done outside stands in its outbox. Keys that wait for rows are done
 * when these have come.
 */
export const update = (m: Model, a: Action): Model => released(updated(m, a))

function updated(m: Model, a: Action): Model {
  switch (a.type) {
    case 'key':
      if (m.held && a.key === 'esc') return dropHeld(m)
      if (m.held && a.key === 'ctrl+c') return keyed(dropHeld(m), a.key)
      return behindHeld({ ...m, pressed: m.pressed + 1 }, (now) => keyed(now, a.key))
    case 'text':
      return behindHeld({ ...m, pressed: m.pressed + 1 }, (now) => typed(now, a.text, a.pasted))
    case 'mouse':
      return moused({ ...dropHeld(m), pressed: m.pressed + 1 }, a.mouse)
    case 'resize':
      return resized(m, a.columns, a.rows)
    case 'taken':
      return { ...m, outbox: m.outbox.slice(a.count) }
    case 'answer':
      return a.apply(m)
    case 'tick':
      return ticked(m, a.now)
    case 'said':
      return say(m, a.text)
    case 'failed':
      return complain({ ...m, held: null, job: null }, a.text)
    case 'job':
      return { ...m, job: a.job }
  }
}

function keyed(m: Model, key: string): Model {
  if (m.ask) return answer(m, key)
  if (m.prompt) return promptKey(m, m.prompt, key)
  if (m.help) return helpKey(m, key)
  if (key === 'esc' && m.job) return ask(say(m, 'stopped'), { type: 'cancel' })
  if (key === 'esc' && m.replay?.play && m.screen === 'replay') return run(m, 'play')
  const id = commandFor(m.screen, key)
  return id ? run(m, id) : complain(m, `${keyGlyph(key)} does nothing here: ? lists the keys`)
}

function typed(m: Model, text: string, pasted: boolean): Model {
  if (!m.ask && m.prompt) return typedIn(m, insert(m.prompt, text))
  if (!m.ask && m.help && !pasted && text !== '?' && text !== 'q') {
    return openHelp(m, m.help.filter + text)
  }
  if (pasted) return complain(m, 'text can only be pasted into a prompt: / or : opens one')
  return keyed(m, text === ' ' ? 'space' : text)
}

function answer(m: Model, key: string): Model {
  const question = m.ask
  const closed = { ...m, ask: null }
  return question && (key === 'y' || key === 'Y')
    ? question.yes(closed)
    : say(closed, 'left as it is')
}

const HELP_STEPS: Readonly<Record<string, number>> = { down: 1, up: -1, pagedown: 10, pageup: -10 }

function helpKey(m: Model, key: string): Model {
  const help = m.help
  if (!help) return m
  const by = HELP_STEPS[key]
  const lines = helpLines(m)
  if (by !== undefined) {
    const cursor = nearBinding(lines, help.cursor + by, by > 0 ? 1 : -1)
    return { ...m, help: { ...help, cursor } }
  }
  if (key === 'backspace') return openHelp(m, help.filter.slice(0, -1))
  if (key === 'ctrl+c') return ask(m, { type: 'quit' })
  const closed = { ...m, help: null }
  const line = lines[help.cursor]
  return key === 'enter' && line?.line === 'binding' ? run(closed, line.binding.id) : closed
}

function resized(m: Model, columns: number, rows: number): Model {
  const height = fullListRows(rows)
  const top = scrolled(m.runs.top, m.runs.cursor, height, runLines(m).length)
  const fitting = { ...m, columns, rows, runs: { ...m.runs, top } }
  const compared = withDiff(fitting, (d) => moveDiff(d, d.cursor, diffLayoutOf(fitting).listRows))
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
