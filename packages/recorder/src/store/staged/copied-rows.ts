import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs'
import { threadId } from 'node:worker_threads'

import Sqlite from 'better-sqlite3'

import type { Batch } from '../../event/batch.ts'
import { COLUMN_NAMES } from '../../event/event-columns.ts'
import { LeafRows } from './leaf-rows.ts'
import { PAGE } from './table-pages.ts'

const TABLE = 'copied_rows'
/** Schema of the database whose rows are read. */
const SOURCE = 'source'
/** A larger copy has rows with long texts, for which this does not pay. */
const MOST_BYTES = 16 << 20
/** Pages that SQLite keeps: they are read once. */
const CACHE_KB = 1024
/** How long to wait where the database is locked, ms: who reads row by row waits longer. */
const BUSY_MS = 100

/**
 * Reads rows many at once: SQLite copies them into a database beside the file, whose pages are taken apart here. Its
 * file loses its name as soon as it is open, so that nothing of it can stay. It is a connection of its own, which sees
 * what was committed last: rows of events never change.
 */
export class CopiedRows {
  readonly #path: string
  readonly #isThere: () => boolean
  /** Undefined: not yet; null: it cannot be, or failed. */
  #copy: Copy | null | undefined

  /** `isThere`: whether the path still leads to the file that was opened. Nothing is opened before it is needed. */
  constructor(path: string, isThere: () => boolean) {
    this.#path = path
    this.#isThere = isThere
  }

  /**
   * Fills an empty batch with the rows of these rowids. False where one of them is missing or long, or has a value that
   * a batch does not hold, or where SQLite fails: read one by one they show what is wrong. The batch is empty then.
   */
  read(first: number, last: number, batch: Batch): boolean {
    if (this.#copy === undefined) this.#open()
    if (this.#copy && this.#read(this.#copy, first, last, batch)) {
      if (batch.length === last - first + 1) return true
    }
    batch.clear()
    return false
  }

  #open(): void {
    this.#copy = Copy.open(this.#path)
    // It may be another file by now.
    if (!this.#isThere()) this.close()
  }

  #read(copy: Copy, first: number, last: number, batch: Batch): boolean {
    try {
      const image = copy.imageOf(first, last)
      if (image) return new LeafRows(image, batch, first).append(copy.root)
    } catch (error) {
      if (!(error instanceof Sqlite.SqliteError)) throw error
    }
    this.close()
    return false
  }

  /** For good: rows are read one by one from here on. */
  close(): void {
    this.#copy?.close()
    this.#copy = null
  }
}

/** The database that rows are copied into. */
class Copy {
  /** Page of the table. */
  readonly root: number
  readonly #db: Sqlite.Database
  readonly #descriptor: number
  readonly #empty: Sqlite.Statement<[]>
  readonly #copy: Sqlite.Statement<[bigint, bigint]>
  #image = Buffer.alloc(0)

  private constructor(db: Sqlite.Database, descriptor: number) {
    const columns = COLUMN_NAMES.map((name) => `"${name}"`)
    // The others have no types: values stay what they are.
    db.exec(`create table ${TABLE} (id integer primary key, ${columns.slice(1).join(', ')})`)
    const root = `select rootpage from main.sqlite_schema where name = '${TABLE}'`
    this.root = db.prepare<[], number>(root).pluck().get() ?? 0
    this.#empty = db.prepare<[]>(`delete from main.${TABLE}`)
    this.#copy = db.prepare<[bigint, bigint]>(
      `insert into main.${TABLE} select ${columns.join(', ')} from ${SOURCE}.event where id >= ? and id <= ?`,
    )
    this.#db = db
    this.#descriptor = descriptor
  }

  /** Null where it cannot be: in a folder that cannot be written, of a file of an older version. */
  static open(path: string): Copy | null {
    const file = `${path}-read-${process.pid}-${threadId}`
    let descriptor: number
    try {
      descriptor = openSync(file, 'wx+')
    } catch {
      return null
    }
    let db: Sqlite.Database | undefined
    try {
      // Nor is the other file made where it is no longer.
      db = new Sqlite(file, { fileMustExist: true, timeout: BUSY_MS })
      db.pragma(`page_size = ${PAGE}`)
      // In a file it would have to be beside one that has a name.
      db.pragma('journal_mode = memory')
      db.pragma('synchronous = off')
      db.prepare(`attach ? as ${SOURCE}`).run(path)
      for (const schema of ['main', SOURCE]) db.pragma(`${schema}.cache_size = -${CACHE_KB}`)
      return new Copy(db, descriptor)
    } catch {
      db?.close()
      closeSync(descriptor)
      return null
    } finally {
      unlinkSync(file)
    }
  }

  /** The database when it has the rows of these rowids, valid until the next; null where it is too large. */
  imageOf(first: number, last: number): Buffer | null {
    this.#empty.run()
    this.#copy.run(BigInt(first), BigInt(last))
    const { size } = fstatSync(this.#descriptor)
    if (size > MOST_BYTES) return null
    if (this.#image.length < size) this.#image = Buffer.alloc(size)
    const read = readSync(this.#descriptor, this.#image, 0, size, 0)
    return read < size ? null : this.#image.subarray(0, size)
  }

  close(): void {
    this.#db.close()
    closeSync(this.#descriptor)
  }
}
