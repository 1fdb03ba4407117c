import { InputError } from '@pagetrail/engine'
import Sqlite from 'better-sqlite3'

/** What each of SQLite's failures means to the user of a database file, and what to do. */
const MEANING: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_NOTADB/, 'is not a Pagetrail database; name another file with --db'],
  [/^SQLITE_CORRUPT/, 'is damaged; pagetrail verify says where, export saves what is readable'],
  [
    /^SQLITE_FULL/,
    'could not grow, the disk is full; what was committed before is kept. Make room and repeat',
  ],
  [/^SQLITE_BUSY/, 'is locked by another process; wait for it to finish and repeat'],
  [
    /^SQLITE_READONLY_DIRECTORY/,
    'is in a folder that cannot be written; name another file with --db',
  ],
  [/^SQLITE_READONLY/, 'cannot be written; check its permissions or copy it elsewhere'],
  [/^SQLITE_(CANTOPEN|PERM|AUTH)/, 'cannot be opened; check its folder and permissions'],
  [
    /^SQLITE_IOERR_SHM/,
    'has no room beside it for what SQLite needs: the disk is full. Make room, or copy it and its -wal elsewhere',
  ],
  [
    /^SQLITE_IOERR/,
    'could not be read or written: the disk or file system reports an error; what was committed is kept',
  ],
  [/^SQLITE_TOOBIG/, 'cannot hold a value that large'],
  [
    /^SQLITE_(ERROR|SCHEMA)/,
    'does not have the tables it should have; pagetrail verify says what is wrong',
  ],
]

/** The error to show: SQLite's own codes become sentences about the file, anything else passes as it is. */
export function inDatabase(path: string, error: unknown): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error
  const meaning = MEANING.find(([code]) => code.test(error.code))
  if (!meaning) return error
  return new InputError(`${path} ${meaning[1]} (${error.code}: ${error.message})`, { cause: error })
}

/** Runs it; a failure of SQLite names the file. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw inDatabase(path, error)
  }
}

/** The same for what is read page by page; one generator an item, where three cost as much as the item. */
export function* guardedPages<T>(path: string, pages: Iterable<readonly T[]>): Generator<T> {
  try {
    for (const page of pages) for (let i = 0; i < page.length; i++) yield page[i]!
  } catch (error) {
    throw inDatabase(path, error)
  }
}

/** The same for what is read piece by piece. */
export function* guardedEach<T>(path: string, items: Iterable<T>): Generator<T> {
  try {
    yield* items
  } catch (error) {
    throw inDatabase(path, error)
  }
}
