import {
  ASKED,
  escapeControls,
  type Imported,
  importInput,
  InputError,
  jsonlChunks,
  openRuns,
  type Run,
  type RunFile,
  runWithSameEvents,
  count,
} from '@pagetrail/recorder'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importTogether } from './imports/import-together.ts'
import { Progress } from './progress.ts'
import type { Session } from './session.ts'

/** A run, and the database it is in. */
export interface FoundRun {
  readonly runFile: RunFile
  readonly run: Run
  /** The path that it was imported from for this command alone; null: a run that stays. */
  readonly path: string | null
}

/** Something of the file system is called so: a file, a pipe. */
export const isFile = (name: string): boolean => existsSync(name)

/** What a name on the command line stands for. @throws InputError where that is nothing, or more than one run */
export async function findRun(session: Session, name: string): Promise<FoundRun> {
  return onlyOne(name, await new RunFinder(session).find([name]))
}

/** The same of several, one each. */
export async function findEach(session: Session, names: readonly string[]): Promise<FoundRun[]> {
  const found = await new RunFinder(session).find(names)
  return names.map((name) => onlyOne(name, found))
}

/** The same of any number; a file may hold several. */
export async function findRuns(session: Session, names: readonly string[]): Promise<FoundRun[]> {
  const found = await new RunFinder(session).find(names)
  return names.flatMap((name) => found.get(name) ?? [])
}

type Found = ReadonlyMap<string, readonly FoundRun[]>

function onlyOne(name: string, found: Found): FoundRun {
  const runs = found.get(name) ?? []
  const [first] = runs
  if (first && runs.length === 1) return first
  throw new InputError(`${name} holds ${count(runs.length)} runs; import it, and name one of them`)
}

/**
 * Runs by name, and files by path: a run of the database wins. What is only a file is imported, into the database that
 * --db names or else into one that is gone when the command is over.
 */
class RunFinder {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async find(names: readonly string[]): Promise<Found> {
    const session = this.#session
    const files = names.filter(isFile)
    const own = await databaseFor(session, names, files)
    const found = new Map<string, FoundRun[]>()
    // Before anything is imported: -1 is the latest that was there.
    for (const name of names) {
      const run = own?.lookUp(name)
      if (own && run) found.set(name, [{ runFile: own, run, path: null }])
      else if (!isFile(name)) throw nothingCalled(name, own, session)
    }
    let into: RunFile | null = session.options.named ? own : null
    const unknown = files.filter((name, i) => !found.has(name) && files.indexOf(name) === i)
    const together =
      into === null ? await importTogether(session, () => temporary(session), unknown) : null
    for (const [i, name] of unknown.entries()) {
      const done = together?.[i]
      if (done) {
        found.set(name, [{ ...done, path: name }])
        continue
      }
      into ??= await temporary(session)
      found.set(name, await this.#imported(into, name))
    }
    return found
  }

  async #imported(into: RunFile, name: string): Promise<FoundRun[]> {
    const session = this.#session
    session.io.youngSpace.release()
    const progress = new Progress(session.io, `importing ${escapeControls(name)}`, 'events')
    const ids = await session.interruptible(async (signal) => {
      const one = async (buffer: string | null): Promise<Imported> => {
        const imported = await importInput(into, name, 'auto', {
          created: session.io.now(),
          asked: name,
          signal,
          ...(buffer === null ? {} : { buffer }),
          onProgress: ({ events, bytes, total }) =>
            progress.update(events, total === null ? undefined : bytes / total),
        })
        // A part of a file must not be taken for the whole.
        signal.throwIfAborted()
        return imported
      }
      const { report, format } = await one(null)
      if (format === 'jsonl') return report.runs.map(({ id }) => id)
      const further: number[] = []
      for (const buffer of report.otherBuffers) {
        const imported = await one(buffer)
        if (imported.format === 'trace') further.push(imported.report.run)
      }
      return [report.run, ...further]
    })
    progress.end()
    const path = session.options.named ? null : name
    return ids.map((id) => ({ runFile: into, run: once(into, into.find(id)), path }))
  }
}

/** The run of an earlier question about the same file, if it still says the same: a file is kept once. */
function once(into: RunFile, run: Run): Run {
  const earlier = runWithSameEvents(into, run, (other) => other.facts[ASKED] === run.facts[ASKED])
  if (earlier === undefined) return run
  into.remove(run)
  return earlier
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

/** A database that is removed when the verb is over. */
async function temporary(session: Session): Promise<RunFile> {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-'))
  session.atEnd(() => rmSync(folder, { recursive: true, force: true }))
  const runFile = await openRuns(join(folder, 'runs.db'), { mode: 'write', temporary: true })
  session.atEnd(() => runFile.close())
  return runFile
}

/** What looks like a path was meant as one. */
const looksLikePath = (name: string): boolean => /[./]/.test(name)

function nothingCalled(name: string, own: RunFile | null, session: Session): InputError {
  const missing = own === null ? `${session.options.db} does not exist` : own.noSuch(name).message
  return looksLikePath(name)
    ? new InputError(`${name} is neither a file nor a run: ${missing}`)
    : new InputError(missing)
}

/** All of them in one database, for what works on one file: copied, where they are in several. */
export async function inOneFile(
  session: Session,
  found: readonly FoundRun[],
): Promise<{ readonly runFile: RunFile; readonly runs: readonly Run[] }> {
  const [first] = found
  if (first && found.every(({ runFile }) => runFile === first.runFile))
    return { runFile: first.runFile, runs: found.map(({ run }) => run) }
  const into = await temporary(session)
  const runs: Run[] = []
  for (const { runFile, run } of found) {
    const chunks = bytesOf(jsonlChunks(runFile.source(run)))
    const imported = await importInput(into, { name: run.label, chunks }, 'jsonl', {
      created: run.created,
    })
    if (imported.format === 'jsonl')
      runs.push(...imported.report.runs.map(({ id }) => into.find(id)))
  }
  return { runFile: into, runs }
}

async function* bytesOf(texts: Iterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for (const text of texts) yield encoder.encode(text)
}
