import type { Geometry } from '@pagetrail/engine'
import {
  type AlignedRow,
  decodeDescriptor,
  eventWords,
  runGeometry,
  type TraceEvent,
  valueText,
  count,
  many,
  verdictText,
} from '@pagetrail/recorder'
import { diffLayoutOf, hasLoss, rowAtCursor } from '../model/diff.ts'
import { aloneReason, type LoneReason, shareOf, stripOf } from '../model/calls.ts'
import type { Model } from '../model/model.ts'
import type { Role, Theme } from '../text/theme.ts'
import { readingLine, type Room, stateLines } from './diff-state.ts'
import { twoMapLines } from './table-map.ts'
import { type BarView, foundOn, matchText } from './bars.ts'
import type { Page } from '../model/pages.ts'
import type { PaneView, Segment } from './pane.tsx'
import { cut, fit, fitEnd, safe } from '../text/fit.ts'
import { width } from '../text/width.ts'
import { DIFF_TABS, type DiffTab, type DiffView } from '../model/diff-view.ts'

/** Signs of a row: what they mean stands in the lower border. */
const SIGNS: Readonly<Record<string, readonly [string, Role]>> = {
  same: [' ', 'callback'],
  renamed: ['=', 'callback'],
  changed: ['~', 'write'],
  left: ['-', 'bad'],
  right: ['+', 'flush'],
  unknown: ['?', 'note'],
  lost: ['?', 'note'],
}

/** Verdict and tabs: line 2 of the screen. A click on a tab shows it. */
export function diffTabs(d: DiffView, page: Page | null, theme: Theme): BarView {
  const verdict = d.report ? theme.bold(verdictText(d.report)) : theme.dim('comparing …')
  const tabs = DIFF_TABS.flatMap((tab, index): Segment[] => {
    const text = ` ${tab}${answerOf(d, tab)} `
    return [{ text: tab === d.tab ? theme.inverse(text) : text, name: 'tab', index }]
  })
  const search = page ? foundOn(page.lines, page.view, theme) : d.hits && matchText(d.hits, theme)
  return { left: [...tabs, { text: `  ${verdict}` }], ...(search ? { right: search } : {}) }
}

function answerOf(d: DiffView, tab: DiffTab): string {
  if (!d.report || tab === 'cost' || tab === 'calls') return ''
  const { answer } = d.report[tab]
  if (answer === 'different') return ' ≠'
  // Of what is unknown as a whole no part is called the same.
  return answer === 'same' && d.report.verdict !== 'unknown' ? ' =' : ' ?'
}

const STRIP = [' ', '▁', '▄', '█'] as const

/** Where in the run the calls differ: a column a part of them, as high as the worst pair in it. */
export function diffStrip(d: DiffView, columns: number, theme: Theme): string {
  const { report } = d
  if (!report) return ''
  const room = columns - 4
  const strip = stripOf(report, room)
  const row = d.rows.slice(0, d.cursor - d.from + 1).findLast((x) => x.row === 'call')
  const op = row?.row === 'call' ? (row.left?.op ?? null) : null
  const at = op === null ? -1 : Math.floor(shareOf(report, op) * strip.length)
  const cells = strip.map((rank, i) => {
    const sign = STRIP[rank] ?? ' '
    if (i === at) return theme.inverse(sign === ' ' ? '◆' : sign)
    return rank === 3
      ? theme.paint('bad', sign)
      : rank === 2
        ? theme.paint('write', sign)
        : theme.dim(sign)
  })
  const legend = '  ▁ path ▄ effects █ outcome'
  const words = strip.length + width(legend) <= room ? theme.dim(legend) : ''
  return ` ${theme.dim('├')}${cells.join('')}${theme.dim('┤')}${words}`
}

