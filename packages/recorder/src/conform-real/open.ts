import { type CaseVerdict, conformStream } from '../conform.ts'
import { type ImportOptions, importOpened } from '../import/import.ts'
import { type InputSource, openInput } from '../import/open-input.ts'
import type { Run } from '../source.ts'
import { openTrace, type Trace } from '../store.ts'

/** What a file holds against which the engine can be held: cases, or a trace of a real kernel. */
export type ConformInput =
  | { readonly kind: 'cases'; readonly verdicts: AsyncIterable<CaseVerdict> }
  /** Imported into a database in memory, which is the caller's to close. */
  | { readonly kind: 'capture'; readonly trace: Trace; readonly run: Run }

/** @throws InputError for what is neither */
export async function openConformInput(
  source: InputSource,
  options: ImportOptions,
): Promise<ConformInput> {
  const opened = await openInput(source, options)
  if (opened.magic === 'json') return { kind: 'cases', verdicts: conformStream(opened.chunks) }
  const trace = await openTrace(':memory:', { mode: 'write' })
  try {
    const { run } = await importOpened(trace, opened, options)
    return { kind: 'capture', trace, run: trace.find(run) }
  } catch (error) {
    trace.close()
    throw error
  }
}
