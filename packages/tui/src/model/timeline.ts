import type { Run } from '@pagetrail/recorder'
import type { Profile } from '../data/data.ts'

/** A stretch of a run as it is looked at: from an event to another, and where the cursor and a selection stand. */
export interface TimelineView {
  readonly from: number
  readonly to: number
  /** The event under the cursor: the first of its part. */
  readonly at: number
  /** Where a selection began; null: nothing is selected. */
  readonly anchor: number | null
  readonly profile: Profile | null
}

/** Columns before the parts: names of what is counted. */
export const LABEL_COLUMNS = 12

export const wholeRun = ({ run, cursor }: { run: Run; cursor: number }): TimelineView => ({
  from: 0,
  to: Math.max(0, run.events - 1),
  at: cursor,
  anchor: null,
  profile: null,
})

/** How many parts there is room for. */
export const partsOf = (t: TimelineView, columns: number): number =>
  Math.max(1, Math.min(columns - LABEL_COLUMNS - 6, t.to - t.from + 1))

/** The part that an event is in. */
export const partOf = (t: TimelineView, seq: number, parts: number): number =>
  Math.max(0, Math.min(parts - 1, Math.floor(((seq - t.from) * parts) / (t.to - t.from + 1))))

/** First event of a part. */
export const firstOf = (t: TimelineView, part: number, parts: number): number =>
  t.from + Math.ceil((part * (t.to - t.from + 1)) / parts)
