import { InputError as EngineInputError } from '@pagetrail/engine'
import { InputError } from '@pagetrail/recorder'
import type { Io } from './io.ts'
import type { Status } from './session.ts'

/**
 * Says on standard error what went wrong, and gives the exit status. Bad input is told in its own words; a fault
 * that names no input is a bug of Pagetrail's and comes with its stack.
 */
export async function reportFailure(io: Io, error: unknown): Promise<Status> {
  const told = error instanceof Error ? ownWords(error) : null
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error)
  await io.stderr.write(
    told === null
      ? `pagetrail: internal error; please report it with the command you ran\n${bug}\n`
      : `pagetrail: ${told}\n`,
  )
  return 2
}

function ownWords(error: Error): string | null {
  if (error instanceof InputError || error instanceof EngineInputError) return error.message
  if ('code' in error && typeof error.code === 'string') return system(error, error.code)
  return null
}

/** What SQLite and the operating system report, with the remedy where there is one. */
const REMEDIES: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full: make room, and what was committed before is still there',
  SQLITE_BUSY: 'another process is writing to the database: try again when it has finished',
  SQLITE_READONLY:
    'the database cannot be written: check the permissions of the file and its folder',
  SQLITE_CANTOPEN: 'the database cannot be opened: check that its folder exists and may be entered',
  SQLITE_CORRUPT: 'the database is damaged: `pagetrail verify` tells where',
  SQLITE_NOTADB: 'the file is not a Pagetrail database: name another with --db',
  SQLITE_IOERR: 'the disk reported an error while the database was read or written',
  ENOENT: 'there is no such file',
  EACCES: 'the file may not be accessed: check its permissions',
  EISDIR: 'it is a folder, not a file',
  ENOSPC: 'the disk is full: make room and try again',
}

function system(error: Error, code: string): string | null {
  // Extended codes of SQLite append to the base: SQLITE_IOERR_WRITE.
  const base = Object.keys(REMEDIES).find((known) => code === known || code.startsWith(`${known}_`))
  const remedy = base === undefined ? undefined : REMEDIES[base]
  if (remedy === undefined) return code.startsWith('SQLITE_') ? `SQLite: ${error.message}` : null
  return `${error.message}: ${remedy}`
}

/** Runs `work` with bad input told of the file (and line) it came from. */
export function inFile<T>(where: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof InputError) throw error.at(where)
    if (error instanceof EngineInputError) {
      throw new InputError(`${where}: ${error.message}`, { cause: error })
    }
    throw error
  }
}
