import {
  completeFilter,
  type Completion,
  FilterError,
  parseFilter,
  count,
} from '@pagetrail/recorder'
import type { SqlResult } from '../data/data.ts'
import { run } from './commands.ts'
import { type Model, complain, leave, query, say } from '../model/model.ts'
import { matches, understand } from './palette.ts'
import {
  PATHS,
  editKey,
  type Prompt,
  openPrompt,
  type PromptKind,
  recall,
  replaced,
} from '../model/prompt.ts'
import { filterDiff, followDiff, searchDiff, toEventOf } from './diff-commands.ts'
import { isSign } from '../model/calls.ts'
import { filterPage, foundOnPage } from './page-commands.ts'
import { pageOf } from '../model/pages.ts'
import { filterRuns, rename } from './runs-commands.ts'
import { recordChoices, submitImport, submitRecord } from './recording.ts'
import { saveMarks, seekFrom, withMark } from './replay-commands.ts'
import { changeView, jumpTo, listRowsOf, moveTo, withReplay } from '../model/replay.ts'
import { asFilter } from '../model/view-filter.ts'
import { readyQueries, submitSql } from './sql-commands.ts'

/** Lines kept of each kind of prompt. */
const HISTORY = 100

/** What is wrong with a filter, and where; null: nothing. */
export function filterProblem(
  text: string,
): { readonly at: number; readonly message: string } | null {
  if (text.trim() === '') return null
  try {
    parseFilter(asFilter(text))
    return null
  } catch (e) {
    if (e instanceof FilterError) return { at: e.position, message: e.message }
    throw e
  }
}

/** Completions shown at once. */
const SHOWN = 8

/** What could stand at the cursor of a filter; nothing while a word that is complete stands there. */
export function completion(p: Prompt, names: readonly string[]): Completion {
  const found = completeFilter(p.text, p.at, names)
  const typed = p.text.slice(found.start, found.end)
  const candidates = found.candidates.filter((c) => c !== typed).slice(0, SHOWN)
  return { ...found, candidates }
}

/** Choices offered below a prompt. */
export function choicesOf(m: Model): readonly string[] {
  const p = m.prompt
  if (!p) return []
  if (p.kind === 'filter' || p.kind === 'search')
    return completion(p, m.replay?.names ?? []).candidates
  if (p.kind === 'command') return matches(p.text, m.screen).map((b) => b.id)
  if (p.kind === 'record') return recordChoices(p).candidates.slice(0, SHOWN)
  if (PATHS.has(p.kind)) return m.paths?.text === p.text ? m.paths.candidates : []
  if (p.kind === 'sql' && p.text === '') return readyQueries(m).map((q) => q.title)
  return []
}

/** A key while a line is being typed. Printable keys are text here. */
export function promptKey(was: Model, p: Prompt, key: string): Model {
  const m = { ...was, message: null }
  if (key === 'esc' || key === 'ctrl+c') {
    return (GIVEN_UP[p.kind] ?? closed)(m, p)
  }
  if (key === 'enter') return submit(m, p)
  if (key === 'tab' || key === 'shift+tab')
    return { ...m, prompt: withChoice(m, p, key === 'tab' ? 1 : -1) }
  const choices = choicesOf(m)
  const list = p.kind === 'command' && p.back === 0
  if (list && (key === 'down' || key === 'up') && (key === 'down' || p.chosen >= 0)) {
    const chosen = Math.max(-1, Math.min(choices.length - 1, p.chosen + (key === 'down' ? 1 : -1)))
    return { ...m, prompt: { ...p, chosen } }
  }
  if (key === 'up' || key === 'down') {
    return { ...m, prompt: recall(p, m.history[p.kind] ?? [], key === 'up' ? 1 : -1) }
  }
  const next = editKey(p, key)
  return next ? typedIn(m, next) : m
}

const closed = (m: Model): Model => ({ ...m, prompt: null })

/** Searches that are followed while they are typed, from where the cursor was. */
const FOLLOWED: Readonly<
  Partial<Record<PromptKind, (m: Model, text: string, from: number) => Model>>
