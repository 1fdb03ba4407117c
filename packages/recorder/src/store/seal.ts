import { createHash } from 'node:crypto'

import type Sqlite from 'better-sqlite3'
import { type Selectable, sql } from 'kysely'

import { build, type Schema } from './schema.ts'
import { execute, hasTable, selectAll } from './statements.ts'

/**
 * A run's seal: SHA-256 of its row; once it has ended, of its lists of batches and names, which the first covers too;
 * and of its marks, which may change and which nothing else covers. So neither rows of two runs nor their batches with
 * all that belongs to them can be exchanged. Zeros stand for a list that still grows. Files of 0.1 have the first
 * alone, in {@link oldDigestOf its older form}.
 */
interface Seal {
  readonly own: Uint8Array
  /** Empty, this and the next: nothing is said of it. */
  readonly list: Uint8Array
  readonly marks: Uint8Array
}

const DIGEST_BYTES = 32

/** A damaged row can hold any value: what is not bytes does not seal the row. */
function partsOf(seal: unknown): Seal {
  const bytes = seal instanceof Uint8Array ? seal : new Uint8Array()
  const [own, list, marks] = [0, 1, 2].map((n) =>
    bytes.subarray(n * DIGEST_BYTES, (n + 1) * DIGEST_BYTES),
  ) as [Uint8Array, Uint8Array, Uint8Array]
  return { own, list: list.some((byte) => byte !== 0) ? list : new Uint8Array(), marks }
}

function put(db: Sqlite.Database, run: number, { own, list, marks }: Seal): void {
  const pad = list.length === 0 && marks.length > 0 ? new Uint8Array(DIGEST_BYTES) : list
  const seal = Buffer.concat([own, pad, marks])
  execute(db, build.updateTable('run').set({ seal }).where('id', '=', BigInt(run)))
}

/** The part of a seal that is of the run and its events, not of its marks. */
export function evidenceOfSeal(seal: Uint8Array | null): Uint8Array {
  const { own, list } = partsOf(seal)
  return Buffer.concat([own, list])
}

type Row = Readonly<Record<string, unknown>>

/** Puts the seal into the run's row; the caller has proven what is there, and holds a transaction. */
export function seal(db: Sqlite.Database, run: number): void {
  const [row] = selectAll(db, rowOf(run))
  if (!row) return
  const ended = row.state !== 'recording'
  const list = ended ? listDigest(db, run) : new Uint8Array()
  const known = partsOf(row.seal).marks
  const marks = known.length === 0 && ended ? marksDigest(db, run) : known
  put(db, run, { own: digestOf({ ...row }, list), list, marks })
}

/** The marks of a run have been changed, in the caller's transaction. */
export function sealMarks(db: Sqlite.Database, run: number): void {
  const [row] = selectAll(db, rowOf(run))
  if (row) put(db, run, { ...partsOf(row.seal), marks: marksDigest(db, run) })
}

/** What is wrong with the marks of a run, or null. */
export function marksProblem(db: Sqlite.Database, run: number): string | null {
  const [row] = selectAll(db, rowOf(run))
  const { marks } = partsOf(row?.seal ?? null)
  if (marks.length === 0 || Buffer.compare(marks, marksDigest(db, run)) === 0) return null
  return `the marks of run ${run} are not those that were set`
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
  const { list } = partsOf(row.seal)
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
  const { own, list } = partsOf(row.seal)
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
  const batches = build.selectFrom('batch').select(['first', 'count', 'kinds', 'digest'])
  const uses = build.selectFrom('name_use').select(['name', 'first'])
  return digestOfRows('batches', [
    ...selectAll(db, batches.where('run', '=', BigInt(run)).orderBy('first')),
    ...selectAll(db, uses.where('run', '=', BigInt(run)).orderBy('name')),
  ])
}

function marksDigest(db: Sqlite.Database, run: number): Buffer {
  const marks = build.selectFrom('mark').select(['seq', 'text']).where('run', '=', BigInt(run))
  return digestOfRows('marks', hasTable(db, 'mark') ? selectAll(db, marks.orderBy('seq')) : [])
}

function digestOfRows(what: string, rows: readonly object[]): Buffer {
  const hash = createHash('sha256').update(`pagetrail ${what} 1\n`)
  for (const row of rows) hash.update(`${JSON.stringify(Object.values(row).map(cell))}\n`)
  return hash.digest()
}

/** A value as it is stored: nothing, the word `null` and 5 as a text are not alike. */
const cell = (value: unknown): string =>
  value instanceof Uint8Array
    ? `blob ${Buffer.from(value).toString('hex')}`
    : `${typeof value} ${String(value)}`
