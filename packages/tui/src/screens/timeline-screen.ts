import { count, evidenceOf, type Kind, many, type Run } from '@pagetrail/recorder'
import type { ProfileCosts } from '../data/data.ts'
import { paneHeight } from '../model/layout.ts'
import type { Model, Replay } from '../model/model.ts'
import {
  firstOf,
  LABEL_COLUMNS,
  partOf,
  partsOf,
  type TimelineView,
  wholeRun,
} from '../model/timeline.ts'
import { duration, fit } from '../text/fit.ts'
import type { Role, Theme } from '../text/theme.ts'
import type { PaneView } from './pane.tsx'

const STEPS = ' ▁▂▃▄▅▆▇█'
/** What is counted, and the kinds of which any shows it. */
const COSTS: readonly (readonly [name: keyof ProfileCosts, role: Role, kinds: readonly Kind[]])[] =
  [
    ['calls', 'call', ['op_begin']],
    ['stores', 'write', ['desc_write']],
    ['barriers', 'barrier', ['barrier', 'dsb', 'isb']],
    ['flushes', 'flush', ['tlb_flush', 'tlbi']],
    ['tables', 'memory', ['table_alloc', 'table_free']],
  ]

/** What a run cannot show is not said to be none. */
function canShow(run: Run, kinds: readonly Kind[]): boolean {
  const evidence = evidenceOf(run)
  return kinds.some((kind) => evidence.kinds.has(kind))
}

/** What all rows of the timeline are drawn with. */
interface Drawn {
  readonly t: TimelineView
  readonly parts: number
  /** Columns for words, where there are few parts. */
  readonly room: number
  readonly theme: Theme
  /** A row: its name, and a cell for each part. */
  readonly line: (
    label: string,
    cells: readonly string[],
    paint?: (text: string) => string,
  ) => string
}

const asItIs = (text: string): string => text

/** The run, or a stretch of it, as rows of costs over its events, with what is under the cursor in numbers. */
export function timelinePanes(m: Model, r: Replay, theme: Theme): PaneView[][] {
  const t = r.timeline ?? wholeRun(r)
  const parts = partsOf(t, m.columns)
  const at = partOf(t, t.at, parts)
  const low = t.anchor === null ? at : Math.min(at, partOf(t, t.anchor, parts))
  const high = t.anchor === null ? at : Math.max(at, partOf(t, t.anchor, parts))
  // Painted in three pieces, not cell by cell: a frame costs by its styles.
  const line = (label: string, cells: readonly string[], paint = asItIs) =>
    ` ${fit(label, LABEL_COLUMNS)} ${[
      paint(cells.slice(0, low).join('')),
      theme.inverse(paint(cells.slice(low, high + 1).join(''))),
      paint(cells.slice(high + 1).join('')),
    ].join('')}`
  const drawn = { t, parts, room: m.columns - LABEL_COLUMNS - 6, theme, line }
  const [from, to] = [count(t.from), t.to === t.from ? '' : count(t.to)]
  const scale = `${from}${' '.repeat(Math.max(1, parts - from.length - to.length))}${to}`
  const pane = {
    name: 'list',
    title: t.profile ? 'Timeline' : 'Timeline: counting …',
    focused: true,
    foot: `${many(t.to - t.from + 1, 'event')} of ${count(r.run.events)}`,
    columns: m.columns,
    height: paneHeight(m.rows),
    head: [` ${' '.repeat(LABEL_COLUMNS)} ${theme.dim(scale)}`],
  } as const
  const rows = [
    ...costRows(drawn, r.run, m.rows),
    ...signRows(drawn, r),
    '',
    ...about(drawn, r, at),
  ]
  return [[{ ...pane, rows }]]
}

const saying = (words: string, { room, theme }: Drawn): string[] =>
  [...fit(words, room)].map((sign) => theme.dim(sign))

