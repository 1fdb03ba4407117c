import { type CaseVerdict, conformStream } from './cases.ts'
import { type Chunks, peek } from '../import/bytes/chunks.ts'
import { type ImportOptions, importOpened } from '../import/import.ts'
import { type InputSource, openInput } from '../import/bytes/open-input.ts'
import { importJsonl } from '../import/import-jsonl.ts'
import type { Run } from '../event/run.ts'
import { openRuns, type RunFile } from '../store/run-file.ts'

/** What a file holds that the engine can be compared with: cases, or runs of real kernels. */
export type ConformInput =
  | { readonly kind: 'cases'; readonly verdicts: AsyncIterable<CaseVerdict> }
  /** A trace, or runs that were exported, imported; the database is the caller's to close. */
  | { readonly kind: 'runs'; readonly runFile: RunFile; readonly runs: readonly Run[] }

/** How the first line of an exported run begins. */
const EXPORTED = '{"pagetrail"'

/**
 * Cases are known by the first line. What is imported goes to `into`, or else to a database in memory.
 *
 * @throws InputError for what is none of them
 */
export async function openConformInput(
  source: InputSource,
  options: ImportOptions,
  into: (() => Promise<RunFile>) | null = null,
): Promise<ConformInput> {
  const opened = await openInput(source, options)
  if (opened.magic !== 'json') {
    return importRuns(into, async (runFile) => [(await importOpened(runFile, opened, options)).run])
  }
  const { first, all } = await peek(opened.chunks)
  const head = Buffer.from(first).toString('latin1', 0, EXPORTED.length)
  if (head !== EXPORTED) return { kind: 'cases', verdicts: conformStream(all) }
  return importRuns(into, (runFile) => runsOf(runFile, all, opened.name, options))
}

async function runsOf(
  runFile: RunFile,
  chunks: Chunks,
  name: string,
  { created, signal }: ImportOptions,
): Promise<number[]> {
  const aborting = signal === undefined ? {} : { signal }
  const { runs } = await importJsonl(runFile, chunks, name, { created, ...aborting })
  return runs.map(({ id }) => id)
}

async function importRuns(
  into: (() => Promise<RunFile>) | null,
  importInto: (runFile: RunFile) => Promise<readonly number[]>,
): Promise<ConformInput> {
  const runFile = await (into ? into() : openRuns(':memory:', { mode: 'write' }))
  try {
    const ids = await importInto(runFile)
    return { kind: 'runs', runFile, runs: ids.map((id) => runFile.find(id)) }
  } catch (error) {
    runFile.close()
    throw error
  }
}
