import { InputError } from '@pagetrail/engine'
import { basename } from 'node:path'

import { LACKS, SITES } from '../event/evidence.ts'
import { ASKED } from '../event/run.ts'
import type { RunMeta } from '../store/run-row.ts'
import type { RunStore } from '../store/run-store.ts'
import type { RunWriter, WriteOptions } from '../store/writing/run-writer.ts'
import type { Chunks } from './bytes/chunks.ts'
import { translateApart } from './apart/translate-apart.ts'
import type { Input, InputFacts } from './bytes/input.ts'
import type { TracedFlavour } from './translate/kernel-traits.ts'
import { type OpenInput, openInput } from './bytes/open-input.ts'
import { OutOfOrder } from './text/line-sorter.ts'
import { type Translated, translateInput, type TranslateOptions } from './translate-input.ts'
import type { TranslationCounts } from './translate/ftrace-events.ts'

export interface ImportOptions {
  /** ms since 1970: when this is done. */
  readonly created: number
  /** Name of the run; else the file's, without what says its format. */
  readonly label?: string
  /** The implementation that was traced, where the user knows it; else what the trace shows. */
  readonly flavour?: TracedFlavour
  /** The path by which a question named the file: the run is there for that, and -1 does not mean it. */
  readonly asked?: string
  /** Release of the kernel, such as `6.18.15`. */
  readonly kernel?: string
  /** Functions by the names that Pagetrail knows, each with what the traced tree calls it. */
  readonly map?: Readonly<Record<string, string>>
  /** Page size of the traced kernel; without it what the trace shows, else 12 (4K). */
  readonly pageShift?: 12 | 14 | 16
  /** Which of several buffers of ftrace to read, empty for the top one; without it the first that holds events. */
  readonly buffer?: string
  /** Refuses a text with a line that cannot be read, instead of keeping the line as an event. */
  readonly strict?: boolean
  /** Goes on at the end of the file until `signal`, committing what has come so that it can be read meanwhile. */
  readonly follow?: boolean
  /** Stops reading; what was imported is kept, as an interrupted run. */
  readonly signal?: AbortSignal
  /** Called when the run is there, before anything of it is read; again where the file has to be read once more. */
  readonly onBegun?: () => void
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

/** What a report takes from the reader of the format as it is, and what it fills in where that does not say it. */
type Read = 'format' | 'lines' | 'entries' | 'backwards'
type Said = 'otherBuffers' | 'unreadable' | 'quoted' | 'doubled' | 'folded' | 'lacks'

export interface ImportReport
  extends TranslationCounts, Pick<InputFacts, Read>, Required<Pick<InputFacts, Said>> {
  readonly run: number
  readonly label: string
  /** Stopped before the end: by the signal, or as `ended` says. */
  readonly interrupted: boolean
  /** Why a followed input ended by itself; null where it did not. */
  readonly ended: string | null
  /** Whether the probes saw the stores (`full`), or those were inferred from the callbacks (`lean`). */
  readonly definitions: 'full' | 'lean' | null
  readonly flavour: TracedFlavour | null
}

/**
 * Imports a trace of a real kernel as one run: text of ftrace, `trace-cmd report` or `perf script`, or trace.dat, each
 * plain or packed by gzip. Throws InputError for anything else, with the line; nothing of the file is left then.
 */
export async function importFile(
  into: RunStore,
  path: string,
  options: ImportOptions,
): Promise<ImportReport> {
  return importOpened(into, await openInput(path, options), options)
}

/** Imports from a pipe, such as standard input; `name` is for messages and, without a label, names the run. */
export async function importStream(
  into: RunStore,
  chunks: Chunks,
  name: string,
  options: ImportOptions,
): Promise<ImportReport> {
  return importOpened(into, await openInput({ name, chunks }, options), options)
}

/** Imports a trace from an input that has been opened; as {@link importFile}. */
export async function importOpened(
  into: RunStore,
  input: OpenInput,
  options: ImportOptions,
): Promise<ImportReport> {
  const { name, magic } = input
  if (magic === 'json')
    throw new InputError(`${name} is JSON, not a trace of a kernel; import it with --format jsonl`)
  const order = options.follow ? 'note' : 'check'
  try {
    return await importOrdered(into, input, options, { order, whole: false })
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error
    if (!input.again)
      throw new InputError(`${name}: ${error.message}; save it to a file and import that`)
    return importOrdered(into, await input.again(), options, { order: 'sort', whole: false })
  }
}

async function importOrdered(
  into: RunStore,
  input: OpenInput,
  options: ImportOptions,
  known: Pick<TranslateOptions, 'order' | 'whole' | 'shapes'>,
): Promise<ImportReport> {
  const job = new Import(input, options)
  const writer = into.startRun(job.meta, options.write)
  options.onBegun?.()
  try {
    const { pageShift, map, strict, buffer } = options
    const how: TranslateOptions = {
      ...known,
      ...(pageShift === undefined ? {} : { pageShift }),
      ...(map === undefined ? {} : { map }),
      ...(strict === undefined ? {} : { strict }),
      ...(buffer === undefined ? {} : { buffer }),
    }
    const translated = isWorthAThread(input, options)
      ? await translateApart(input, writer, how, (read) => job.report(read))
      : await translateInput(input, writer, how, (reader, idle) => job.step(writer, reader, idle))
    const next = input.again && knownNow(translated, known)
    if (input.again && next) {
      writer.abort()
      return await importOrdered(into, await input.again(), options, next)
    }
    return job.finish(writer, translated)
  } catch (error) {
    writer.abort()
    throw error
  }
}

/** What is known of a trace once it was read, where reading it again with that gives another run; else null. */
function knownNow(
  { tornShapes, isProvenWhole }: Translated,
  known: Pick<TranslateOptions, 'order' | 'whole' | 'shapes'>,
): typeof known | null {
  if (tornShapes !== null && known.shapes === undefined) return { ...known, shapes: tornShapes }
  // Values that do not follow from their masks are stores only where no line can be missing between them.
  return isProvenWhole && !known.whole ? { ...known, whole: true } : null
}

/** A smaller file is read sooner than a thread has loaded what reads it; bytes, packed and unpacked. */
const WORTH_PACKED = 1 << 20
const WORTH_BYTES = 8 << 20

const isWorthAThread = (input: OpenInput, { follow, write }: ImportOptions): boolean =>
  !follow &&
  write?.durability !== 'call' &&
  input.file !== null &&
  (input.total ?? 0) >= (input.packed ? WORTH_PACKED : WORTH_BYTES)

/** What one import knows about itself besides the events. */
class Import {
  readonly meta: RunMeta
  readonly #input: OpenInput
  readonly #options: ImportOptions

