import { createHash } from 'node:crypto'
import {
  type BigIntStats,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

import type Sqlite from 'better-sqlite3'

import type { Span } from '../batch-spans.ts'
import { realPath } from '../file/file-names.ts'

/** What was proven of a run. */
export interface Proven {
  /** Its events, as parts that neither touch nor overlap, ascending. */
  readonly spans: { first: number; last: number }[]
  /** Table `call` too. */
  calls: boolean
}

/** Form of the file that is written; others are not read. */
const FORMAT = 2

/**
 * Remembers outside of a database what was proven of it, for as long as it stays in the same state: device, file,
 * size and both times of the file and of its -wal. SQLite's own change counter stands still in WAL mode, and reading
 * it would drop SQLite's locks; the time of the last change of the inode moves with every write and cannot be set.
 * A write within one tick of the file system's clock would leave that time as it is: what was remembered so soon after
 * a write is not believed. A file in another state is proven anew. It is a cache: what cannot be read or written is
 * not there.
 */
export class ProofMemory {
  readonly folder: string | null
  readonly #path: string
  readonly #file: string | null
  /** null: it is not known what was proven in which state, so nothing is kept. */
  #state: string | null

  /** `folder` null: nothing is remembered. Made before the first row is read. */
  constructor(path: string, folder: string | null) {
    this.folder = folder
    this.#path = path
    const name = createHash('sha256')
      .update(folder === null ? '' : realPath(path))
      .digest('hex')
    this.#file = folder === null ? null : join(folder, `${name.slice(0, 32)}.json`)
    this.#state = folder === null ? null : stateOf(path)
  }

  /** What is known of the file in its present state. */
  remembered(): [run: number, proven: Proven][] {
    return this.#state === null ? [] : this.#read()
  }

  #read(): [number, Proven][] {
    const kept = this.#file === null ? undefined : keptIn(this.#file)
    if (kept === undefined || kept.state !== this.#state) return []
    return isSettled(this.#path, this.#file!) ? kept.runs : []
  }

  /** Keeps it, with what other processes have found out; unless the file has changed since it was proven. */
  remember(runs: ReadonlyMap<number, Proven>): void {
    if (this.#file === null || this.#state === null || stateOf(this.#path) !== this.#state) return
    const all = new Map(runs)
    for (const [run, { spans, calls }] of this.#read()) {
      const known = all.get(run) ?? { spans: [], calls: false }
      const together = {
        spans: known.spans.map((span) => ({ ...span })),
        calls: calls || known.calls,
      }
      for (const span of spans) addSpan(together.spans, span)
      all.set(run, together)
    }
    const temporary = `${this.#file}.${process.pid}`
    if (!madeFolder(dirname(this.#file))) return
    try {
      writeFileSync(
        temporary,
        JSON.stringify({ format: FORMAT, state: this.#state, runs: [...all] }),
      )
      renameSync(temporary, this.#file)
    } catch {
      // Without it the next command proves again, which costs time and nothing else.
      rmSync(temporary, { force: true })
    }
  }

  /** The file's state changes by a write of ours; if nobody else wrote meanwhile, what was proven still is. */
  whileWriting(writer: Sqlite.Database, write: () => void): void {
    const version = writer.pragma('data_version', { simple: true })
    const same = this.#state !== null && stateOf(this.#path) === this.#state
    write()
    const state = stateOf(this.#path)
    const alone = writer.pragma('data_version', { simple: true }) === version
    this.#state = same && alone ? state : null
  }
}

function madeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true })
    return true
  } catch {
    return false
  }
}

function keptIn(file: string): { state: string; runs: [number, Proven][] } | undefined {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isKept(kept) ? kept : undefined
  } catch {
    return undefined
  }
}

const isKept = (value: unknown): value is { state: string; runs: [number, Proven][] } =>
  typeof value === 'object' &&
  value !== null &&
  'format' in value &&
  value.format === FORMAT &&
  'state' in value &&
  typeof value.state === 'string' &&
  'runs' in value &&
  Array.isArray(value.runs)

/** Of the file and its -wal; an empty -wal is none: readers make it. Empty: there is no file. */
function statsOf(path: string): (BigIntStats | undefined)[] {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (!file) return []
  const wal = statSync(`${realPath(path)}-wal`, { bigint: true, throwIfNoEntry: false })
  return [file, wal && wal.size > 0n ? wal : undefined]
}

/** Nanoseconds: two ticks of a kernel's clock at 100 Hz, and of a file system that keeps seconds, or two of them. */
const [TICKS, SECONDS] = [20_000_000n, 2_000_000_000n]

/** Whether what was remembered was written down longer after the file's last change than its times can distinguish. */
function isSettled(path: string, memory: string): boolean {
  const written = statSync(memory, { bigint: true, throwIfNoEntry: false })
  return statsOf(path).every((stat) => {
    if (!stat || !written) return !stat
    const tick = stat.ctimeNs % 1_000_000_000n === 0n ? SECONDS : TICKS
    return stat.ctimeNs + tick < written.mtimeNs
  })
}

function stateOf(path: string): string | null {
  const stats = statsOf(path)
  if (stats.length === 0) return null
  return stats
    .map((stat) =>
      stat ? [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ') : '-',
    )
    .join(' / ')
}

/** The part that holds an event. */
export function spanAround(spans: readonly Span[], seq: number): Span | undefined {
  let [low, high] = [0, spans.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (spans[middle]!.last < seq) low = middle + 1
    else high = middle
  }
  const span = spans[low]
  return span && span.first <= seq ? span : undefined
}

/** Adds a part, joined with those that it touches. */
export function addSpan(spans: { first: number; last: number }[], { first, last }: Span): void {
  const from = spans.findIndex((span) => span.last >= first - 1)
  if (from === -1) return void spans.push({ first, last })
  let to = from
  while (to < spans.length && spans[to]!.first <= last + 1) to++
  const joined = spans.slice(from, to)
  const low = Math.min(first, ...joined.map((span) => span.first))
  const high = Math.max(last, ...joined.map((span) => span.last))
  spans.splice(from, to - from, { first: low, last: high })
}
