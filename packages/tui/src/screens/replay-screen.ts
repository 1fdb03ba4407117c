import {
  didYouMean,
  nestOf,
  toPredicate,
  parseFilter,
  runGeometry,
  type TraceEvent,
  valueText,
  count,
} from '@pagetrail/recorder'
import { MOST_NAMES } from '../data/data.ts'
import { type ReplayLayout, replayLayout } from '../model/layout.ts'
import { currentEvent, type Model, type Replay } from '../model/model.ts'
import { visibleRows } from '../model/replay.ts'
import { clockFor } from '../text/clock.ts'
import { eventRow, rowHead, rowLayout, type RowState } from '../text/rows.ts'
import { isLanes } from '../model/lanes.ts'
import { laneRow, lanesHead, lanesOf } from './lanes.ts'
import { fit, safe, wrap } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'
import { asFilter, isFolded, viewFilter } from '../model/view-filter.ts'
import { eventDetails } from './details-pane.ts'
import type { PaneView } from './pane.tsx'
import { ledgerLines, pageTableLines } from './state-panes.ts'
import { mapLines } from './table-map.ts'

/** The events; beside them, or below on a narrow screen, what is known of the one under the cursor. */
export function replayPanes(m: Model, r: Replay, theme: Theme): PaneView[][] {
  const layout = replayLayout(m.columns, m.rows, r.pane)
  const list = listPane(r, layout, theme)
  if (r.pane === 'none') return [[list]]
  const { sideColumns: columns, lowerHeight, detailsHeight } = layout
  const lower = { columns, height: lowerHeight }
  if (!layout.wide) {
    return [
      [list, r.pane === 'details' ? detailsPane(r, lower, theme) : statePane(r, lower, theme)],
    ]
  }
  // A map needs the height.
  if (r.pane === 'map' && r.run.events > 0) {
    return [[list], [statePane(r, { columns, height: detailsHeight + lowerHeight }, theme)]]
  }
  const details = detailsPane(r, { columns, height: detailsHeight }, theme)
  return [[list], [details, statePane(r, lower, theme)]]
}

type Size = Pick<PaneView, 'columns' | 'height'>

function detailsPane(r: Replay, size: Size, theme: Theme): PaneView {
  const inner = size.columns - 4
  const event = currentEvent(r)
  const note = r.marks.find((k) => k.seq === r.cursor)?.text ?? ''
  const noted = note === '' ? [] : wrap(`* ${safe(note)}`, inner).map((l) => theme.paint('key', l))
  const lines = event ? eventDetails(event, runGeometry(r.run), inner, theme) : []
  const rows = [...noted, ...lines].map((l) => ` ${l}`)
  return { ...size, name: 'details', title: 'Event', rows }
}

function statePane(r: Replay, size: Size, theme: Theme): PaneView {
  const { state } = r
  const at =
    state && !state.more
      ? `${state.seq === r.cursor ? '' : 'was '}after event ${count(state.seq)}`
      : ''
  const pane = { ...size, name: 'lower', foot: `${at}  t next pane` } as const
  if (r.pane === 'ledger' && r.run.events > 0) {
    return { ...pane, title: 'Barriers and TLB', rows: ledgerLines(state, size.columns - 2, theme) }
  }
  const geometry = runGeometry(r.run)
  if (r.pane === 'map' && r.run.events > 0) {
    const inner = { columns: size.columns - 2, rows: size.height - 2 }
    const rows = !state?.map
      ? pageTableLines(state, inner.columns, theme, geometry)
      : mapLines(state.map, inner, theme, geometry)
    return { ...pane, title: 'Map of the table', rows }
  }
  // An event without an address shows the tables around the last one of its call that has one.
  const { around = null } = state ?? {}
  const elsewhere = around !== null && around.seq !== state?.seq
  const rows =
    r.run.events === 0
      ? [theme.dim(' no event is about an entry')]
      : pageTableLines(state, size.columns - 2, theme, geometry)
  return {
    ...pane,
    title: elsewhere ? `Tables at ${valueText(around.va)}, #${count(around.seq)}` : 'Page tables',
    rows,
  }
}

