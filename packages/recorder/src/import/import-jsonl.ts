import { InputError } from '@pagetrail/engine'
import { basename } from 'node:path'
import type { Misfit } from '../event/call-tree.ts'
import { SHOWS } from '../event/evidence.ts'
import type { Kind, TraceEvent } from '../event/kinds.ts'
import { type JsonlSink, JsonlParser } from './jsonl-parse.ts'
import { KernelLog } from './kmsg.ts'
import type { RunHeader } from '../event/run-header.ts'
import type { Chunks } from './bytes/chunks.ts'
import { decodeUtf8 } from './bytes/utf8.ts'
import type { ImportOptions } from './import.ts'
import { ASKED, type Run } from '../event/run.ts'
import type { RunStore } from '../store/run-store.ts'
import type { RunWriter } from '../store/writing/run-writer.ts'

/** `created` is for runs that do not say it; `label` for the file's own: several runs get `-2`, `-3`, … appended. */
export interface JsonlOptions extends Pick<
  ImportOptions,
  'created' | 'label' | 'asked' | 'signal' | 'write'
> {
  /** The lines stand in a kernel log, behind `pagetrail:`. */
  readonly isKernelLog?: boolean
  readonly onEvents?: (events: number) => void
}

/** Events of a run that do not fit its call tree: all are counted, the first is kept. */
export interface Misfits {
  count: number
  readonly first: Misfit
}

export interface JsonlReport {
  readonly runs: readonly Run[]
  readonly lines: number
  readonly events: number
  /** Ids of runs without an end line: their producer died, or the file was cut. */
  readonly cut: readonly number[]
  /** By id of the run: events that do not fit its call tree. */
  readonly misfits: ReadonlyMap<number, Misfits>
  /** Stopped by the signal: the last run is the part of it that was read. */
  readonly interrupted: boolean
}

/** A case of the corpus is a whole run in a line; the largest has two megabytes. */
const MAX_JSON_LINE = 1 << 25

const LINE_FEED = 0x0a

/**
 * Imports JSON Lines: Pagetrail's own export, bare events, or cases of the corpus, each case a run. Throws InputError
 * naming the line for what cannot be read; nothing of the file is left then.
 */
export async function importJsonl(
  into: RunStore,
  chunks: Chunks,
  name: string,
  options: JsonlOptions,
): Promise<JsonlReport> {
  const runs = new RunsFromJsonl(into, options)
  const parser = new JsonlParser(name, runs)
  const log = options.isKernelLog ? new KernelLog(basename(name)) : null
  let lines = 0
  try {
    // The last line may be half of one: each waits for the next.
    let last = ''
    let lastLine = 0
    for await (const some of linesOf(chunks, name)) {
      if (options.signal?.aborted) break
      for (const line of some) {
        lines++
        const found = log === null ? [line] : inLog(log, line, `${name}:${lines}`)
        for (const text of found) {
          if (lastLine > 0) parser.line(last, lastLine)
          last = text
          lastLine = lines
        }
      }
      options.onEvents?.(runs.events)
    }
    if (lastLine === 0) parser.end()
    else parser.end(last, lastLine)
    if (runs.ids.length === 0) throw new InputError(nothingIn(name, log))
  } catch (error) {
    runs.abort()
    throw error
  }
  return {
    runs: runs.ids.map((id) => into.find(id)),
    lines,
    events: runs.events,
    cut: runs.cut,
    misfits: runs.misfits,
    interrupted: options.signal?.aborted ?? false,
  }
}

/**
 * Lines as they end with a line feed, many at once: U+2028 and a lone carriage return are signs within a name, which a
 * reader of lines from Node takes for their ends. Throws InputError with the line's number for one that is too long.
 */
