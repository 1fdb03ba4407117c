import { count, many } from '@pagetrail/recorder'
import { footerBindings, keyGlyph } from '../commands/keys.ts'
import type { Model, Replay } from '../model/model.ts'
import { filterProblem } from '../commands/prompt-commands.ts'
import type { Prompt, PromptKind } from '../model/prompt.ts'
import { hitsOn, type PageLine, type PageView } from '../model/page.ts'
import { type Page, pageOf } from '../model/pages.ts'
import { readyQueries } from '../commands/sql-commands.ts'
import { cut, duration, fit, safe, sliceColumns } from '../text/fit.ts'
import { width } from '../text/width.ts'
import type { Theme } from '../text/theme.ts'
import { viewFilter } from '../model/view-filter.ts'
import type { Segment } from './pane.tsx'

/** A bar: its parts from the left, and what stands at its end. */
export interface BarView {
  readonly left: readonly Segment[]
  readonly right?: string
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
  runs: 'only runs with: ',
  filterDiff: 'only with: ',
  searchDiff: 'find: ',
  page: 'only with: ',
  findPage: 'find: ',
  sql: '',
}

/** A line being typed, its cursor inverse, scrolled so that the cursor is seen. */
export function promptLine(p: Prompt, columns: number, theme: Theme): string {
  const label = PROMPTS[p.kind]
  const room = columns - label.length - 3
  let head = safe(p.text.slice(0, p.at))
  const over = width(head) - room
  if (over > 0) head = sliceColumns(head, over)
  const [under = ' ', ...rest] = [...safe(p.text.slice(p.at))]
  const tail = cut(rest.join(''), Math.max(0, room - width(head)))
  return ` ${theme.paint('key', label)}${head}${theme.inverse(under)}${tail}`
}

/** Line 2 of a replay: its filters, the newest last; or the filter being typed. A click drops one. */
export function filterBar(m: Model, r: Replay, theme: Theme): BarView {
  if (m.prompt?.kind === 'filter' || m.prompt?.kind === 'search') {
    return { left: [{ text: promptLine(m.prompt, m.columns, theme) }], right: found(r, theme) }
  }
  const chips = r.view.filters.map((f, i): Segment => {
    const text = i === r.chip ? ` ✕ ${safe(f)} ` : ` ${safe(f)} `
    return { text: theme.inverse(text), name: 'chip', index: i }
  })
  if (r.view.depth !== null) chips.push({ text: theme.inverse(` depth ${r.view.depth} `) })
  const folds = r.view.folds.filter((f) => !f.open).length
  if (folds > 0) chips.push({ text: theme.inverse(` ${many(folds, 'fold')} `) })
  if (r.search)
    chips.push({ text: `find ${theme.paint('match', safe(r.search))}${found(r, theme)}` })
  if (chips.length === 0) {
    return { left: [{ text: theme.dim(' all events') }], right: theme.dim('/ filter  f find ') }
  }
  const keys = theme.dim('  x drop  X clear  u undo ')
  return {
    left: chips.flatMap((chip) => [{ text: ' ' }, chip]),
    right: `${matching(r)}${keys}`,
  }
}

/** Line 2 of a page of text: its filter, or that it has one. */
export function pageBar({ lines, view }: Page, theme: Theme): BarView {
  const { only, find } = view
  if (only === null && find === null)
    return { left: [{ text: '' }], right: theme.dim('/ filter  f find ') }
  const chip = only && theme.inverse(` ${safe(only.text)} `)
  return {
    left: [{ text: ` ${[chip, foundOn(lines, view, theme)].filter(Boolean).join('  ')}` }],
    right: theme.dim('x drops it '),
  }
}

/** `find lost  3 of 17 matches`; empty where nothing is looked for. */
export function foundOn(
  lines: readonly PageLine[],
  { find, cursor }: PageView,
  theme: Theme,
): string {
  if (find === null) return ''
  const hits = hitsOn(lines, find)
  const at = hits.indexOf(cursor)
  const words = theme.paint('match', safe(find))
  return `find ${words}${matchText({ at: at < 0 ? null : at, count: hits.length, all: true }, theme)}`
}

/** `8,128 of 10,000`; empty while it is being counted. */
function matching(r: Replay): string {
  if (r.view.filters.length === 0) return ''
  const filter = viewFilter({ ...r.view, depth: null, folds: [] })
  if (r.matching?.filter !== filter) return 'counting …'
  return `${count(r.matching.count)} of ${count(r.run.events)}`
}

/** `3 of 17`: which match the cursor is on; empty while it is being counted. */
const found = ({ hits }: Replay, theme: Theme): string =>
  hits ? matchText({ at: hits.at, count: hits.count, all: true }, theme) : ''