/** The aligned rows with what is under the cursor below them. */
export function diffPanes(m: Model, d: DiffView, theme: Theme): PaneView[][] {
  const layout = diffLayoutOf(m)
  const inner = m.columns - 2
  const first = d.top - d.from
  const shown = first < 0 ? [] : d.rows.slice(first, first + layout.listRows)
  const lines: string[] = []
  for (const [i, row] of shown.entries()) {
    lines.push(
      rowLine(row, d, { inner, wide: layout.wide, selected: d.top + i === d.cursor }, theme),
    )
  }
  if (shown.length === 0)
    lines.push(theme.dim(d.done ? '  The runs have no calls to compare.' : '  aligning …'))
  const signs = layout.wide
    ? `~ changed  - only A  + only B  ? ${hasLoss(d) ? 'lost or not shown' : 'not shown by one side'}`
    : '~ changed  - A  + B  ? unknown'
  const foot = `${count(d.cursor + (d.known > 0 ? 1 : 0))} of ${count(d.known)}${d.done ? '' : '+'} rows   n: next ${aimText(d.aim)}   ${signs}`
  const room = { columns: inner - 2, rows: layout.detailsHeight - 2, wide: layout.wide }
  return [
    [
      {
        name: 'list',
        columns: m.columns,
        height: layout.listRows + 3,
        title: d.filter === null ? 'Path' : `Path, only ${safe(d.filter)}`,
        focused: true,
        foot,
        head: [theme.dim(heads(d, inner, layout.wide))],
        rows: lines,
      },
      {
        name: 'details',
        columns: m.columns,
        height: layout.detailsHeight,
        ...(d.pane === 'map' ? mapPane(d, room, theme) : cursorPane(d, room, theme)),
      },
    ],
  ]
}

type Below = Pick<PaneView, 'title' | 'foot' | 'rows'>

/** What is under the cursor, and the page tables there. */
function cursorPane(d: DiffView, room: Room, theme: Theme): Below {
  const row = rowAtCursor(d)
  const lines = row ? rowDetails(row, d, room.columns, theme) : []
  lines.push(...stateLines(d, { ...room, rows: room.rows - lines.length }, theme))
  return { title: 'At the cursor', foot: 't: map, A against B', rows: lines.map((l) => ` ${l}`) }
}

/** Every entry of the table at the cursor, A against B. */
function mapPane(d: DiffView, room: Room, theme: Theme): Below {
  const geometries = { left: runGeometry(d.left), right: runGeometry(d.right) }
  const reading = readingLine(d, theme)
  const lines =
    reading === null
      ? twoMapLines(d.states?.left?.map, d.states?.right?.map, room, theme, geometries)
      : [reading]
  const title = 'Map of the table: A against B'
  return { title, foot: 't: entries at the cursor', rows: lines.map((l) => ` ${l}`) }
}

const aimText = (aim: DiffView['aim']): string =>
  typeof aim === 'object' ? safe(aim.words) : aim === 'call' ? aim : `in ${aim}`

const sideName = (d: DiffView, side: 'left' | 'right'): string => {
  const run = d[side]
  return `${side === 'left' ? 'A' : 'B'} #${run.id} ${safe(run.label)} ${run.kernel ? safe(run.kernel) : (run.flavour ?? '')}`
}

function heads(d: DiffView, inner: number, wide: boolean): string {
  if (!wide) return fit(`   ${sideName(d, 'left')}  ⇄  ${sideName(d, 'right')}`, inner)
  const half = (inner - 1) >> 1
  return `${fit(`   ${sideName(d, 'left')}`, half)}│${fit(`   ${sideName(d, 'right')}`, inner - half - 1)}`
}

interface RowShape {
  readonly inner: number
  readonly wide: boolean
  readonly selected: boolean
}

function rowLine(
  row: AlignedRow,
  d: DiffView,
  { inner, wide, selected }: RowShape,
  theme: Theme,
): string {
  const cursor = selected ? '▶' : ' '
  const [sign, role] =
    row.row === 'events' ? (SIGNS[row.status] ?? [' ', 'callback']) : [' ', 'call' as const]
  const half = (inner - 1) >> 1
  const status = row.row === 'events' ? row.status : 'same'
  // A sign stands on the side that has the event.
  const leftSign = status === 'right' ? ' ' : sign
  const rightSign = status === 'left' ? ' ' : sign
  let text: string
  if (row.row === 'repeat')
    text = fit(
      `${cursor}     × ${count(row.times)} the same: the ${many(row.rows, 'row')} above, elsewhere`,
      inner,
    )
  else if (row.row === 'fold')
    text = fit(`${cursor}     ⋯ ${many(row.count, 'equal event')}`, inner)
  else if (wide) {
    const left = fit(`${cursor}${leftSign} ${sideText(row, 'left', d)}`, half)
    text = `${left}│${fit(` ${rightSign} ${sideText(row, 'right', d)}`, inner - half - 1)}`
  } else
    text = fit(`${cursor}${sign} ${sideText(row, row.left === null ? 'right' : 'left', d)}`, inner)
  if (selected) return theme.inverse(text)
  return row.row === 'fold' || row.row === 'repeat' ? theme.dim(text) : theme.paint(role, text)
}

