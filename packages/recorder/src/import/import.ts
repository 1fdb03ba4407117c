import { createHash, type Hash } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename } from 'node:path'

import { InputError } from '../errors.ts'
import type { Kind } from '../event.ts'
import type { RunMeta } from '../runs.ts'
import type { Trace } from '../store.ts'
import type { RunWriter, WriteOptions } from '../writer.ts'
import {
  abortable,
  type Chunks,
  fileChunks,
  followedChunks,
  gunzipped,
  magicOf,
  peek,
} from './chunks.ts'
import { FtraceEvents } from './ftrace-events.ts'
import type { ImportFormat, Input, InputFacts } from './input.ts'
import { flavourOf, geometryOf, type TracedFlavour } from './kernel-traits.ts'
import { TextInput } from './text-input.ts'
import { DatFileInput } from './trace-dat/dat-file-input.ts'

export interface ImportOptions {
  /** ms since 1970: when this is done. */
  readonly created: number
  /** Name of the run; else the file's, without what says its format. */
  readonly label?: string
  /** The implementation that was traced, where the user knows it; else what the trace shows. */
  readonly flavour?: TracedFlavour
  /** Release of the kernel, such as `6.18.15`. */
  readonly kernel?: string
  /** 12 (4K pages) unless the kernel has others: no trace tells. */
  readonly pageShift?: 12 | 14 | 16
  /** Goes on at the end of the file until `signal`, committing what has come so that it can be read meanwhile. */
  readonly follow?: boolean
  /** Stops reading; what was imported is kept, as an interrupted run. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
  readonly write?: WriteOptions
}

export interface ImportProgress {
  /** Bytes read, as they are in the file; of `total`, null where that is not known. */
  readonly bytes: number
  readonly total: number | null
  readonly lines: number
  readonly events: number
}

export interface ImportReport {
  readonly run: number
  readonly label: string
  readonly format: ImportFormat
  /** Stopped by the signal before the end. */
  readonly interrupted: boolean
  readonly lines: number
  /** Events of the input, each of which became at least one row. */
  readonly entries: number
  /** Rows by kind. */
  readonly kinds: Partial<Record<Kind, number>>
  /** Events as ftrace names them; and those of them that Pagetrail has no kind for. */
  readonly names: Readonly<Record<string, number>>
  readonly unknown: Readonly<Record<string, number>>
  /** Entries without a return, and returns without an entry. */
  readonly unpaired: number
  /** Events that are known to be missing. */
  readonly lost: number
  /** Events whose time lies before the first one's. */
  readonly backwards: number
  /** Whether the probes saw the stores (`full`), or those were had from the callbacks (`lean`). */
  readonly definitions: 'full' | 'lean' | null
  readonly flavour: TracedFlavour | null
}

/**
 * Imports a trace of a real kernel as one run: text of ftrace, `trace-cmd report` or `perf script`, or trace.dat, each
 * plain or packed by gzip. Throws InputError for anything else, with the line; nothing of the file is left then.
 */
export function importFile(
  trace: Trace,
  path: string,
  options: ImportOptions,
): Promise<ImportReport> {
  const { follow, signal } = options
  const chunks = follow ? followedChunks(path, signal) : fileChunks(path, signal)
  return new Import(trace, options, path, path).run(chunks)
}

/** Imports from a pipe, such as standard input; `name` is for messages and, without a label, names the run. */
export function importStream(
  trace: Trace,
  chunks: Chunks,
  name: string,
  options: ImportOptions,
): Promise<ImportReport> {
  return new Import(trace, options, name, null).run(chunks)
}

class Import {
  readonly #trace: Trace
  readonly #name: string
  readonly #options: ImportOptions
  readonly #path: string | null
  readonly #total: number | null
  #bytes = 0
  #hash: Hash = createHash('sha256')

  constructor(trace: Trace, options: ImportOptions, name: string, path: string | null) {
    this.#trace = trace
    this.#name = name
    this.#options = options
    this.#path = path
    const size = path === null ? undefined : statSync(path, { throwIfNoEntry: false })?.size
    this.#total = options.follow ? null : (size ?? null)
  }

