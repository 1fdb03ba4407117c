import type { EventSource } from '@pagetrail/recorder'
import { type FoundRun, importFiles } from './find-runs.ts'
import { importEach } from '../imports/import-each.ts'
import { nameOf } from './name-run.ts'
import { lookUpNames, onlyOne } from './named-runs.ts'
import type { Session } from '../session.ts'

/** A run that a verb reads in order and needs nothing else of. */
export interface FoundSource {
  readonly source: EventSource
  /** The file that it was read from for this command alone; null: a run of a database. */
  readonly path: string | null
  /** What it lies in: that file, or the database. */
  readonly home: string
  /** How a command that is printed names it. */
  name(): string
}

/** What a name on the command line stands for. @throws InputError where that is nothing, or more than one run */
export async function findSource(session: Session, name: string): Promise<FoundSource> {
  return onlyOne(name, await findSources(session, [name]))
}

/** The same of several, one each. */
export async function findEach(session: Session, names: readonly string[]): Promise<FoundSource[]> {
  const found = await sourcesByName(session, names)
  return names.map((name) => onlyOne(name, found.get(name) ?? []))
}

/** The same of any number; a file may hold several. */
export async function findSources(
  session: Session,
  names: readonly string[],
): Promise<FoundSource[]> {
  const found = await sourcesByName(session, names)
  return names.flatMap((name) => found.get(name) ?? [])
}

/** What is only a file is imported: into the database that --db names, else into a log for this command. */
async function sourcesByName(
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly FoundSource[]>> {
  const { own, runs, files } = await lookUpNames(session, names)
  const found = new Map<string, readonly FoundSource[]>()
  if (own)
    for (const [name, run] of runs) found.set(name, [inDatabase({ runFile: own, run, path: null })])
  if (session.options.named) {
    for (const [name, some] of await importFiles(session, own, files))
      found.set(name, some.map(inDatabase))
    return found
  }
  for (const [i, sources] of (await importEach(session, files)).entries()) {
    const path = files[i]!
    found.set(
      path,
      sources.map((source) => ({ source, path, home: path, name: () => path })),
    )
  }
  return found
}

const inDatabase = ({ runFile, run, path }: FoundRun): FoundSource => ({
  source: runFile.source(run),
  path,
  home: runFile.path,
  name: () => path ?? nameOf(runFile, run),
})