async function* linesOf(chunks: Chunks, name: string): AsyncGenerator<readonly string[]> {
  /** A line whose end has not come, as it came. */
  let held: Uint8Array[] = []
  let bytes = 0
  let lines = 0
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED)
    if (bytes + (end < 0 ? chunk.length : chunk.indexOf(LINE_FEED)) > MAX_JSON_LINE) {
      const most = `${MAX_JSON_LINE >> 20} megabytes`
      throw new InputError(`expected lines of text, found one of more than ${most}`).at(
        `${name}:${lines + 1}`,
      )
    }
    if (end >= 0) {
      const whole = Buffer.concat([...held, chunk.subarray(0, end)])
      const found = decodeUtf8(whole).split('\n')
      lines += found.length
      yield found.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
      held = []
      bytes = 0
    }
    // A copy: the chunk is the caller's.
    const rest = chunk.slice(end + 1)
    if (rest.length > 0) held.push(rest)
    bytes += rest.length
  }
  if (bytes > 0) yield [decodeUtf8(Buffer.concat(held))]
}

function inLog(log: KernelLog, line: string, where: string): readonly string[] {
  try {
    return log.lines(line)
  } catch (error) {
    throw error instanceof InputError ? error.at(where) : error
  }
}

const nothingIn = (name: string, log: KernelLog | null): string => {
  if (log === null) return `${name} holds no run`
  if (log.marked > 0) return `${name}: none of its ${log.marked} lines of \`pagetrail:\` is whole`
  return `${name} has no lines of \`pagetrail:\`; hooks/c/pagetrail.h writes them with pt_to_printk()`
}

/** What was asked of another file does not concern this one. */
function withAsked(header: RunHeader, asked: string | undefined): RunHeader {
  const { [ASKED]: _, ...facts } = header.facts
  return { ...header, facts: asked === undefined ? facts : { ...facts, [ASKED]: asked } }
}

/** Writes the runs that a parser finds. */
class RunsFromJsonl implements JsonlSink {
  readonly ids: number[] = []
  readonly cut: number[] = []
  readonly misfits = new Map<number, Misfits>()
  events = 0
  readonly #into: RunStore
  readonly #options: JsonlOptions
  #writer: RunWriter | null = null
  #state: Run['state'] = 'complete'
  #facts: RunHeader['facts'] | null = null
  /** As the header says, and as the gaps in it say. */
  #lost = 0
  #missing = 0
  readonly #kinds = new Set<Kind>()

  constructor(into: RunStore, options: JsonlOptions) {
    this.#into = into
    this.#options = options
  }

  run(header: RunHeader): void {
    const { created, label, write, asked } = this.#options
    const { state, ...meta } = withAsked(header, asked)
    const own =
      label !== undefined && this.ids.length > 0 ? `${label}-${this.ids.length + 1}` : label
    const started = { ...meta, created: header.created ?? created, label: own ?? header.label }
    this.#writer = this.#into.startRun(started, { ...write, nesting: 'keep' })
    this.ids.push(this.#writer.id)
    this.#state = state
    this.#kinds.clear()
    this.#lost = meta.lost
    this.#missing = 0
    // Nothing else says what it could show than what occurs in it.
    const tells = meta.flavour !== null || meta.source === 'ftrace' || SHOWS in meta.facts
    this.#facts = tells ? null : meta.facts
  }

  event(event: TraceEvent): void {
    this.events++
    this.#kinds.add(event.kind)
    if (event.kind === 'gap') this.#missing += event.lost ?? 0
    this.#writer?.append(event)
  }

  misfit(misfit: Misfit): void {
    const id = this.ids.at(-1)!
    const known = this.misfits.get(id)
    if (known) known.count++
    else this.misfits.set(id, { count: 1, first: misfit })
  }

  end(complete: boolean): void {
    // A run that was interrupted when it was exported stays so.
    if (!complete) this.cut.push(this.ids.at(-1)!)
    const whole = complete && this.#state === 'complete'
    const facts = this.#facts && { ...this.#facts, [SHOWS]: [...this.#kinds].toSorted() }
    const lost = Math.max(this.#lost, this.#missing)
    this.#writer?.finish(whole ? 'complete' : 'interrupted', { lost, ...(facts && { facts }) })
    this.#writer = null
  }

  /** Removes everything that came from this file. */
  abort(): void {
    this.#writer?.abort()
    const open = this.#writer?.id
    for (const id of this.ids) if (id !== open) this.#into.remove(this.#into.find(id))
  }
}
