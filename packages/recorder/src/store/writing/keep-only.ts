import type { Batch } from '../../event/batch.ts'
import { eventOf } from '../../event/codec.ts'
import type { TraceEvent } from '../../event/kinds.ts'

/** Which rows of a batch are to be looked at, and what number the first of them has in the whole run. */
export interface Unasked {
  readonly from: number
  readonly seq: number
}

/** Removes the rows whose event is not wanted. For `record --only`: each event is built to be asked about. */
export function keepOnly(
  batch: Batch,
  names: readonly string[],
  wanted: (event: TraceEvent) => boolean,
  { from, seq }: Unasked,
): void {
  let kept = from
  for (let i = from; i < batch.length; i++) {
    if (!wanted(eventOf(batch, i, seq + i - from, (id) => names[id] ?? ''))) continue
    if (kept < i) batch.copyRow(i, kept)
    kept++
  }
  while (batch.length > kept) batch.drop()
}
