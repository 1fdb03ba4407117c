import { count, many } from '@pagetrail/recorder'
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
const COSTS: readonly (readonly [name: keyof ProfileCosts, role: Role])[] = [
  ['calls', 'call'],
  ['stores', 'write'],
  ['barriers', 'barrier'],
  ['flushes', 'flush'],
  ['tables', 'memory'],
]

/** The run, or a stretch of it, as rows of costs over its events, with what is under the cursor in numbers. */
export function timelinePanes(m: Model, r: Replay, theme: Theme): PaneView[][] {
  const t = r.timeline ?? wholeRun(r)
  const parts = partsOf(t, m.columns)
  const at = partOf(t, t.at, parts)
  const low = t.anchor === null ? at : Math.min(at, partOf(t, t.anchor, parts))
  const high = t.anchor === null ? at : Math.max(at, partOf(t, t.anchor, parts))
  const chosen = (cells: readonly string[]) =>
    cells.map((cell, i) => (i >= low && i <= high ? theme.inverse(cell) : cell)).join('')
  const line = (label: string, cells: readonly string[]) =>
    ` ${fit(label, LABEL_COLUMNS)} ${chosen(cells)}`
  const { profile } = t
  const rows = COSTS.map(([name, role]) => {
    const values = Array.from({ length: parts }, (_, i) => profile?.buckets[i]?.[name] ?? 0)
    const most = Math.max(1, ...values)
    const sign = (n: number) => STEPS[n === 0 ? 0 : Math.max(1, Math.round((n / most) * 8))] ?? ' '
    return line(
      name,
      values.map((n) => theme.paint(role, sign(n))),
    )
  })
  const signs = (seqs: readonly number[], sign: string, role: Role): string[] => {
    const here = new Set(
      seqs.filter((s) => s >= t.from && s <= t.to).map((s) => partOf(t, s, parts)),
    )
    return Array.from({ length: parts }, (_, i) =>
      here.has(i) ? theme.paint(role, sign) : theme.dim('·'),
    )
  }
  rows.push(line('findings', signs(r.checked?.proof ?? [], '!', 'bad')))
  rows.push(
    line(
      'marks',
      signs(
        r.marks.map((k) => k.seq),
        '*',
        'key',
      ),
    ),
  )
  rows.push(line('replay', signs([r.cursor], '◆', 'key')))
  const scale = `${count(t.from)}${' '.repeat(Math.max(1, parts - count(t.from).length - count(t.to).length))}${count(t.to)}`
  const body = [...rows, '', ...about(t, r, parts, at, theme)]
  const title = profile ? 'Timeline' : 'Timeline: counting …'
  const foot = `${many(t.to - t.from + 1, 'event')} of ${count(r.run.events)}`
  const size = { columns: m.columns, height: paneHeight(m.rows) }
  return [
    [
      {
        ...size,
        name: 'list',
        title,
        focused: true,
        foot,
        head: [` ${' '.repeat(LABEL_COLUMNS)} ${theme.dim(scale)}`],
        rows: body,
      },
    ],
  ]
}

/** What is under the cursor, and what the rows mean. */
function about(t: TimelineView, r: Replay, parts: number, at: number, theme: Theme): string[] {
  const [from, to] = [firstOf(t, at, parts), firstOf(t, at + 1, parts) - 1]
  const costs = t.profile?.buckets[at]
  const near = t.profile && !t.profile.exact ? 'about ' : ''
  const numbers = costs
    ? COSTS.map(([name]) => `${name} ${near}${count(costs[name])}`).join('   ')
    : ''
  const time = r.rows.find((e) => e.seq === from)?.ts
  return [
    ` ${theme.bold(`events ${count(from)} to ${count(to)}`)}${time ? `   at ${duration(time)}` : ''}`,
    ` ${numbers}`,
    '',
    theme.dim(
      ' a column is a part of the run, its height the share of the most in any part of that row',
    ),
    theme.dim(' ! an event proves a finding   * a mark   ◆ where the replay stands'),
  ]
}
