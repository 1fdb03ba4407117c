import { importOpened, type ImportOptions, type ImportReport } from './import.ts'
import { type InputSource, openInput } from './bytes/open-input.ts'
import { importJsonl, type JsonlReport } from './import-jsonl.ts'
import type { RunStore } from '../store/run-store.ts'

/** `kmsg`: a kernel log with the lines of `pt_to_printk()`. */
export type InputFormat = 'auto' | 'ftrace' | 'jsonl' | 'kmsg'

/** A file, or a stream with the name that messages call it by. */
export type ImportInput = InputSource

export type Imported =
  | { readonly format: 'trace'; readonly report: ImportReport }
  | { readonly format: 'jsonl'; readonly report: JsonlReport }

/**
 * Imports whatever it is: a trace of a real kernel (text of ftrace, trace-cmd or perf, or trace.dat) or JSON Lines,
 * plain or gzip. Throws InputError for anything else; nothing of the input is left then.
 */
export async function importInput(
  into: RunStore,
  input: ImportInput,
  format: InputFormat,
  options: ImportOptions,
): Promise<Imported> {
  const opened = await openInput(input, options)
  if (format === 'ftrace' || (format === 'auto' && opened.magic !== 'json'))
    return { format: 'trace', report: await importOpened(into, opened, options) }
  const { created, label, asked, signal, write, onProgress } = options
  const { name, total } = opened
  const report = await importJsonl(into, opened.chunks, name, {
    created,
    isKernelLog: format === 'kmsg',
    ...(label === undefined ? {} : { label }),
    ...(asked === undefined ? {} : { asked }),
    ...(signal === undefined ? {} : { signal }),
    ...(write === undefined ? {} : { write }),
    onEvents: (events) => onProgress?.({ bytes: opened.bytes(), total, lines: events, events }),
  })
  return { format: 'jsonl', report }
}
