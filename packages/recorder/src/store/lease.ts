import { rmSync } from 'node:fs'

import Sqlite from 'better-sqlite3'

/**
 * Tells a run that is being recorded from one whose recorder died.
 *
 * While it records, a writer holds SQLite's exclusive lock on an empty file beside the database, `<db>-run<id>`. The
 * operating system drops the lock with the process, however it ends; no clock, process id or heartbeat is consulted,
 * so a reused pid or a suspended machine cannot mislead.
 */
export class Lease {
  readonly #path: string
  readonly #lock: Sqlite.Database

  private constructor(path: string, lock: Sqlite.Database) {
    this.#path = path
    this.#lock = lock
  }

  /** null for a database in memory, which no other process can see. */
  static take(db: string, run: number): Lease | null {
    if (db === MEMORY) return null
    const path = leasePath(db, run)
    const lock = new Sqlite(path, { timeout: 0 })
    try {
      // No journal beside it that a killed process would leave.
      lock.pragma('journal_mode = memory')
      lock.exec('begin exclusive')
    } catch (error) {
      lock.close()
      throw error
    }
    return new Lease(path, lock)
  }

  /** The file goes first: whoever looks in between finds no lease, and the run's state is already final. */
  release(): void {
    rmSync(this.#path, { force: true })
    this.#lock.close()
  }
}

/** Whether a living process records this run. */
export function isLeased(db: string, run: number): boolean {
  if (db === MEMORY) return true
  let lock: Sqlite.Database | undefined
  try {
    lock = new Sqlite(leasePath(db, run), { readonly: true, fileMustExist: true, timeout: 0 })
    lock.prepare('select 1 from sqlite_schema').get()
    return false
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) {
      if (error.code.startsWith('SQLITE_BUSY')) return true
      if (error.code.startsWith('SQLITE_CANTOPEN')) return false
    }
    throw error
  } finally {
    lock?.close()
  }
}

/** Removes what a dead recorder left. */
export function dropLease(db: string, run: number): void {
  if (db !== MEMORY) rmSync(leasePath(db, run), { force: true })
}

export const MEMORY = ':memory:'

const leasePath = (db: string, run: number): string => `${db}-run${run}`
