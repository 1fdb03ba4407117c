import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'

import Sqlite from 'better-sqlite3'

import { namesOf, realPath } from './file-names.ts'

export const MEMORY = ':memory:'

/**
 * Tells a run that is being recorded from one whose recorder died.
 *
 * While it records, a writer holds SQLite's exclusive lock on a small file beside the database, `<db>-run<id>`; the
 * operating system drops the lock with the process, however it ends. No clock, process id or heartbeat is consulted, so
 * a reused pid or a suspended machine cannot mislead. The file also keeps how many events were committed: what a
 * database falls back to whose -wal was lost after a kill is less, and that can be said.
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
      // No journal beside it that a killed process would leave; the lock outlasts each transaction.
      lock.pragma('journal_mode = memory')
      lock.pragma('synchronous = off')
      lock.pragma('locking_mode = exclusive')
      lock.exec('begin exclusive; create table if not exists lease (run); commit')
      lock.pragma('user_version = 0')
    } catch (error) {
      lock.close()
      throw error
    }
    return new Lease(path, lock)
  }

  /** Keeps that so many events are committed. */
  acknowledge(events: number): void {
    // The header has 31 bits for it; what is beyond two billion events is not counted.
    if (events <= 0x7fff_ffff) this.#lock.pragma(`user_version = ${events}`)
  }

  /**
   * The file goes first: whoever looks in between finds no lease, and the run's state is already final. It stays where
   * the run's last events are in the -wal alone.
   */
  release(settled: boolean): void {
    if (settled) rmSync(this.#path, { force: true })
    this.#lock.close()
  }
}

/** Whether a living process records this run. */
export function isLeased(db: string, run: number): boolean {
  if (db === MEMORY) return true
  const { names, all } = namesOf(db)
  // A name in another folder cannot be found: then the run's own row is all that is known.
  return !all || names.some((name) => lookAt(`${name}-run${run}`) === 'locked')
}

/** Events that a dead recorder had committed, as its lease says; 0 where there is none. */
export function acknowledgedOf(db: string, run: number): number {
  if (db === MEMORY) return 0
  const found = lookAt(leasePath(db, run))
  return typeof found === 'number' ? found : 0
}

/** Runs with a lease that nobody holds, and what it says was committed. */
export function droppedLeases(db: string): { run: number; acknowledged: number }[] {
  if (db === MEMORY) return []
  const prefix = `${basename(realPath(db))}-run`
  const found: { run: number; acknowledged: number }[] = []
  for (const name of readdirSync(dirname(realPath(db)))) {
    const id = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    if (!/^\d+$/.test(id)) continue
    const run = Number(id)
    const state = lookAt(leasePath(db, run))
    if (typeof state === 'number') found.push({ run, acknowledged: state })
  }
  return found.toSorted((a, b) => a.run - b.run)
}

/** Removes what a dead recorder left. */
export function dropLease(db: string, run: number): void {
  if (db !== MEMORY) rmSync(leasePath(db, run), { force: true })
}

/** The number that a lease keeps, or that it is held, or is not there. */
function lookAt(path: string): number | 'locked' | 'none' {
  let lock: Sqlite.Database | undefined
  try {
    lock = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 0 })
    lock.prepare('select 1 from sqlite_schema').get()
    return Number(lock.pragma('user_version', { simple: true }))
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) {
      if (error.code.startsWith('SQLITE_BUSY')) return 'locked'
      if (error.code.startsWith('SQLITE_CANTOPEN')) return 'none'
      if (/^SQLITE_(NOTADB|CORRUPT|IOERR_SHORT)/.test(error.code)) return 0
    }
    throw error
  } finally {
    lock?.close()
  }
}

const leasePath = (db: string, run: number): string => `${realPath(db)}-run${run}`
