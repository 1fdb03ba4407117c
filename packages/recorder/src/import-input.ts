import {
  type Chunks,
  fileChunks,
  followedChunks,
  gunzipped,
  magicOf,
  peek,
} from './import/chunks.ts'
import { importFile, type ImportOptions, type ImportReport, importStream } from './import/import.ts'
import { importJsonl, type JsonlReport } from './jsonl-import.ts'
import type { Trace } from './store.ts'

export type InputFormat = 'auto' | 'ftrace' | 'jsonl'

/** A file, or a stream with the name that messages call it by. */
export type ImportInput = string | { readonly name: string; readonly chunks: Chunks }

export type Imported =
  | { readonly format: 'trace'; readonly report: ImportReport }
  | { readonly format: 'jsonl'; readonly report: JsonlReport }

/**
 * Imports whatever it is: a trace of a real kernel (text of ftrace, trace-cmd or perf, or trace.dat) or JSON Lines,
 * plain or gzip. Throws InputError for anything else; nothing of the input is left then.
 */
export async function importInput(
  trace: Trace,
  input: ImportInput,
  format: InputFormat,
  options: ImportOptions,
): Promise<Imported> {
  if (typeof input === 'string') {
    if (format === 'ftrace') return ofTrace(await importFile(trace, input, options))
    const plain = await unpacked(input, chunksOf(input, options))
    if (format === 'jsonl' || plain.json) return ofJsonl(trace, plain.chunks, input, options)
    await plain.chunks[Symbol.asyncIterator]().return?.()
    return ofTrace(await importFile(trace, input, options))
  }
  const { name, chunks } = input
  if (format === 'ftrace') return ofTrace(await importStream(trace, chunks, name, options))
  const plain = await unpacked(name, chunks)
  return format === 'jsonl' || plain.json
    ? ofJsonl(trace, plain.chunks, name, options)
    : ofTrace(await importStream(trace, plain.chunks, name, options))
}

const chunksOf = (path: string, { follow, signal }: ImportOptions): Chunks =>
  follow ? followedChunks(path, signal) : fileChunks(path, signal)

const ofTrace = (report: ImportReport): Imported => ({ format: 'trace', report })

async function ofJsonl(
  trace: Trace,
  chunks: Chunks,
  name: string,
  options: ImportOptions,
): Promise<Imported> {
  const { created, label, signal, write, onProgress } = options
  const report = await importJsonl(trace, chunks, name, {
    created,
    ...(label === undefined ? {} : { label }),
    ...(signal === undefined ? {} : { signal }),
    ...(write === undefined ? {} : { write }),
    onEvents: (events) => onProgress?.({ bytes: 0, total: null, lines: events, events }),
  })
  return { format: 'jsonl', report }
}

/** The bytes without gzip around them, and whether they begin like JSON. */
async function unpacked(name: string, chunks: Chunks): Promise<{ chunks: Chunks; json: boolean }> {
  let { first, all } = await peek(chunks)
  if (magicOf(first) === 'gzip') ({ first, all } = await peek(gunzipped(name, all)))
  return { chunks: all, json: magicOf(first) === 'json' }
}
