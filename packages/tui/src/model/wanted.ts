import type { AlignedRow, Run } from '@pagetrail/recorder'
import type { CountQuery, StateQuery } from '../data/data.ts'
import { lastRowOf, seqOfRow, type DiffView, type StatesQuery } from './diff.ts'
import { replayLayout, WIDE_REPLAY_COLUMNS } from './layout.ts'
import { currentEvent, type Model } from './model.ts'
import { descriptorOf } from './replay-commands.ts'
import { viewFilter } from './view-filter.ts'

/** Nothing that the browser shows differs. */
export const sameRuns = (a: readonly Run[], b: readonly Run[]): boolean =>
  a.length === b.length &&
  a.every((run, i) => {
    const other = b[i]
    return (
      other?.id === run.id &&
      other.events === run.events &&
      other.state === run.state &&
      other.label === run.label
    )
  })

/** The state at the cursor, around the address of its event. */
export function wantedState(m: Model): StateQuery | null {
  const r = m.replay
  const wide = m.columns >= WIDE_REPLAY_COLUMNS
  if (!r || m.screen !== 'replay' || r.goal || r.pane === 'none' || (!wide && r.pane === 'details'))
    return null
  const event = currentEvent(r)
  if (!event) return null
  const layout = replayLayout(m.columns, m.rows, true)
  return {
    run: r.run.id,
    seq: event.seq,
    va: descriptorOf(event)?.va ?? null,
    rows: layout.lowerHeight,
    ledger: r.pane === 'ledger',
  }
}

/** Entries asked for on each side: more than are shown, so that those that differ are among them. */
const AROUND = 24

/** The page tables of both sides of a comparison, at its cursor. */
export function wantedStates(m: Model): StatesQuery | null {
  const d = m.diff
  if (!d || m.screen !== 'diff' || d.tab !== 'path' || d.rows[d.cursor - d.from] === undefined)
    return null
  return { left: sideQuery(d, 'left'), right: sideQuery(d, 'right') }
}

function sideQuery(d: DiffView, side: 'left' | 'right'): StateQuery | null {
  const row = lastRowOf(d, side)
  const seq = row && seqOfRow(row, side)
  if (seq === undefined || seq === null) return null
  // A barrier has no address: that of the last event before it that has one.
  const above = d.rows.slice(0, d.cursor - d.from + 1)
  const other = side === 'left' ? 'right' : 'left'
  const at = above.findLast((x) => addressIn(x, side) !== null || addressIn(x, other) !== null)
  const va = at ? (addressIn(at, side) ?? addressIn(at, other)) : null
  return { run: d[side].id, seq, va, rows: AROUND, ledger: false }
}

function addressIn(row: AlignedRow, side: 'left' | 'right'): bigint | null {
  if (row.row === 'fold') return null
  if (row.row === 'call') return row[side]?.va ?? null
  const event = row[side]
  return event ? (descriptorOf(event)?.va ?? null) : null
}

/** The count of what the chips let through; folds and depth do not count. */
export function wantedCount(m: Model): CountQuery | null {
  const r = m.replay
  if (!r || m.screen !== 'replay' || r.view.filters.length === 0 || r.goal) return null
  const filter = viewFilter({ ...r.view, depth: null, folds: [] })
  return filter === null ? null : { run: r.run.id, filter, total: r.run.events }
}
