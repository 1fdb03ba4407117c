import { type CaseVerdict, conformStream } from './cases.ts'
import { type Chunks, peek } from '../import/bytes/chunks.ts'
import { type ImportOptions, importOpened } from '../import/import.ts'
import { type InputSource, openInput } from '../import/bytes/open-input.ts'
import { importJsonl } from '../import/import-jsonl.ts'
import type { Run } from '../event/run.ts'
import { openTrace, type Trace } from '../store/trace.ts'

/** What a file holds against which the engine can be held: cases, or runs of real kernels. */
export type ConformInput =
  | { readonly kind: 'cases'; readonly verdicts: AsyncIterable<CaseVerdict> }
  /** A trace, or runs that were exported: imported into a database in memory, which is the caller's to close. */
  | { readonly kind: 'runs'; readonly trace: Trace; readonly runs: readonly Run[] }

/** How the first line of an exported run begins. */
const EXPORTED = '{"pagetrail"'

/** @throws InputError for what is none of them */
export async function openConformInput(
  source: InputSource,
  options: ImportOptions,
): Promise<ConformInput> {
  const opened = await openInput(source, options)
  if (opened.magic !== 'json') {
    return importRuns(async (trace) => [(await importOpened(trace, opened, options)).run])
  }
  const { first, all } = await peek(opened.chunks)
  const head = Buffer.from(first).toString('latin1', 0, EXPORTED.length)
  if (head !== EXPORTED) return { kind: 'cases', verdicts: conformStream(all) }
  return importRuns((trace) => runsOf(trace, all, opened.name, options))
}

async function runsOf(
  trace: Trace,
  chunks: Chunks,
  name: string,
  { created, signal }: ImportOptions,
): Promise<number[]> {
  const aborting = signal === undefined ? {} : { signal }
  const { runs } = await importJsonl(trace, chunks, name, { created, ...aborting })
  return runs.map(({ id }) => id)
}

async function importRuns(
  importInto: (trace: Trace) => Promise<readonly number[]>,
): Promise<ConformInput> {
  const trace = await openTrace(':memory:', { mode: 'write' })
  try {
    const ids = await importInto(trace)
    return { kind: 'runs', trace, runs: ids.map((id) => trace.find(id)) }
  } catch (error) {
    trace.close()
    throw error
  }
}
