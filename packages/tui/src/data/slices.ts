import { type Condition, parseFilter, toSql } from '@pagetrail/recorder'

/** Events looked at before other requests get their turn: a few tens of milliseconds. */
export const SLICE = 100_000
/** The same while all matches are counted, which takes seconds: a key's rows must not wait long behind it. */
export const COUNT_SLICE = 10_000

/** Lets other requests be answered between two slices. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The condition of a filter; undefined: every event. */
export const conditionOf = (filter: string | null): Condition | undefined =>
  filter === null ? undefined : toSql(parseFilter(filter))
