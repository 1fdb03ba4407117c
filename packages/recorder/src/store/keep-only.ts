import { AUX, type Batch, NEW, NONE, OLD, SIZE, VA } from '../event/batch.ts'
import { rowToEvent } from '../event/codec.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { Row } from '../event/field-codec.ts'

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
    const row = rowOf(batch, i, seq + i - from)
    if (!wanted(rowToEvent(row, (id) => names[id] ?? ''))) continue
    if (kept < i) batch.copyRow(i, kept)
    kept++
  }
  while (batch.length > kept) batch.drop()
}

/** A row of a batch as SQLite would give it back; its names are the writer's. */
export function rowOf(batch: Batch, i: number, seq = i): Row {
  return [
    BigInt(seq),
    bigOrNull(batch.ts[i]!),
    BigInt(batch.cpu[i]!),
    bigOrNull(batch.task[i]!),
    bigOrNull(batch.op[i]!),
    BigInt(batch.nest[i]!),
    BigInt(batch.kind[i]!),
    bigOrNull(batch.level[i]!),
    bigOrNull(batch.fn[i]!),
    batch.long(i, VA),
    batch.long(i, SIZE),
    batch.long(i, OLD),
    batch.long(i, NEW),
    batch.long(i, AUX),
    batch.hasRet[i] === 1 ? BigInt(batch.ret[i]!) : null,
    batch.extra[i] ?? null,
    batch.more.get(i) ?? null,
  ]
}

const bigOrNull = (value: number): bigint | null => (value === NONE ? null : BigInt(value))
