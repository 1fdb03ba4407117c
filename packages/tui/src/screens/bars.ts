import type { Run } from '@pagetrail/recorder'
import { bindingsOf, keyGlyph } from '../model/keys.ts'
import type { Model, Replay } from '../model/model.ts'
import { filterProblem } from '../model/prompt-commands.ts'
import type { Prompt, PromptKind } from '../model/prompt.ts'
import { readyQueries } from '../model/sql-commands.ts'
import { count, duration, fit, many, safe, spread, width } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'
import { viewFilter } from '../model/view-filter.ts'

/** What a run is of: `engine 6.18`, `Linux 6.17.13`. */
export function originOf(run: Run): string {
  if (run.source === 'engine' || run.source === 'module') {
    return `${run.source} ${run.flavour ?? ''}`.trim()
  }
  if (run.kernel) return `Linux ${safe(run.kernel)}`
  return run.flavour ? `${run.source} ${run.flavour}` : run.source
}

/** `4K 48-bit`; empty where the trace does not tell. */
export const geometryOf = (run: Run): string =>
  run.geometry ? `${2 ** (run.geometry.pageShift - 10)}K ${run.geometry.vaBits}-bit` : ''

const TITLES = { replay: 'Replay', why: 'Why', findings: 'Findings' } as const

/** Line 1: where one is, and what is shown there. */
export function breadcrumb(m: Model, theme: Theme): string {
  const help = ` ${theme.paint('key', '?')} help `
  if (m.screen === 'diff' && m.diff) {
    const { left, right } = m.diff
    const names = `${safe(left.label)} #${left.id} ⇄ ${safe(right.label)} #${right.id}`
    const from = `${originOf(left)} ⇄ ${originOf(right)}`
    return spread(` ${theme.bold('pagetrail')} ▸ ${names} ▸ Diff`, `${from}  ${help}`, m.columns)
  }
  if (m.screen === 'sql') {
    const about = m.replay ? `${safe(m.replay.run.label)} #${m.replay.run.id} ▸ ` : ''
    return spread(` ${theme.bold('pagetrail')} ▸ ${about}SQL`, help, m.columns)
  }
  if (m.screen === 'runs' || m.screen === 'diff' || !m.replay) {
    const runs = m.runs.list ? many(m.runs.list.length, 'run') : ''
    return spread(` ${theme.bold('pagetrail')} ▸ Runs`, `${runs}  ${help}`, m.columns)
  }
  const { run } = m.replay
  const left = ` ${theme.bold('pagetrail')} ▸ ${safe(run.label)} #${run.id} ▸ ${TITLES[m.screen]}`
  const live = run.state === 'recording' ? `${theme.paint('good', '● recording')}  ` : ''
  const right = `${live}${originOf(run)}  ${geometryOf(run)}  ${help}`
  return spread(left, right, m.columns)
}

const PROMPTS: Readonly<Record<PromptKind, string>> = {
  filter: '/ ',
  search: 'find ',
  command: ': ',
  rename: 'new label: ',
  note: 'note: ',
  import: 'trace file to import: ',
  record: 'record SCENARIO [FLAVOUR,…] [GEOMETRY,…]: ',
  export: 'export to: ',
  sql: '',
}

/** A line being typed, its cursor inverse, scrolled so that the cursor is seen. */
export function promptLine(p: Prompt, columns: number, theme: Theme): string {
  const label = PROMPTS[p.kind]
  const room = columns - label.length - 3
  const from = Math.max(0, p.at - room)
  const shown = safe(p.text.slice(from, from + room))
  const at = p.at - from
  const under = shown[at] ?? ' '
  return ` ${theme.paint('key', label)}${shown.slice(0, at)}${theme.inverse(under)}${shown.slice(at + 1)}`
}

/** Line 2 of a replay: its filters, the newest last; or the filter being typed. */
export function filterBar(m: Model, r: Replay, theme: Theme): string {
  if (m.prompt?.kind === 'filter' || m.prompt?.kind === 'search') {
    return fit(promptLine(m.prompt, m.columns, theme), m.columns)
  }
  const chips = r.view.filters.map((f, i) =>
    theme.inverse(i === r.chip ? ` ✕ ${safe(f)} ` : ` ${safe(f)} `),
  )
  if (r.view.depth !== null) chips.push(theme.inverse(` depth ${r.view.depth} `))
  const folds = r.view.folds.filter((f) => !f.open).length
  if (folds > 0) chips.push(theme.inverse(` ${many(folds, 'fold')} `))
  if (r.search) chips.push(`find ${theme.paint('match', safe(r.search))}`)
  const none = theme.dim('all events')
  const right =
    chips.length > 0
      ? `${matching(r)}${theme.dim('  x drop  X clear  u undo ')}`
      : theme.dim('/ filter  f find ')
  return spread(` ${chips.length > 0 ? chips.join(' ') : none}`, right, m.columns)
}

/** `8,128 of 10,000`; empty while it is being counted. */
function matching(r: Replay): string {
  if (r.view.filters.length === 0) return ''
  const filter = viewFilter({ ...r.view, depth: null, folds: [] })
  if (r.matching?.filter !== filter) return 'counting …'
  return `${count(r.matching.count)} of ${count(r.run.events)}`
}