function listPane(
  r: Replay,
  { listColumns, listHeight, listRows }: ReplayLayout,
  theme: Theme,
): PaneView {
  const inner = listColumns - 2
  const shown = visibleRows(r, listRows)
  const matches = matcherOf(r.search)
  const marked = new Set(r.marks.map((k) => k.seq))
  const proof = new Set(r.checked?.proof)
  const stateOf = (e: TraceEvent, i: number) => ({
    selected: i === shown.line,
    folded: nestOf(e.kind) === 1 && isFolded(r.view, e.seq, e.nest),
    marked: marked.has(e.seq),
    finding: proof.has(e.seq),
    matches: matches(e),
    before: shown.rows[i - 1]?.ts ?? null,
  })
  const { head, row } = isLanes(r, listRows)
    ? inLanes(r, shown.rows, inner, theme)
    : inTree(r, shown.rows, inner, theme)
  const lines = shown.rows.map((e, i) => row(e, stateOf(e, i)))
  if (shown.rows.length === 0) lines.push(...emptyList(r, inner).map((l) => theme.dim(l)))
  const share = r.run.events > 1 ? (r.cursor / (r.run.events - 1)) * 100 : 100
  const foot =
    r.run.events === 0
      ? ''
      : `${count(r.cursor)} of ${count(r.run.events - 1)}  ${share.toFixed(1)}%`
  // Rows of another filter stay until the new ones are found.
  const title = r.loaded && r.rowsFilter !== viewFilter(r.view) ? 'Events: filtering …' : 'Events'
  const size = { columns: listColumns, height: listHeight }
  return { ...size, name: 'list', title, focused: true, foot, head: [head], rows: lines }
}

/** How the rows of the list are written. */
interface Rows {
  readonly head: string
  readonly row: (e: TraceEvent, state: RowState) => string
}

function inTree(r: Replay, rows: readonly TraceEvent[], columns: number, theme: Theme): Rows {
  const times = rows.map((e) => e.ts)
  const layout = rowLayout(theme, columns, {
    events: r.run.events,
    geometry: runGeometry(r.run),
    clock: clockFor(times, r.clock, currentEvent(r)?.ts ?? null),
    cpus: true,
  })
  return { head: rowHead(layout), row: (e, state) => eventRow(e, state, layout) }
}

function inLanes(r: Replay, shown: readonly TraceEvent[], columns: number, theme: Theme): Rows {
  const { events } = r.run
  const cursor = currentEvent(r)
  const geometry = runGeometry(r.run)
  const lanes = lanesOf({ rows: r.rows, shown, cursor, columns, events, geometry, theme })
  return { head: lanesHead(lanes), row: (e, state) => laneRow(e, state, lanes) }
}

function emptyList(r: Replay, columns: number): string[] {
  if (!r.loaded) return [fit('   reading …', columns)]
  if (r.run.events === 0) return ['', fit('   This run has no events.', columns)]
  return [
    '',
    fit('   No event matches.', columns),
    ...unknownNames(r).map((text) => fit(`   ${text}`, columns)),
    fit('   x drops the last filter, X all of them, u goes back.', columns),
  ]
}

/** Names that a filter asks for and that no event of the run has, with the nearest one. */
function unknownNames({ view, names }: Replay): string[] {
  // `insmod-462`: a task is named with its number and without.
  const known = new Set(names.flatMap((name) => [name, name.replace(/-\d+$/, '')]))
  if (names.length === 0 || names.length >= MOST_NAMES) return []
  const asked = view.filters.flatMap((filter) =>
    [...filter.matchAll(/\b(?:fn|comm|task|insn|by)\s*==\s*"?([\w./:-]+)/g)].map(
      ([, name]) => name,
    ),
  )
  return asked.flatMap((name = '') =>
    known.has(name) ? [] : [`This run has no ${safe(name)}${didYouMean(name, known)}`],
  )
}

let lastMatcher: { readonly text: string; readonly test: (e: TraceEvent) => boolean } | null = null

function matcherOf(search: string | null): (e: TraceEvent) => boolean {
  if (search === null) return () => false
  if (lastMatcher?.text !== search)
    lastMatcher = { text: search, test: toPredicate(parseFilter(asFilter(search))) }
  return lastMatcher.test
}

const STEPS = ' ▁▂▃▄▅▆▇█'

/** The whole run on one line: how busy its parts are, findings, marks, and the cursor. */
export function timeline(r: Replay, columns: number, theme: Theme): string {
  const w = Math.max(10, columns - 4)
  const last = Math.max(1, r.run.events - 1)
  const column = (seq: number) => Math.min(w - 1, Math.floor((seq / last) * (w - 1) + 0.5))
  const cells = Array.from({ length: w }, (_, i) => {
    const level = r.density?.levels[Math.floor((i * r.density.levels.length) / w)] ?? 0
    return theme.dim(level > 0 ? (STEPS[Math.max(1, Math.round(level * 8))] ?? '─') : '─')
  })
  for (const k of r.marks) cells[column(k.seq)] = theme.paint('key', '*')
  for (const seq of r.checked?.proof ?? []) cells[column(seq)] = theme.paint('bad', '!')
  cells[column(r.cursor)] = theme.inverse('◆')
  return ` ${theme.dim('├')}${cells.join('')}${theme.dim('┤')} `
}
