import { InputError } from '@pagetrail/engine'
import { safeLines } from '../text/fit.ts'
import type { Io } from './io.ts'
import type { Status } from './session.ts'

/**
 * Says on standard error what went wrong, and gives the exit status. Bad input is reported in its own words; a fault
 * that names no input is a bug of Pagetrail's and comes with its stack.
 */
export async function reportFailure(io: Io, error: unknown): Promise<Status> {
  const own = error instanceof Error ? ownWords(error) : null
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error)
  await io.stderr.write(
    own === null
      ? `pagetrail: internal error; please report it with the command you ran\n${safeLines(bug)}\n`
      : `pagetrail: ${safeLines(own)}\n`,
  )
  return 2
}

function ownWords(error: Error): string | null {
  if (error instanceof InputError) return error.message
  if ('code' in error && typeof error.code === 'string') return system(error, error.code)
  return null
}

/** What the operating system reports of files, with the remedy; the recorder reports those of databases itself. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the file may not be accessed: check its permissions',
  EISDIR: 'it is a folder, not a file',
  ENOSPC: 'the disk is full: make room and try again',
  EDQUOT: 'your quota is full: make room and try again',
  EFBIG: 'a file may not be that large here: name a place without that limit',
  EROFS: 'the file system can only be read: name another place',
  EPERM: 'the system does not permit it: check its permissions',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'something of that name is there: name another',
  ENOTEMPTY: 'the folder is not empty: name another',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links lead in a circle',
  EMFILE: 'too many files are open: end programs, or raise the limit of the shell',
  ENOMEM: 'there is not enough memory',
  EIO: 'the disk or file system reports an error',
  EBUSY: 'it is in use: try again later',
}

function system(error: Error, code: string): string | null {
  if (code.startsWith('SQLITE_')) return `SQLite: ${error.message}`
  const remedy = REMEDIES[code]
  return remedy === undefined ? null : `${error.message}: ${remedy}`
}

/** Runs `work`; bad input names the file (and line) it came from. */
export function inFile<T>(where: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof InputError) throw error.at(where)
    throw error
  }
}
