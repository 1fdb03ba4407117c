import { InputError, type Run, type RunFile, count } from '@pagetrail/recorder'
import { existsSync } from 'node:fs'
import type { Session } from '../session.ts'

/** Something of the file system is called so: a file, a pipe. */
export const isFile = (name: string): boolean => existsSync(name)

/** What names on the command line stand for, before any file is imported. */
export interface Named {
  /** The database in which they were looked up; null: there is none, and none is needed. */
  readonly own: RunFile | null
  /** By name. A run of the database wins over a file of that name. */
  readonly runs: ReadonlyMap<string, Run>
  /** The others, each once: files, by the order in which they were named. */
  readonly files: readonly string[]
}

/** Looks names up. @throws InputError where one is neither a run nor a file */
export async function lookUpNames(session: Session, names: readonly string[]): Promise<Named> {
  if (names.includes('-'))
    throw new InputError('- names no run; standard input is called /dev/stdin')
  const files = names.filter(isFile)
  const own = await databaseFor(session, names, files)
  const runs = new Map<string, Run>()
  // Before anything is imported: -1 is the latest that was there.
  for (const name of names) {
    const run = own?.lookUp(name)
    if (run) runs.set(name, run)
    else if (!isFile(name)) throw nothingCalled(name, own, session)
  }
  return { own, runs, files: [...new Set(files)].filter((name) => !runs.has(name)) }
}

/** The only run that a name stands for. @throws InputError where a file holds several */
export function onlyOne<T>(name: string, runs: readonly T[]): T {
  const [first] = runs
  if (first && runs.length === 1) return first
  throw new InputError(`${name} holds ${count(runs.length)} runs; import it, and name one of them`)
}

/** The database in which names are looked up; null: there is none, and none is needed. */
async function databaseFor(
  session: Session,
  names: readonly string[],
  files: readonly string[],
): Promise<RunFile | null> {
  const { named } = session.options
  const lost = names.find((name) => looksLikePath(name) && !files.includes(name))
  if (lost !== undefined && !existsSync(session.options.db))
    throw nothingCalled(lost, null, session)
  if (named && files.length > 0) return session.runFile('write')
  return files.length === names.length ? databaseBeside(session) : session.runFile('read')
}

/** The database that may hold a run called as a file is; null where there is none, or none that can be read. */
export async function databaseBeside(session: Session): Promise<RunFile | null> {
  const { db } = session.options
  if (!existsSync(db)) return null
  try {
    return await session.runFile('read')
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    await session.note(`files are read as such: ${error.message}`)
    return null
  }
}

/** What looks like a path was meant as one. */
const looksLikePath = (name: string): boolean => /[./]/.test(name)

function nothingCalled(name: string, own: RunFile | null, session: Session): InputError {
  const missing = own === null ? `${session.options.db} does not exist` : own.noSuch(name).message
  return looksLikePath(name)
    ? new InputError(`${name} is neither a file nor a run: ${missing}`)
    : new InputError(missing)
}
