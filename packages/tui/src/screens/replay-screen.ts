import { nestOf, toPredicate, parseFilter, runGeometry, type TraceEvent } from '@pagetrail/recorder'
import { replayLayout } from '../model/layout.ts'
import { currentEvent, type Model, type Replay } from '../model/model.ts'
import { visibleRows } from '../model/replay.ts'
import { eventRow, rowHead, rowLayout } from '../text/rows.ts'
import { count, fit, safe, wrap } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'
import { isFolded, viewFilter } from '../model/view-filter.ts'
import { eventDetails } from './details-pane.ts'
import { boxed } from './frame-box.ts'
import { ledgerLines, tableLines } from './state-panes.ts'

export interface ReplayPanes {
  readonly wide: boolean
  readonly list: string[]
  /** Right of the list, or below it on a narrow screen. */
  readonly side: string[]
}

export function replayScreen(m: Model, r: Replay, theme: Theme): ReplayPanes {
  const layout = replayLayout(m.columns, m.rows, r.pane !== 'none')
  const list = listPane(r, layout.listColumns, layout.listHeight, layout.listRows, theme)
  if (r.pane === 'none') return { wide: false, list, side: [] }
  const inner = layout.sideColumns - 2
  const event = currentEvent(r)
  const note = r.marks.find((k) => k.seq === r.cursor)?.text ?? ''
  const noted =
    note === '' ? [] : wrap(`* ${safe(note)}`, inner - 2).map((l) => ` ${theme.paint('key', l)}`)
  const details = event
    ? [...noted, ...eventDetails(event, runGeometry(r.run), inner - 2, theme).map((l) => ` ${l}`)]
    : []
  if (!layout.wide) {
    const side =
      r.pane === 'details'
        ? boxed(
            theme,
            {
              columns: layout.sideColumns,
              height: layout.lowerHeight,
              title: 'Event',
              foot: 't next pane',
            },
            details,
          )
        : statePane(r, layout.sideColumns, layout.lowerHeight, theme)
    return { wide: false, list, side }
  }
  const top = { columns: layout.sideColumns, height: layout.detailsHeight, title: 'Event' }
  return {
    wide: true,
    list,
    side: [
      ...boxed(theme, top, details),
      ...statePane(r, layout.sideColumns, layout.lowerHeight, theme),
    ],
  }
}

function statePane(r: Replay, columns: number, height: number, theme: Theme): string[] {
  const stale = r.state !== null && r.state.seq !== r.cursor
  const at = r.state ? `${stale ? 'was ' : ''}after event ${count(r.state.seq)}` : ''
  if (r.pane === 'ledger') {
    const pane = { columns, height, title: 'Barriers and TLB', foot: `${at}  t next pane` }
    return boxed(theme, pane, ledgerLines(r.state, columns - 2, theme))
  }
  const pane = { columns, height, title: 'Page tables', foot: `${at}  t next pane` }
  return boxed(theme, pane, tableLines(r.state, columns - 2, theme, runGeometry(r.run)))
}

function listPane(
  r: Replay,
  columns: number,
  height: number,
  rows: number,
  theme: Theme,
): string[] {
  const inner = columns - 2
  const shown = visibleRows(r, rows)
  const layout = rowLayout(theme, inner, {
    events: r.run.events,
    geometry: runGeometry(r.run),
    clock: r.run.t0 !== null || shown.rows.some((e) => e.ts !== null),
    cpus: true,
  })
  const matches = matcherOf(r.search)
  const marked = new Set(r.marks.map((k) => k.seq))
  const found = new Set(r.checked?.findings.map((f) => f.seq))
  const lines = [rowHead(layout)]
  for (const [i, e] of shown.rows.entries()) {
    const state = {
      selected: i === shown.line,
      folded: nestOf(e.kind) === 1 && isFolded(r.view, e.seq, e.nest),
      marked: marked.has(e.seq),
      finding: found.has(e.seq),
      matches: matches(e),
    }
    lines.push(eventRow(e, state, layout))
  }
  if (shown.rows.length === 0) lines.push(...emptyList(r, inner).map((l) => theme.dim(l)))
  const share = r.run.events > 1 ? (r.cursor / (r.run.events - 1)) * 100 : 100
  const foot =
    r.run.events === 0
      ? ''
      : `${count(r.cursor)} of ${count(r.run.events - 1)}  ${share.toFixed(1)}%`
  // Rows of another filter stay until the new ones are found.
  const title = r.loaded && r.rowsFilter !== viewFilter(r.view) ? 'Events: filtering …' : 'Events'
  return boxed(theme, { columns, height, title, focused: true, foot }, lines)
}

function emptyList(r: Replay, columns: number): string[] {
  if (!r.loaded) return [fit('   reading …', columns)]
  if (r.run.events === 0) return ['', fit('   This run has no events.', columns)]
  return [
    '',
    fit('   No event matches.', columns),
    fit('   x drops the last filter, X all of them, u goes back.', columns),
  ]
}

let lastMatcher: { readonly text: string; readonly test: (e: TraceEvent) => boolean } | null = null

function matcherOf(search: string | null): (e: TraceEvent) => boolean {
  if (search === null) return () => false
  if (lastMatcher?.text !== search)
    lastMatcher = { text: search, test: toPredicate(parseFilter(search)) }
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
  for (const f of r.checked?.findings ?? []) cells[column(f.seq)] = theme.paint('bad', '!')
  cells[column(r.cursor)] = theme.inverse('◆')
  return ` ${theme.dim('├')}${cells.join('')}${theme.dim('┤')} `
}
