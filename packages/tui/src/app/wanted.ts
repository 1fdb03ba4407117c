import type { Run } from '@pagetrail/recorder'
import type { CountQuery, StateQuery } from './data.ts'
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

export const sameState = (a: StateQuery | null, b: StateQuery | null): boolean =>
  a?.run === b?.run && a?.seq === b?.seq && a?.ledger === b?.ledger && a?.rows === b?.rows

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

/** The count of what the chips let through; folds and depth do not count. */
export function wantedCount(m: Model): CountQuery | null {
  const r = m.replay
  if (!r || m.screen !== 'replay' || r.view.filters.length === 0 || r.goal) return null
  const filter = viewFilter({ ...r.view, depth: null, folds: [] })
  return filter === null ? null : { run: r.run.id, filter, total: r.run.events }
}
