import type { Batch } from './batch.ts'
import { eventOf } from './codec.ts'
import type { TraceEvent } from './kinds.ts'

/**
 * Events that are made at once where a run is read in order. So few that they are garbage before the collector of young
 * objects comes to them: of a thousand at a time it moves so many that reading a million events takes 100 MB more.
 */
export const TOGETHER = 100

/**
 * The events of a batch from row `at` on, {@link TOGETHER} rows or up to `end`. `first`: seq of the batch's first;
 * `wanted`: ids of the kinds that are made at all.
 */
export function eventsAt(
  batch: Batch,
  first: number,
  at: number,
  end: number,
  names: (id: number) => string,
  wanted?: ReadonlySet<number>,
): TraceEvent[] {
  const events: TraceEvent[] = []
  for (let i = at; i < Math.min(at + TOGETHER, end); i++)
    if (wanted === undefined || wanted.has(batch.kind[i]!))
      events.push(eventOf(batch, i, first + i, names))
  return events
}