  async run(chunks: Chunks): Promise<ImportReport> {
    let input = await peek(this.#counted(abortable(chunks, this.#options.signal)))
    const packed = magicOf(input.first) === 'gzip'
    if (packed) {
      if (this.#options.follow) throw this.#notFollowed('a gzip file')
      input = await peek(gunzipped(this.#name, input.all))
    }
    if (input.first.length === 0 && !this.#options.signal?.aborted)
      throw new InputError(`${this.#name} is empty`)
    const magic = magicOf(input.first)
    if (magic === 'json')
      throw new InputError(
        `${this.#name} is JSON, not a trace of a kernel; import it with --format jsonl`,
      )
    if (magic === 'gzip') throw new InputError(`${this.#name} is packed twice; unpack it once`)
    if (magic === 'trace.dat' && this.#options.follow) throw this.#notFollowed('a trace.dat')
    const meta = this.#meta()
    const writer = this.#trace.startRun(meta, this.#options.write)
    try {
      const events = new FtraceEvents(writer, { pageShift: this.#options.pageShift ?? 12 })
      const reader =
        magic === 'text'
          ? new TextInput(events, this.#name)
          : new DatFileInput(events, this.#name, packed ? null : this.#path)
      const facts = await reader.read(input.all, (idle) => this.#step(writer, reader, idle))
      return this.#finish(writer, events, facts, meta)
    } catch (error) {
      writer.abort()
      throw error
    }
  }

  /** Between two pieces of the input: false where it is to stop. */
  #step(writer: RunWriter, reader: Input, idle: boolean): boolean {
    if (idle || this.#options.follow) writer.flush()
    const { lines, entries } = reader
    const bytes = reader.bytes ?? this.#bytes
    this.#options.onProgress?.({ bytes, total: this.#total, lines, events: entries })
    return !this.#options.signal?.aborted
  }

  #finish(writer: RunWriter, events: FtraceEvents, input: InputFacts, meta: RunMeta): ImportReport {
    const interrupted = this.#options.signal?.aborted ?? false
    const counts = events.finish()
    const flavour = this.#options.flavour ?? flavourOf(events, counts)
    const { format, lines, entries, backwards } = input
    const report: ImportReport = {
      run: writer.id,
      label: meta.label,
      format,
      interrupted,
      lines,
      entries,
      ...counts,
      backwards,
      definitions: definitionsOf(events),
      flavour,
    }
    writer.finish(interrupted ? 'interrupted' : 'complete', {
      facts: this.#facts(report, events, input, meta),
      flavour,
      kernel: this.#options.kernel ?? input.kernel ?? null,
      geometry: geometryOf(events),
      t0: input.t0,
      lost: counts.lost,
    })
    return report
  }

  #facts(
    report: ImportReport,
    events: FtraceEvents,
    input: InputFacts,
    meta: RunMeta,
  ): RunMeta['facts'] {
    const { format, definitions, lines, entries, names } = report
    return {
      ...meta.facts,
      ...input.facts,
      format,
      sha256: this.#hash.digest('hex'),
      bytes: this.#bytes,
      definitions,
      workload: events.workload,
      lines,
      entries,
      events: names,
    }
  }

  /** The bytes as they are in the file pass here, for their number and digest. */
  async *#counted(chunks: Chunks): Chunks {
    for await (const chunk of chunks) {
      this.#bytes += chunk.length
      this.#hash.update(chunk)
      yield chunk
    }
  }

  #meta(): RunMeta {
    const { created, label, flavour, kernel } = this.#options
    const name = basename(this.#name)
    return {
      label: label ?? (name.replace(/(\.(trace|txt|dat|report|gz))+$/, '') || name),
      source: 'ftrace',
      created,
      flavour,
      kernel,
      facts: { file: name },
    }
  }

  #notFollowed(what: string): InputError {
    return new InputError(`${this.#name}: ${what} cannot be followed; import it when it is done`)
  }
}

function definitionsOf(events: FtraceEvents): 'full' | 'lean' | null {
  if (events.storesSeen) return 'full'
  return events.inferred ? 'lean' : null
}