> = {
  search: (m, text, from) => searched(m, text, from),
  findPage: foundOnPage,
  searchDiff: followDiff,
}

/** What Esc leaves: the cursor goes back to where the search began. */
const GIVEN_UP: Readonly<Partial<Record<PromptKind, (m: Model, p: Prompt) => Model>>> = {
  search: (m, p) => unsearched(m, p),
  findPage: (m, p) => foundOnPage(closed(m), '', p.subject ?? 0),
  searchDiff: (m, p) => followDiff(closed(m), '', p.subject ?? 0),
}

/** The prompt after an edit; a search goes to its first match while it is being typed. */
export function typedIn(m: Model, next: Prompt): Model {
  const was = m.prompt?.text
  const typed = { ...m, prompt: next, message: null }
  const look = FOLLOWED[next.kind]
  return look && next.text !== was ? look(typed, next.text.trim(), next.subject ?? 0) : typed
}

function withChoice(m: Model, p: Prompt, step: 1 | -1): Prompt {
  if (p.kind === 'command') {
    const length = choicesOf(m).length
    return length === 0 ? p : { ...p, chosen: (p.chosen + step + length) % length }
  }
  if (p.kind === 'sql') return withReadyQuery(m, p, step)
  if (p.kind === 'record') {
    const { start, candidates } = recordChoices(p)
    return candidates[0] === undefined ? p : replaced(p, start, p.at, candidates[0])
  }
  if (PATHS.has(p.kind)) {
    const [path] = choicesOf(m)
    return path === undefined ? p : replaced(p, 0, p.text.length, path)
  }
  if (p.kind !== 'filter' && p.kind !== 'search') return p
  const { start, end, candidates } = completion(p, m.replay?.names ?? [])
  const [word] = candidates
  if (word === undefined) return p
  const space = /^[a-z_]+$/i.test(word) ? ' ' : ''
  return replaced(p, start, end, word + space)
}

/** The ready queries one after the other; a query that was typed is left alone. */
function withReadyQuery(m: Model, p: Prompt, step: 1 | -1): Prompt {
  const ready = readyQueries(m)
  const at = ready.findIndex((q) => q.text === p.text)
  if (p.text !== '' && at < 0) return p
  const next = ready.at(at < 0 && step < 0 ? -1 : (at + step) % ready.length)
  return next ? { ...openPrompt('sql', next.text), back: p.back, draft: p.draft } : p
}

/** Prompts whose work must wait for what is under way; what was typed stays. */
const WAITS: ReadonlySet<PromptKind> = new Set(['import', 'record'])

function submit(m: Model, p: Prompt): Model {
  if (m.job && WAITS.has(p.kind)) {
    return complain(
      m,
      `${m.job.title} is running: press ⏎ again when it is done, or Esc twice to stop it`,
    )
  }
  const entered: Model = { ...m, prompt: null, message: null, history: remembered(m, p) }
  switch (p.kind) {
    case 'filter':
      return submitFilter(m, entered, p)
    case 'search':
      return submitSearch(m, entered, p)
    case 'command':
      return submitCommand(entered, p)
    case 'rename':
      return p.subject === null || p.text.trim() === ''
        ? entered
        : rename(entered, p.subject, p.text.trim())
    case 'note':
      return submitNote(entered, p)
    case 'sql':
      return submitSql(entered, p.text)
    case 'export':
      return p.text.trim() === '' || !m.sql.result
        ? entered
        : exportTo(entered, p.text.trim(), m.sql.result)
    case 'filterDiff':
      return submitDiffFilter(m, entered, p.text.trim())
    case 'page': {
      const problem = filterProblem(p.text)
      return problem ? complain(m, problem.message) : filterPage(entered, p.text.trim())
    }
    case 'findPage':
      return foundOnPage(entered, p.text.trim(), pageOf(m)?.view.cursor ?? 0)
    case 'searchDiff':
      return searchDiff(entered, p.text.trim(), p.subject ?? 0)
    case 'runs':
      return filterRuns(entered, p.text.trim())
    case 'import':
      return submitImport(entered, p.text)
    case 'record':
      return submitRecord(entered, p.text)
  }
}

