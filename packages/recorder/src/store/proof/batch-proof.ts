import type Sqlite from 'better-sqlite3'
import type { Selectable } from 'kysely'

import { Batch } from '../../event/batch.ts'
import { AT } from '../../event/event-columns.ts'
import { nameIdsIn, putRow } from '../batch-insert.ts'
import { digestBatch, kindsIn, type NewName } from '../digest.ts'
import type { EventReader } from '../event-reader.ts'
import { BIND, build, type Schema, RUN_SHIFT } from '../schema.ts'
import { selectAll } from '../statements.ts'

/** Rows that are read at once: they are garbage before the collector of young objects has moved them. */
const TOGETHER = 128

export type BatchRow = Selectable<Schema['batch']>

/** A batch that is what was recorded. */
export interface ProvenBatch {
  readonly digest: Uint8Array
  /** Ids of the names that its events use. */
  readonly names: ReadonlySet<number>
  /** Its events; where no batch was given for them, the next one that is proven takes their place. */
  readonly batch: Batch
}

/** The last batches of a run that begin at or before a seq. */
export const lastUpTo = build
  .selectFrom('batch')
  .selectAll()
  .where('run', '=', BIND)
  .where('first', '<=', BIND)
  .orderBy('first', 'desc')
  .limit(BIND)

/** Whether a row has the types that a batch has: a damaged one can hold any value. */
export const isBatch = ({
  run,
  first,
  count,
  kinds,
  digest,
}: Record<keyof BatchRow, unknown>): boolean =>
  [run, first, count, kinds].every((value) => typeof value === 'bigint') &&
  digest instanceof Uint8Array

/**
 * Reads the events of a batch and compares them, value for value, with its digest, which is chained to that of the
 * batch before it. What is wrong, or the batch as proven; of the names only those first used in it. Its rows are in
 * `into` where they have room there, and valid as long as that is not used for others.
 */
export function proveBatch(
  db: Sqlite.Database,
  reader: EventReader,
  row: BatchRow,
  previous: Uint8Array,
  into?: Batch,
): ProvenBatch | string {
  if (!isBatch(row)) return 'its row holds a value that no batch can have'
  const { first, count, kinds, digest: recorded } = row
  const run = Number(row.run)
  const limit = Number(count)
  if (limit < 1 || limit > RUN_SHIFT) return `it claims ${count} events`
  const batch = roomFor(limit, into)
  const fault = readBatch(reader, row, batch)
  if (fault !== null) return fault
  if (kindsIn(batch) !== kinds) return 'its list of kinds was changed'
  const names = newNames(db, run, first)
  if (names.some(({ text }) => typeof text !== 'string')) return 'a name of it is not a text'
  const digest = digestBatch(previous, batch, names)
  if (Buffer.compare(digest, recorded) !== 0) return 'it is not what was recorded'
  return { digest, names: nameIdsIn(batch), batch }
}

/** Reads the rows of a batch; what is wrong with them, or null. */
function readBatch(reader: EventReader, row: BatchRow, batch: Batch): string | null {
  const [run, first, limit] = [Number(row.run), Number(row.first), Number(row.count)]
  const last = first + limit - 1
  if (reader.fill(run, first, last, batch)) return null
  let id = row.run * BigInt(RUN_SHIFT) + row.first
  while (batch.length < limit) {
    const rows = reader.rows(run, { from: first + batch.length, to: last, limit: TOGETHER })
    if (rows.length === 0) return missing(limit - batch.length)
    for (const event of rows) {
      const seq = first + batch.length
      // SQLite gives rows in the order in which they lie, whatever a damaged number says.
      if (event[AT.id] !== id++) {
        const { length } = reader.rows(run, { from: first, to: last, limit })
        return length < limit ? missing(limit - length) : `event ${seq} has another number`
      }
      if (putRow(batch, event)) continue
      return `event ${seq} holds a value that no event can have`
    }
  }
  return null
}

const missing = (events: number): string => `${events} of its events are missing`

/** Filled anew for each batch: columns of their own would be 75 bytes an event that only a late collection frees. */
let columns = new Batch()

function roomFor(limit: number, into?: Batch): Batch {
  if (into) return into.capacity < limit ? new Batch(limit) : into
  if (columns.capacity < limit) columns = new Batch(limit)
  return columns
}

function newNames(db: Sqlite.Database, run: number, first: bigint): NewName[] {
  const query = build
    .selectFrom('name_use')
    .innerJoin('name', 'name.id', 'name_use.name')
    .select(['name.id', 'name.text'])
    .where('name_use.run', '=', BigInt(run))
    .where('name_use.first', '=', first)
    .orderBy('name.id')
  return selectAll(db, query).map(({ id, text }) => ({ id: Number(id), text }))
}