  constructor(input: OpenInput, options: ImportOptions) {
    this.#input = input
    this.#options = options
    const { created, label, flavour, kernel, map, asked } = options
    const file = basename(input.name)
    this.meta = {
      label: label ?? (file.replace(/(\.(trace|txt|dat|report|gz))+$/, '') || file),
      source: 'ftrace',
      created,
      flavour,
      kernel,
      facts: { file, ...(map && { map }), ...(asked !== undefined && { [ASKED]: asked }) },
    }
  }

  /** Between two pieces of the input: false where it is to stop. */
  step(writer: RunWriter, reader: Input, idle: boolean): boolean {
    if (idle || this.#options.follow) writer.flush()
    const { lines, entries } = reader
    return this.report({ bytes: reader.bytes ?? this.#input.bytes(), lines, events: entries })
  }

  /** The same of what was read, be it here or in another thread. */
  report(read: Omit<ImportProgress, 'total'>): boolean {
    this.#options.onProgress?.({ ...read, total: this.#input.total })
    return !this.#options.signal?.aborted
  }

  /** Ends the run with all that is known of it. */
  finish(writer: RunWriter, translated: Translated): ImportReport {
    const { facts: input, counts, definitions, geometry } = translated
    const stopped = this.#options.signal?.aborted ?? false
    const interrupted = stopped || input.ended !== undefined
    const flavour = this.#options.flavour ?? translated.flavour
    const { format, lines, entries, backwards } = input
    const report: ImportReport = {
      run: writer.id,
      label: this.meta.label,
      format,
      interrupted,
      ended: stopped ? null : (input.ended ?? null),
      lines,
      entries,
      ...counts,
      backwards,
      otherBuffers: input.otherBuffers ?? [],
      unreadable: input.unreadable ?? 0,
      quoted: input.quoted ?? [],
      lacks: input.lacks ?? [],
      doubled: input.doubled ?? 0,
      folded: input.folded ?? 0,
      definitions,
      flavour,
    }
    writer.finish(interrupted ? 'interrupted' : 'complete', {
      facts: this.#facts(report, translated),
      flavour,
      kernel: this.#options.kernel ?? input.kernel ?? null,
      geometry,
      t0: input.t0,
      lost: counts.lost,
    })
    return report
  }

  #facts(report: ImportReport, translated: Translated): RunMeta['facts'] {
    const { facts: input, bytes, sha256, sites, workload } = translated
    const { format, definitions, lines, entries, names } = report
    return {
      ...this.meta.facts,
      ...input.facts,
      ...(input.counted === undefined || (input.counted === entries && !input.broken)
        ? {}
        : { counted: input.counted }),
      format,
      sha256,
      bytes,
      definitions,
      ...(report.lacks.length === 0 ? {} : { [LACKS]: [...report.lacks] }),
      [SITES]: sites,
      workload,
      lines,
      entries,
      events: names,
    }
  }
}