/** A wrong filter stays, with what is wrong; the sign of a verdict is not an expression. */
function submitDiffFilter(m: Model, entered: Model, text: string): Model {
  const problem = m.diff?.tab === 'calls' && isSign(text) ? null : filterProblem(text)
  return problem ? complain(m, problem.message) : filterDiff(entered, text)
}

/** Writes a file; one that is there is written over only after a yes. */
const exportTo = (m: Model, file: string, result: SqlResult): Model => {
  const write = (x: Model) =>
    query(
      x,
      (data) => data.exportResult(file, result),
      (later) => say(later, `written to ${file}`),
    )
  return query(
    m,
    (data) => data.exists(file),
    (later, is) =>
      is
        ? { ...later, ask: { text: `${file} exists. Write over it? y / n`, yes: write } }
        : write(later),
  )
}

function remembered(m: Model, p: Prompt): Model['history'] {
  const kind: PromptKind = p.kind
  if (p.text.trim() === '') return m.history
  const old = (m.history[kind] ?? []).filter((line) => line !== p.text)
  return { ...m.history, [kind]: [p.text, ...old].slice(0, HISTORY) }
}

/** A wrong filter stays in the bar, with what is wrong below it. */
function submitFilter(m: Model, entered: Model, p: Prompt): Model {
  const text = p.text.trim()
  if (text === '') return entered
  if (filterProblem(text)) return m
  return withReplay(entered, (r) => changeView(r, { filters: [...r.view.filters, text] }))
}

/** The cursor stands on the first match already, for the search follows what is typed. */
function submitSearch(m: Model, entered: Model, p: Prompt): Model {
  const text = p.text.trim()
  if (text === '') return withReplay(entered, (r) => ({ ...r, search: null, hits: null }))
  return filterProblem(text) ? m : searched(entered, text, p.subject ?? -1)
}

/** Looks for what is typed, from where the cursor was when the search began. */
export function searched(m: Model, text: string, from: number): Model {
  if (filterProblem(text)) return m
  const next = withReplay(m, (r) => ({ ...r, search: text === '' ? null : text, hits: null }))
  const r = next.replay
  return r && text !== '' ? seekFrom(next, r, asFilter(text), from - 1, 'match') : next
}

/** The search is given up: the cursor goes back to where it began. */
const unsearched = (m: Model, p: Prompt): Model =>
  withReplay({ ...m, prompt: null }, (r) =>
    moveTo({ ...r, search: null, hits: null }, p.subject ?? r.cursor, listRowsOf(m)),
  )

function submitNote(m: Model, p: Prompt): Model {
  const r = m.replay
  if (!r || p.subject === null) return m
  const marks = withMark(r.marks, p.subject, p.text.trim())
  return say(saveMarks(m, r, marks), `noted at ${count(p.subject)}`)
}

function submitCommand(m: Model, p: Prompt): Model {
  if (p.text.trim() === '' && p.chosen < 0) return m
  const request = understand(p.text, p.chosen, m.screen)
  if (request.type === 'command') return run(m, request.id)
  if (request.type === 'unknown')
    return complain(m, `no command matches ${p.text.trim()}: ? lists them`)
  const r = m.replay
  const { diff } = m
  if (m.screen === 'diff' && diff && request.type !== 'time') {
    const most = Math.max(0, diff.left.events - 1)
    return toEventOf(
      m,
      request.type === 'seq' ? Math.min(most, request.seq) : Math.round(most * request.share),
    )
  }
  if (m.screen === 'diff')
    return complain(
      m,
      'two runs have two clocks: a or b opens one of them, where a moment can be gone to',
    )
  if (!r || m.screen !== 'replay') return complain(m, 'open a run first: ⏎')
  if (request.type === 'time') {
    return seekFrom(m, r, `ts >= ${request.ns}`, -1, `event at or after ${p.text.trim()}`)
  }
  const last = Math.max(0, r.run.events - 1)
  const seq = request.type === 'seq' ? request.seq : Math.round(last * request.share)
  const moved = withReplay(leave(m), (x) => jumpTo(x, seq, listRowsOf(m)))
  return seq > last ? say(moved, `the last event is ${count(last)}`) : moved
}
