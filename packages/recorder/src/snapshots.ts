import { createHash } from 'node:crypto'

import type { Trace } from './store.ts'
import type { Run } from './source.ts'
import { build } from './schema.ts'
import { guarded } from './sqlite-errors.ts'

/** Which fold a snapshot is of; another version of its format is another projection. */
export interface Projection {
  readonly name: string
  readonly version: number
}

export interface Snapshot {
  /** The state is that after this event. */
  readonly seq: number
  readonly body: Uint8Array
}

/** Keeps the state after an event. Does nothing where the file is open for reading: a snapshot is only a cache. */
export function saveSnapshot(trace: Trace, run: Run, of: Projection, snapshot: Snapshot): void {
  if (trace.mode === 'read') return
  const { body, seq } = snapshot
  const digest = createHash('sha256').update(body).digest()
  const values = {
    run: BigInt(run.id),
    projection: of.name,
    version: BigInt(of.version),
    seq: BigInt(seq),
    body,
    digest,
  }
  const insert = build
    .insertInto('snapshot')
    .values(values)
    .onConflict((conflict) =>
      conflict
        .columns(['run', 'projection', 'seq'])
        .doUpdateSet({ body, digest, version: values.version }),
    )
    .compile()
  guarded(trace.path, () => trace.db.prepare<unknown[]>(insert.sql).run(...insert.parameters))
}

/** The latest snapshot at or before an event; null where there is none that is whole. */
export function nearestSnapshot(
  trace: Trace,
  run: Run,
  of: Projection,
  at: number,
): Snapshot | null {
  const query = build
    .selectFrom('snapshot')
    .select(['seq', 'body', 'digest'])
    .where('run', '=', BigInt(run.id))
    .where('projection', '=', of.name)
    .where('version', '=', BigInt(of.version))
    .where('seq', '<=', BigInt(at))
    .orderBy('seq', 'desc')
    .limit(1)
    .compile()
  const row = guarded(trace.path, () =>
    trace.db
      .prepare<unknown[], [seq: bigint, body: Buffer, digest: Buffer]>(query.sql)
      .raw()
      .get(...query.parameters),
  )
  if (!row) return null
  const [seq, body, digest] = row
  return createHash('sha256').update(body).digest().equals(digest)
    ? { seq: Number(seq), body }
    : null
}
