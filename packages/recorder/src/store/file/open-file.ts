import { InputError } from '@pagetrail/engine'
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import Sqlite from 'better-sqlite3'

import { isMountedAlone, realPath } from './file-names.ts'
import { MEMORY } from './lease.ts'
import { withWal } from './wal-image.ts'

/** How long a writer waits for another one's transaction; a batch takes tens of milliseconds. */
export const BUSY_MS = 15_000
/** Pages that a connection for reading keeps. */
const CACHE_KB = 2048
/** A file that can only be read from memory may be this large. */
const MEMORY_COPY_BYTES = 1 << 30

/**
 * A connection for writing; creates the file, and changes nothing in one that is there. `temporary`: nobody waits until
 * the disk has what is written.
 */
export function openForWriting(
  path: string,
  timeout: number,
  { temporary = false }: { readonly temporary?: boolean },
): Sqlite.Database {
  if (path !== MEMORY) {
    checkFolder(path)
    checkOneName(path)
  }
  const db = new Sqlite(path, { timeout })
  if (temporary) db.pragma('synchronous = off')
  // Asks for the write lock now: a read-only file is reported before anything was recorded.
  if (path !== MEMORY && existsSync(path)) checkWritable(db, path)
  return db
}

/**
 * @throws InputError where there is no such file
 * @internal
 */
export function checkExists(path: string): Stats {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat) return stat
  throw new InputError(
    `${path} does not exist; pagetrail record or import makes it, --db names another`,
  )
}

/** A database in which nothing was recorded. */
export const noRuns = (path: string): InputError =>
  new InputError(`${path} is empty; record or import a run`)

/** A read-only connection to an existing file. */
export function openForReading(path: string, timeout: number): Sqlite.Database {
  checkNoFolder(path)
  const db = new Sqlite(path, { readonly: true, fileMustExist: true, timeout })
  try {
    db.prepare('select 1 from sqlite_schema').get()
    return prepared(db)
  } catch (error) {
    db.close()
    if (!cannotMakeSharedMemory(error, path)) throw error
    return openCopy(path)
  }
}

function prepared(db: Sqlite.Database): Sqlite.Database {
  // Sorting a billion rows fills memory, which is limited, and not a disk for temporary files, which may be full. It
  // drops what is temporary: first.
  db.pragma('temp_store = memory')
  // Runs are read through once, in order: what SQLite keeps of them beyond that is memory for nothing.
  db.pragma(`cache_size = -${CACHE_KB}`)
  addMore(db)
  return db
}

/** A file that no newer version has opened for writing lacks a column: the view of this connection has it. */
function addMore(db: Sqlite.Database): void {
  const columns = db.prepare(`select name from pragma_table_info('event')`).pluck().all()
  if (columns.length === 0 || columns.includes('more')) return
  db.exec('create temp view event as select *, null as more from main.event')
}

/** WAL wants to make `-shm` beside the file even for a reader, which a read-only folder and a full disk forbid. */
function cannotMakeSharedMemory(error: unknown, path: string): boolean {
  if (!(error instanceof Sqlite.SqliteError)) return false
  return /^SQLITE_(CANTOPEN|READONLY|FULL|IOERR_SHM)/.test(error.code) && isReadable(path)
}

/** How often a file that is written to meanwhile is read again. */
const TRIES = 5

/** Reads the file, and what is in its -wal, into memory: there SQLite needs nothing beside it. */
function openCopy(path: string): Sqlite.Database {
  const names = ['', '-wal'].map((end) => realPath(path) + end)
  for (let n = 0; n < TRIES; n++) {
    const before = names.map(stateOf)
    const size = before.reduce((sum, stat) => sum + Number(stat?.size ?? 0n), 0)
    if (size > MEMORY_COPY_BYTES)
      throw cannotCopy(path, `and it has ${size} bytes, too many for memory`)
    const [file, wal] = names.map((name, i) => (before[i] ? readFileSync(name) : Buffer.alloc(0)))
    if (!names.every((name, i) => isDeepStrictEqual(stateOf(name), before[i]))) continue
    const image = withWal(file!, wal!, MEMORY_COPY_BYTES)
    if (typeof image === 'string') throw cannotCopy(path, `and ${image}`)
    // Bytes 18 and 19 say WAL (2) or rollback journal (1); a database in memory can only be the latter.
    if (image.length > 19) image.fill(1, 18, 20)
    return prepared(new Sqlite(image, { readonly: true }))
  }
  throw cannotCopy(path, 'and it is written to all the time')
}

/** Size and times of a file; undefined: there is none. */
function stateOf(path: string): { size: bigint; mtime: bigint; ctime: bigint } | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && { size: stat.size, mtime: stat.mtimeNs, ctime: stat.ctimeNs }
}

function cannotCopy(path: string, why: string): InputError {
  const full = statfsSync(dirname(realPath(path))).bavail === 0
  const [reason, remedy] = full
    ? ['its disk is full', 'make room, or copy it and its -wal elsewhere']
    : ['nothing can be made in its folder', 'copy it and its -wal elsewhere']
  return new InputError(`${path} cannot be read where it is: ${reason}, ${why}; ${remedy}`)
}

function checkFolder(path: string): void {
  checkNoFolder(path)
  const folder = dirname(path)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(
      `${path} cannot be made, there is no folder ${folder}; make it or name another with --db`,
    )
  }
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    throw new InputError(
      `${path} is in a folder that cannot be written; name another file with --db`,
    )
  }
}

/** SQLite names its -wal after the file: through two names it would be written without either knowing of the other. */
function checkOneName(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat && isMountedAlone(path)) {
    throw new InputError(
      `${path} is mounted here without its folder, where its -wal lies: runs would be lost; mount the folder`,
    )
  }
  if (!stat || stat.nlink < 2) return
  throw new InputError(
    `${path} has ${stat.nlink} names (hard links), and writing through two of them loses runs; copy it and write to the copy`,
  )
}

function checkNoFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`${path} is a folder; name a file with --db`)
  }
}

function checkWritable(db: Sqlite.Database, path: string): void {
  try {
    accessSync(path, constants.W_OK)
  } catch {
    db.close()
    throw new InputError(
      `${path} cannot be written; change its permissions or name another with --db`,
    )
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