/** Status line: a question, a message, a problem of what is typed, or where the cursor is. */
export function statusLine(m: Model, theme: Theme): string {
  if (m.ask) return fit(theme.paint('bad', ` ${m.ask.text}`), m.columns)
  const p = m.prompt
  if (p) {
    if (p.kind === 'sql') return fit(sqlHint(m, p, theme), m.columns)
    if (p.kind !== 'filter' && p.kind !== 'search')
      return fit(promptLine(p, m.columns, theme), m.columns)
    const problem = filterProblem(p.text)
    return fit(
      problem ? theme.paint('bad', ` ${safe(problem.message)}`) : promptHint(p.kind, theme),
      m.columns,
    )
  }
  if (m.job) return fit(jobLine(m, theme), m.columns)
  if (m.message) {
    const text = ` ${safe(m.message.text)}`
    return fit(m.message.bad ? theme.paint('bad', text) : text, m.columns)
  }
  return m.screen === 'replay' && m.replay
    ? replayStatus(m.replay, m.columns, theme)
    : fit('', m.columns)
}

const promptHint = (kind: 'filter' | 'search', theme: Theme): string =>
  theme.dim(
    ` ${kind === 'filter' ? 'only matching events stay' : 'n and N go to matches'}: kind == desc_write && level == pte   Tab completes`,
  )

const sqlHint = (m: Model, p: Prompt, theme: Theme): string => {
  const ready = readyQueries(m).find((q) => q.text === p.text)
  if (ready) return ` ${safe(ready.title)}  ${theme.dim('Tab: the next ready query')}`
  return theme.dim(
    p.text === ''
      ? ' Tab: ready queries   ↑: history'
      : ' ⏎ runs it, read-only, 1,000 rows and 10 s at most',
  )
}

function jobLine(m: Model, theme: Theme): string {
  const job = m.job
  if (!job) return ''
  const bar = job.done === null ? '' : meter(job.done, 20)
  return ` ${theme.bold(safe(job.title))}  ${bar}  ${theme.dim('Esc stops')}`
}

/** `██████░░░░ 62%` */
export function meter(share: number, columns: number): string {
  const full = Math.round(Math.max(0, Math.min(1, share)) * columns)
  return `${'█'.repeat(full)}${'░'.repeat(columns - full)} ${Math.round(share * 100)}%`
}

/** `4,812,339 of 10,000,000  48.1%`: where in the run the cursor is. */
export function replayStatus(r: Replay, columns: number, theme: Theme): string {
  const { events } = r.run
  const at = events === 0 ? 'no events' : `at ${count(r.cursor)} of ${count(events - 1)}`
  const event = r.rows.find((e) => e.seq === r.cursor)
  const time = event?.ts === null || event === undefined ? '' : `  ${duration(event.ts)}`
  const task = event?.task ? `  ${safe(event.task)} cpu ${event.cpu}` : ''
  const playing = r.play ? theme.paint('good', '▶ playing') : '⏸'
  const extra = `${r.marks.length > 0 ? `  ${many(r.marks.length, 'mark')}` : ''}${r.follow ? '  following' : ''}`
  const lost = r.run.lost > 0 ? theme.paint('bad', `  ! ${many(r.run.lost, 'event')} lost`) : ''
  const left = ` ${playing} ${r.speed}/s  ${at}${time}${task}${extra}${lost}`
  return fit(left, columns)
}

/** The last line: the keys of this screen, the most useful first, as many as fit. */
export function footer(m: Model, theme: Theme): string {
  if (m.ask)
    return keysLine(
      [
        ['y', 'yes'],
        ['any other key', 'no'],
      ],
      m.columns,
      theme,
    )
  if (m.prompt) {
    const tab: [string, string][] = WORDLESS.has(m.prompt.kind) ? [] : [['Tab', 'complete']]
    return keysLine(
      [
        ['⏎', m.prompt.kind === 'sql' ? 'run' : 'done'],
        ...tab,
        ['↑', 'history'],
        ['Esc', 'cancel'],
      ],
      m.columns,
      theme,
    )
  }
  if (m.help)
    return keysLine(
      [
        ['type', 'to filter'],
        ['↑↓', 'scroll'],
        ['Esc', 'close'],
      ],
      m.columns,
      theme,
    )
  const rows = bindingsOf(m.screen).filter((b) => b.label !== '')
  const top = m.behind.length === 0
  const keys = rows.map((b): [string, string] => {
    const label = b.id === 'back' && top ? 'quit' : b.label
    return [b.id === 'down' ? '↑↓' : keyGlyph(b.keys[0] ?? ''), label]
  })
  return keysLine(keys, m.columns, theme)
}

/** Prompts for a text that nothing completes. */
const WORDLESS: ReadonlySet<PromptKind> = new Set(['rename', 'note', 'import', 'export'])

/** Always shown, at the end: where to look further, and the way out. */
const LAST: ReadonlySet<string> = new Set([':', '?', 'q'])

/** Keys and what they do, as many as fit before the last ones. */
function keysLine(
  keys: readonly (readonly [string, string])[],
  columns: number,
  theme: Theme,
): string {
  const text = ([key, label]: readonly [string, string]) => `${theme.paint('key', key)} ${label}`
  const last = keys
    .filter(([k]) => LAST.has(k))
    .map(text)
    .join('  ')
  const rest = keys.filter(([k]) => !LAST.has(k))
  let line = ' '
  for (const key of rest) {
    const next = `${text(key)}  `
    if (width(line) + width(next) + width(last) + 1 > columns) break
    line += next
  }
  return fit(line + last, columns)
}