/** A call, or an event in the call tree; a dot where a side has nothing. */
function sideText(
  row: Exclude<AlignedRow, { row: 'fold' | 'repeat' }>,
  side: 'left' | 'right',
  d: DiffView,
): string {
  if (row.row === 'call') {
    const call = row[side]
    if (!call) return '·'
    const result = call.ret === null ? (call.endedBy ?? 'not returned') : `= ${call.ret}`
    return `${fitEnd(count(call.seq), seqColumns(d))} call ${call.op} ${safe(call.fn)} ${valueText(call.va)} ${result}`
  }
  const e = row[side]
  if (!e) return `${' '.repeat(seqColumns(d))} ·`
  return eventInRow(e, runGeometry(d[side]), seqColumns(d), row.places?.[side] ?? null)
}

/** Columns of the longer run's sequence numbers. */
const seqColumns = (d: DiffView): number => count(Math.max(d.left.events, d.right.events)).length

/** Addresses of different boots differ and say nothing: an event's place in its call stands for its address. */
function eventInRow(
  e: TraceEvent,
  geometry: Geometry | null,
  columns: number,
  place: string | null,
): string {
  const { mark, what, detail } = eventWords(e, geometry)
  const said = place !== null && 'va' in e ? detail.replace(valueText(e.va), place) : detail
  return `${fitEnd(count(e.seq), columns)} ${'│ '.repeat(Math.min(e.nest, 6))}${mark} ${what} ${said}`
}

/** Both sides in full, with the fields that differ; of stores the bits. */
/** A call that one side shows, and why. */
const aloneText = (side: 'left' | 'right', reason: LoneReason): string =>
  `Only ${side === 'left' ? 'A' : 'B'} shows this call: ${aloneReason(side, reason)}.`

function rowDetails(row: AlignedRow, d: DiffView, columns: number, theme: Theme): string[] {
  if (row.row === 'repeat')
    return [`the ${many(row.rows, 'row')} above come ${count(row.times)} times more; = shows them`]
  if (row.row === 'fold')
    return [`${many(row.count, 'event')} the same on both sides; = shows them`]
  const inFull = row.row === 'events' ? { ...row, places: null } : row
  const lines = [
    `A ${sideText(inFull, 'left', d).trim()}`,
    `B ${sideText(inFull, 'right', d).trim()}`,
  ]
  if (row.row === 'call') {
    const { pair } = row
    if (pair === null) return [...lines, aloneText(row.left ? 'left' : 'right', row.alone)]
    const { path } = pair
    return [
      ...lines,
      `${theme.bold(pair.verdict)}${pair.sameInput ? '' : ' (other input)'}`,
      `${many(path.same, 'row')} the same, ${path.changed} changed, ${path.onlyLeft} only in A, ${path.onlyRight} only in B; effects that differ: ${pair.effectsTotal}`,
    ]
  }
  if (row.status === 'lost')
    return [...lines, 'Events of this call are missing: nobody knows whether this differs.']
  if (row.status === 'unknown')
    return [
      ...lines,
      'The other side cannot show events of this kind: this counts as no difference.',
    ]
  if (row.left?.kind === 'desc_write' && row.right?.kind === 'desc_write') {
    const geometry = runGeometry(d.left)
    const bits = decodeDescriptor(row.left.new, row.right.new, row.left.level, geometry)
    const differing = bits.filter((b) => b.changed).map((b) => `${b.name} ${b.old} ≠ ${b.new}`)
    lines.push(
      differing.length > 0
        ? theme.paint('write', `new values differ in: ${differing.join(', ')}`)
        : 'the new values agree bit by bit',
    )
  }
  return lines.map((l) => (width(l) > columns ? cut(l, columns) : l))
}