/** Which match, counted from 0, of how many; `all`: none beyond them has still to be found. */
export function matchText(
  {
    at,
    count: n,
    all,
  }: { readonly at: number | null; readonly count: number; readonly all: boolean },
  theme: Theme,
): string {
  if (n === 0) return theme.paint('bad', all ? ' no match ' : ' no match so far ')
  const place = at === null ? '' : `${count(at + 1)} of `
  return ` ${place}${all ? many(n, 'match', 'matches') : `${count(n)}+ matches`} `
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
  if (m.screen === 'replay' && m.replay) return replayStatus(m.replay, m.columns, theme)
  return fit(cutLine(m), m.columns)
}

/** The end of the line under the cursor of a page, where the page has no room for it; else nothing. */
function cutLine(m: Model): string {
  const page = pageOf(m)
  const { text = '' } = page?.lines[page.view.cursor] ?? {}
  const over = width(text) + 4 - m.columns
  return over > 0
    ? ` … ${sliceColumns(text, Math.max(0, width(text) - m.columns + 4)).trimStart()}`
    : ''
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
  const playing = r.play ? theme.paint('good', '▶ playing') : '■'
  const extra = `${r.marks.length > 0 ? `  ${many(r.marks.length, 'mark')}` : ''}${r.follow ? '  following' : ''}`
  const left = ` ${playing} ${r.speed}/s  ${at}${time}${task}${extra}`
  return fit(`${left}${gravest(r, theme)}`, columns)
}

/** The gravest finding in a line; empty where there is none, or the run is not checked. */
function gravest(r: Replay, theme: Theme): string {
  const [group] = r.checked?.groups ?? []
  const [finding] = group?.findings ?? []
  if (!group || !finding || group.severity === 'note') return ''
  return theme.paint('bad', `  ! ${group.rule}: ${safe(finding.text)}`)
}

const ASKED = [
  ['y', 'yes'],
  ['any other key', 'no'],
] as const

/** The last line: the keys of this screen, the most useful first, as many as fit; a click is like the key. */
export function footer(m: Model, theme: Theme): BarView {
  const glyph = (key: string) => keyGlyph(key, theme.ascii)
  const upDown = theme.ascii ? 'Up/Down' : '↑↓'
  if (m.ask) return keysBar(ASKED, m.columns, theme)
  if (m.prompt) {
    const { kind } = m.prompt
    const tab = WORDLESS.has(kind) ? [] : [['Tab', 'complete'] as const]
    const keys = [
      [glyph('enter'), kind === 'sql' ? 'run' : 'done'],
      ...tab,
      [glyph('up'), 'history'],
      ['Esc', 'cancel'],
    ]
    return keysBar(keys as [string, string][], m.columns, theme)
  }
  if (m.help) {
    const keys = [
      ['type', 'to filter'],
      [upDown, 'move'],
      [glyph('enter'), 'do it'],
      ['Esc', 'close'],
    ] as const
    return keysBar(keys, m.columns, theme)
  }
  // Keys that are named with their opposite.
  const paired: Readonly<Record<string, string>> = {
    down: upDown,
    'time.left': theme.ascii ? 'Left/Right' : '←→',
  }
  const keys = footerBindings(m.screen).map((b): [string, string] => {
    const label = b.id === 'back' && m.behind.length === 0 ? 'quit' : b.label
    return [paired[b.id] ?? glyph(b.keys[0] ?? ''), label]
  })
  return keysBar(keys, m.columns, theme)
}

/** Prompts for a text that nothing completes. */
const WORDLESS: ReadonlySet<PromptKind> = new Set([
  'rename',
  'note',
  'runs',
  'filterDiff',
  'searchDiff',
  'page',
  'findPage',
])

/** Always shown, at the end: where to look further, and the way out. */
const LAST: ReadonlySet<string> = new Set([':', '?', 'q'])

/** Keys and what they do, as many as fit before the last ones. */
function keysBar(
  keys: readonly (readonly [string, string])[],
  columns: number,
  theme: Theme,
): BarView {
  const parts = keys.map(([key, label], index) => ({
    last: LAST.has(key),
    segment: { text: `${theme.paint('key', key)} ${label}`, name: 'key', index } as const,
  }))
  const size = (p: (typeof parts)[number]) => width(p.segment.text) + 2
  const ends = parts.filter((p) => p.last)
  let room = columns + 1 - ends.reduce((sum, p) => sum + size(p), 0)
  const rest = parts.filter((p) => !p.last)
  const fits = rest.findIndex((p) => (room -= size(p)) < 0)
  const shown = [...(fits < 0 ? rest : rest.slice(0, fits)), ...ends]
  return { left: shown.flatMap((p, i) => [{ text: i === 0 ? ' ' : '  ' }, p.segment]) }
}
