import { count } from '../event/quantity.ts'
import type { Run } from '../event/run.ts'

/** Fact of a run that fell back to fewer events than its recorder had committed. */
export const ACKNOWLEDGED = 'acknowledged'

/** A run of which nothing is there but that its recorder had committed events: the -wal with them was lost. */
export interface VanishedRun {
  readonly run: number
  readonly acknowledged: number
}

/** In words, for all who notice it. @internal */
export const goneText = ({ run, acknowledged }: VanishedRun): string =>
  `run ${run} is gone: its recorder had committed ${count(acknowledged)} events, and the -wal beside the file was lost`

/** What is missing of a run whose -wal was damaged or lost after a kill; null: nothing that is known. @internal */
export function fallText({ events, facts }: Run): string | null {
  const acknowledged = facts[ACKNOWLEDGED]
  if (typeof acknowledged !== 'number') return null
  return `its recorder had committed ${count(acknowledged)} events, ${count(events)} are left: the -wal beside the file was lost or damaged`
}
