import { AUX, type Batch, NEW, NONE, OLD, SIZE, VA } from './batch.ts'
import { rowToEvent } from './codec.ts'
import type { TraceEvent } from './event.ts'
import type { Row } from './field-codec.ts'

/** Removes the rows whose event is not wanted. For `record --only`: each event is built to be asked about. */
export function keepOnly(
  batch: Batch,
  names: readonly string[],
  wanted: (event: TraceEvent) => boolean,
): void {
  let kept = 0
  for (let i = 0; i < batch.length; i++) {
    if (!wanted(rowToEvent(rowOf(batch, i), (id) => names[id] ?? ''))) continue
    if (kept < i) batch.copyRow(i, kept)
    kept++
  }
  while (batch.length > kept) batch.drop()
}

/** A row of a batch as SQLite would give it back; its names are the writer's. */
export function rowOf(batch: Batch, i: number): Row {
  return [
    BigInt(i),
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
  ]
}

const bigOrNull = (value: number): bigint | null => (value === NONE ? null : BigInt(value))
