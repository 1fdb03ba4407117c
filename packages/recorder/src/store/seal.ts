import { createHash } from 'node:crypto'

import type Sqlite from 'better-sqlite3'
import { type Selectable, sql } from 'kysely'

import { build, type Schema } from './schema.ts'
import { execute, selectAll } from './statements.ts'

/**
 * A run's seal: SHA-256 of its row, and, once it has ended, of its lists of batches and names, which the first covers
 * too. So neither rows of two runs nor their batches with all that belongs to them can be exchanged. Files of 0.1 have
 * the first alone, in {@link oldDigestOf its older form}; so has a run whose counts and lists still grow.
 */
const DIGEST_BYTES = 32

type Row = Readonly<Record<string, unknown>>

/** Puts the seal into the run's row; the caller has proven what is there, and holds a transaction. */
export function seal(db: Sqlite.Database, run: number): void {
  const [row] = selectAll(db, rowOf(run))
  if (!row) return
  const list = row.state === 'recording' ? new Uint8Array() : listDigest(db, run)
  const value = Buffer.concat([digestOf({ ...row }, list), list])
  execute(db, build.updateTable('run').set({ seal: value }).where('id', '=', BigInt(run)))
}

/** What is wrong with the row of a run: its seal, or its count of events where the batches have others. */
export function rowProblem(db: Sqlite.Database, run: number): string | null {
  const [row] = selectAll(db, withReach.where('id', '=', BigInt(run)))
  if (!row) return null
  const { reach, ...stored } = row
  if (!hasItsSeal(stored)) return SEAL_BROKEN
  if (stored.events === (reach ?? 0n)) return null
  return `${stored.events} events were recorded, the batches have ${reach ?? 0n}`
}

/** Of the row alone. */
export function sealProblem(db: Sqlite.Database, run: number): string | null {
  const [row] = selectAll(db, rowOf(run))
  return row && !hasItsSeal(row) ? SEAL_BROKEN : null
}

/** Whether a run's batches and names are those that it was sealed with; `open` where no seal says so. */
export function listState(db: Sqlite.Database, run: number): 'whole' | 'broken' | 'open' {
  const [row] = selectAll(db, rowOf(run))
  if (!row || row.state === 'recording') return 'open'
  const list = (row.seal ?? new Uint8Array()).subarray(DIGEST_BYTES)
  if (list.length === 0) return 'open'
  return Buffer.compare(list, listDigest(db, run)) === 0 ? 'whole' : 'broken'
}

/** What is said of a run whose batches are each whole and yet not its own. */
export const LIST_BROKEN = 'its batches and names are not those that it was sealed with'

const SEAL_BROKEN = 'the row that describes the run was changed'

const allRuns = build.selectFrom('run').selectAll()
const rowOf = (run: number) => allRuns.where('id', '=', BigInt(run))

/** One statement: a recorder may commit between two. */
const withReach = allRuns.select((eb) =>
  eb
    .selectFrom('batch')
    .select(sql<bigint>`first + count`.as('end'))
    .whereRef('batch.run', '=', 'run.id')
    .orderBy('first', 'desc')
    .limit(sql.lit(1))
    .as('reach'),
)

function hasItsSeal(row: Selectable<Schema['run']>): boolean {
  if (row.seal === null) return false
  const [own, list] = [row.seal.subarray(0, DIGEST_BYTES), row.seal.subarray(DIGEST_BYTES)]
  const is = (digest: Buffer) => Buffer.compare(own, digest) === 0
  return is(digestOf({ ...row }, list)) || (list.length === 0 && is(oldDigestOf({ ...row })))
}

/** Of everything in the row, in the order of the table; but for the counts while batches still change them. */
function sealed(row: Row): unknown[] {
  const { seal: _, ...rest } = row
  const grows = rest['state'] === 'recording' ? { events: '', calls: '' } : {}
  return Object.values({ ...rest, ...grows })
}

function digestOf(row: Row, list: Uint8Array): Buffer {
  const hash = createHash('sha256')
    .update('pagetrail run 2\n')
    .update(JSON.stringify(sealed(row).map(cell)))
  return hash.update(list).digest()
}

const oldDigestOf = (row: Row): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(sealed(row).map(String)))
    .digest()

function listDigest(db: Sqlite.Database, run: number): Buffer {
  const hash = createHash('sha256').update('pagetrail batches 1\n')
  const batches = build.selectFrom('batch').select(['first', 'count', 'kinds', 'digest'])
  for (const row of selectAll(db, batches.where('run', '=', BigInt(run)).orderBy('first')))
    hash.update(`${Object.values(row).map(cell).join(' ')}\n`)
  const uses = build.selectFrom('name_use').select(['name', 'first'])
  for (const row of selectAll(db, uses.where('run', '=', BigInt(run)).orderBy('name')))
    hash.update(`${Object.values(row).map(cell).join(' ')}\n`)
  return hash.digest()
}

/** A value as it is stored: nothing, the word `null` and 5 as a text are not alike. */
const cell = (value: unknown): string =>
  value instanceof Uint8Array
    ? `blob ${Buffer.from(value).toString('hex')}`
    : `${typeof value} ${String(value)}`
