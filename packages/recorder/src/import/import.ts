import { createHash, type Hash } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename } from 'node:path'

import { InputError } from '../errors.ts'
import type { Kind } from '../event.ts'
import type { RunMeta } from '../runs.ts'
import type { Trace } from '../store.ts'
import type { RunWriter, WriteOptions } from '../writer.ts'
import {
  type Chunks,
  fileChunks,
  followedChunks,
  gunzipped,
  isAbort,
  magicOf,
  peek,
} from './chunks.ts'
import { FtraceEvents, type TranslationCounts } from './ftrace-events.ts'
import type { ImportFormat, Input, InputFacts } from './input.ts'
import { flavourOf, geometryOf, type TracedFlavour } from './kernel-traits.ts'
import { TextInput } from './text-input.ts'

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
  const size = statSync(path, { throwIfNoEntry: false })?.size
  return new Import(trace, path, options, follow ? null : (size ?? null)).run(chunks)
}

/** Imports from a pipe, such as standard input; `name` is for messages and, without a label, names the run. */
export function importStream(
  trace: Trace,
  chunks: Chunks,
  name: string,
  options: ImportOptions,
): Promise<ImportReport> {
  return new Import(trace, name, options, null).run(chunks)
}

class Import {
  readonly #trace: Trace
  readonly #name: string
  readonly #options: ImportOptions
  readonly #total: number | null
  #bytes = 0
  #hash: Hash = createHash('sha256')

  constructor(trace: Trace, name: string, options: ImportOptions, total: number | null) {
    this.#trace = trace
    this.#name = name
    this.#options = options
    this.#total = total
  }

  async run(chunks: Chunks): Promise<ImportReport> {
    let input = await peek(this.#counted(chunks))
    if (magicOf(input.first) === 'gzip') {
      if (this.#options.follow)
        throw new InputError(
          `${this.#name}: a gzip file cannot be followed; import it when it is done`,
        )
      input = await peek(gunzipped(this.#name, input.all))
    }
    if (input.first.length === 0 && !this.#options.signal?.aborted)
      throw new InputError(`${this.#name} is empty`)
    const meta = this.#meta()
    const writer = this.#trace.startRun(meta, this.#options.write)
    try {
      return await this.#import(writer, input.first, input.all, meta)
    } catch (error) {
      writer.abort()
      throw error
    }
  }

  async #import(
    writer: RunWriter,
    first: Uint8Array,
    chunks: Chunks,
    meta: RunMeta,
  ): Promise<ImportReport> {
    const events = new FtraceEvents(writer, { pageShift: this.#options.pageShift ?? 12 })
    const input = inputFor(first, events, this.#name)
    let interrupted = false
    try {
      for await (const chunk of chunks) {
        if (chunk.length > 0) input.push(chunk)
        if (chunk.length === 0 || this.#options.follow) writer.flush()
        this.#progress(input)
        if (this.#options.signal?.aborted) break
      }
    } catch (error) {
      if (!isAbort(error)) throw error
    }
    interrupted = this.#options.signal?.aborted ?? false
    const facts = input.end(interrupted)
    const counts = events.finish()
    const patch = this.#patch(meta, events, counts, facts)
    writer.finish(interrupted ? 'interrupted' : 'complete', patch)
    return this.#report(writer, events, counts, facts, interrupted)
  }

  #progress(input: Input): void {
    this.#options.onProgress?.({
      bytes: this.#bytes,
      total: this.#total,
      lines: input.lines,
      events: input.entries,
    })
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

  #patch(
    meta: RunMeta,
    events: FtraceEvents,
    counts: TranslationCounts,
    input: InputFacts,
  ): Partial<RunMeta> {
    const { flavour, kernel } = this.#options
    const facts = {
      ...meta.facts,
      ...input.facts,
      format: input.format,
      sha256: this.#hash.digest('hex'),
      bytes: this.#bytes,
      definitions: definitionsOf(events),
      workload: events.workload,
      lines: input.lines,
      entries: input.entries,
      events: counts.names,
    }
    return {
      facts,
      flavour: flavour ?? flavourOf(events, counts),
      kernel: kernel ?? input.kernel ?? null,
      geometry: geometryOf(events),
      t0: input.t0,
      lost: counts.lost,
    }
  }

  #report(
    writer: RunWriter,
    events: FtraceEvents,
    counts: TranslationCounts,
    input: InputFacts,
    interrupted: boolean,
  ): ImportReport {
    const { format, lines, entries, backwards } = input
    return {
      run: writer.id,
      label: this.#meta().label,
      format,
      interrupted,
      lines,
      entries,
      ...counts,
      backwards,
      definitions: definitionsOf(events),
      flavour: this.#options.flavour ?? flavourOf(events, counts),
    }
  }
}

function inputFor(first: Uint8Array, events: FtraceEvents, name: string): Input {
  switch (magicOf(first)) {
    case 'text':
      return new TextInput(events, name)
    case 'json':
      throw new InputError(
        `${name} is JSON, not a trace of a kernel; import it with --format jsonl`,
      )
    default:
      throw new InputError(`${name} is packed twice; unpack it once`)
  }
}

function definitionsOf(events: FtraceEvents): 'full' | 'lean' | null {
  if (events.storesSeen) return 'full'
  return events.inferred ? 'lean' : null
}
