import {
  ASKED,
  escapeControls,
  importInput,
  jsonlChunks,
  openRuns,
  type Run,
  type RunFile,
  runWithSameEvents,
} from '@pagetrail/recorder'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importAsked } from '../imports/import-asked.ts'
import { importTogether } from '../imports/import-together.ts'
import { lookUpNames, onlyOne } from './named-runs.ts'
import { Progress } from '../progress.ts'
import type { Session } from '../session.ts'

/** A run, and the database it is in. */
export interface FoundRun {
  readonly runFile: RunFile
  readonly run: Run
  /** The path that it was imported from for this command alone; null: a run that stays. */
  readonly path: string | null
}

/** What a name on the command line stands for. @throws InputError where that is nothing, or more than one run */
export async function findRun(session: Session, name: string): Promise<FoundRun> {
  return onlyOne(name, await findRuns(session, [name]))
}

/**
 * The same of any number; a file may hold several. What is only a file is imported, into the database that --db names
 * or else into one that is gone when the command is over.
 */
export async function findRuns(session: Session, names: readonly string[]): Promise<FoundRun[]> {
  const { own, runs, files } = await lookUpNames(session, names)
  const imported = await importFiles(session, session.options.named ? own : null, files)
  return names.flatMap((name) => {
    const run = runs.get(name)
    return own && run ? [{ runFile: own, run, path: null }] : (imported.get(name) ?? [])
  })
}

/** The runs of files, imported into a database; null: into one for this command alone. */
export async function importFiles(
  session: Session,
  named: RunFile | null,
  files: readonly string[],
): Promise<ReadonlyMap<string, readonly FoundRun[]>> {
  const found = new Map<string, readonly FoundRun[]>()
  let into = named
  const together =
    into === null ? await importTogether(session, () => temporary(session), files) : null
  for (const [i, name] of files.entries()) {
    const done = together?.[i]
    if (!done) into ??= await temporary(session)
    const some = done ? [{ ...done, path: name }] : await importOne(session, into!, name)
    found.set(name, some)
  }
  return found
}

async function importOne(session: Session, into: RunFile, name: string): Promise<FoundRun[]> {
  const progress = new Progress(session.io, `importing ${escapeControls(name)}`, 'events')
  const ids = await session.interruptible((signal) =>
    importAsked(session, into, name, signal, ({ events, bytes, total }) =>
      progress.update(events, total === null ? undefined : bytes / total),
    ),
  )
  progress.end()
  const path = session.options.named ? null : name
  return ids.map((id) => ({ runFile: into, run: once(into, into.find(id)), path }))
}

/** The run of an earlier question about the same file, if it still says the same: a file is kept once. */
function once(into: RunFile, run: Run): Run {
  const earlier = runWithSameEvents(into, run, (other) => other.facts[ASKED] === run.facts[ASKED])
  if (earlier === undefined) return run
  into.remove(run)
  return earlier
}

/** A database that is removed when the verb is over. */
async function temporary(session: Session): Promise<RunFile> {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-'))
  session.atEnd(() => rmSync(folder, { recursive: true, force: true }))
  const runFile = await openRuns(join(folder, 'runs.db'), { mode: 'write', temporary: true })
  session.atEnd(() => runFile.close())
  return runFile
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