function costRows(drawn: Drawn, run: Run, rows: number): string[] {
  const { t, parts, theme, line } = drawn
  const height = barHeight(rows)
  return COSTS.flatMap(([name, role, kinds]) => {
    const values = Array.from({ length: parts }, (_, i) => t.profile?.buckets[i]?.[name] ?? 0)
    const most = Math.max(...values)
    if (most === 0) {
      const words = canShow(run, kinds) ? noneIn(t.profile) : NOT_SHOWN
      return [line(name, saying(words, drawn))]
    }
    const paint = (text: string) => theme.paint(role, text)
    return barLines(values, most, height).map((cells, i) => line(i === 0 ? name : '', cells, paint))
  })
}

/** Where findings, marks and the replay are. */
function signRows(drawn: Drawn, { checked, marks, cursor }: Replay): string[] {
  const { t, parts, theme, line } = drawn
  const signs = (seqs: readonly number[], sign: string, role: Role): string[] => {
    const here = new Set(
      seqs.filter((s) => s >= t.from && s <= t.to).map((s) => partOf(t, s, parts)),
    )
    return Array.from({ length: parts }, (_, i) =>
      here.has(i) ? theme.paint(role, sign) : theme.dim('·'),
    )
  }
  const proof = checked ? signs(checked.proof, '!', 'bad') : saying(NOT_CHECKED, drawn)
  const until = checked?.until ?? Infinity
  for (let i = 0; i < parts; i++) {
    if (firstOf(t, i, parts) > until) proof[i] = theme.paint('note', '?')
  }
  const marked = marks.map((k) => k.seq)
  return [
    line('findings', proof),
    line('marks', signs(marked, '*', 'key')),
    line('replay', signs([cursor], '◆', 'key')),
  ]
}

/** Nobody knows of findings before the checks have been run. */
const NOT_CHECKED = 'not checked yet: c in the replay does that'

/** A capture without the probes for something does not say that it never happened. */
const NOT_SHOWN = 'none seen: the run may not show them'

/** What is said of something that no part has. */
const noneIn = (profile: TimelineView['profile']): string =>
  profile === null ? '' : profile.exact ? 'none' : 'none in the samples'

/** How many rows a bar may take: what the rest leaves of the screen, but no skyscrapers. */
const barHeight = (rows: number): number =>
  Math.max(1, Math.min(4, Math.floor((paneHeight(rows) - 13) / COSTS.length)))

/** Bars over the parts, the top row first; `words` stand where there is nothing. */
function barLines(values: readonly number[], most: number, height: number): string[][] {
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * 8
    return values.map((n) => {
      if (n === 0) return ' '
      const eighths = Math.max(1, Math.round((n / most) * 8 * height)) - below
      return STEPS[Math.max(0, Math.min(8, eighths))] ?? ' '
    })
  })
}

/** What is under the cursor, and what the rows mean. */
function about({ t, parts, theme }: Drawn, r: Replay, at: number): string[] {
  const [from, to] = [firstOf(t, at, parts), firstOf(t, at + 1, parts) - 1]
  const costs = t.profile?.buckets[at]
  const near = t.profile && !t.profile.exact ? 'about ' : ''
  const numbers = costs
    ? COSTS.map(([name, , kinds]) => {
        const shown = costs[name] > 0 || canShow(r.run, kinds)
        return `${name} ${shown ? count(costs[name]) : '?'}`
      }).join('   ')
    : ''
  const time = r.rows.find((e) => e.seq === from)?.ts
  const counted = r.checked?.until ? '   ? only counted' : ''
  return [
    ` ${theme.bold(`events ${count(from)} to ${count(to)}`)}${time ? `   at ${duration(time)}` : ''}`,
    ` ${near}${numbers}`,
    '',
    theme.dim(' a column is a part of the run, as high as its share of the most in its row'),
    theme.dim(` ! proves a finding   * a mark   ◆ where the replay stands${counted}`),
  ]
}
