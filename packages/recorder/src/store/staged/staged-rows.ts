import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'

import type Sqlite from 'better-sqlite3'

import type { Batch } from '../../event/batch.ts'
import { RowImage } from './row-image.ts'
import { firstPage, PAGE, putChange } from './table-pages.ts'

/** Name of the attached database. */
const SCHEMA = 'staged'
/** Bytes of a database's header, at its beginning. */
const HEADER = 100

/**
 * A database beside the file, attached to its connection, that is written anew with the rows of each batch: from there
 * SQLite copies them in one statement. Its file loses its name as soon as it is open, so that nothing of it can stay.
 */
export class StagedRows {
  readonly #image = new RowImage()
  readonly #first: Uint8Array
  readonly #descriptor: number
  readonly #copy: Sqlite.Statement<[]>
  #changes = 0

  private constructor(db: Sqlite.Database, descriptor: number, first: Uint8Array) {
    this.#descriptor = descriptor
    this.#first = first
    this.#copy = db.prepare<[]>(`insert into main.event select * from ${SCHEMA}.event`)
  }

  /** Null where it cannot be: rows are bound then. Outside of a transaction. */
  static open(db: Sqlite.Database, path: string): StagedRows | null {
    const sql = db
      .prepare<[], string>(`select sql from main.sqlite_schema where name = 'event'`)
      .pluck()
      .get()
    if (sql === undefined) return null
    const file = `${path}-rows`
    let descriptor: number
    try {
      descriptor = openSync(file, 'wx+')
    } catch {
      // Another process has just made its own, or the folder is full.
      return null
    }
    try {
      const first = firstPage('event', sql)
      putChange(first, 1, 2)
      writeSync(descriptor, first, 0, PAGE, 0)
      writeSync(descriptor, EMPTY_LEAF, 0, PAGE, PAGE)
      db.prepare(`attach ? as ${SCHEMA}`).run(file)
      return new StagedRows(db, descriptor, first)
    } catch {
      closeSync(descriptor)
      return null
    } finally {
      unlinkSync(file)
    }
  }

  /** Prepares the rows of a batch, the first with rowid `base`; before the transaction. False where they do not fit. */
  stage(batch: Batch, base: number): boolean {
    const pages = this.#image.pages(batch, base)
    if (pages === null) return false
    putChange(this.#first, ++this.#changes + 1, 1 + pages.length / PAGE)
    if (!this.#write(pages, PAGE) || !this.#write(this.#first.subarray(0, HEADER), 0)) return false
    return true
  }

  /** False where the disk takes no more: the file's own rows say so then. */
  #write(bytes: Uint8Array, at: number): boolean {
    try {
      return writeSync(this.#descriptor, bytes, 0, bytes.length, at) === bytes.length
    } catch {
      return false
    }
  }

  /** Inserts them, inside the transaction. */
  insert(): void {
    this.#copy.run()
  }

  /** When the connection is closed. */
  close(): void {
    closeSync(this.#descriptor)
  }
}

/** A table without rows. */
const EMPTY_LEAF = new Uint8Array(PAGE)
EMPTY_LEAF[0] = 0x0d
