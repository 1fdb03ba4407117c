import { InputError } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'
import { sql } from 'kysely'

import type { Run } from '../../event/run.ts'
import { type BatchRow, isBatch, lastUpTo, proveBatch, type ProvenBatch } from './batch-proof.ts'
import type { Span } from '../batch-spans.ts'
import { NO_DIGEST } from '../digest.ts'
import { EventReader, type Pieces, type ProvenRows } from '../event-reader.ts'
import type { Batch } from '../../event/batch.ts'
import { FileWatch } from './file-watch.ts'
import { addSpan, type ProofMemory, type Proven, spanAround } from './proof-memory.ts'
import { BIND, build, RUN_SHIFT } from '../schema.ts'
import { LIST_BROKEN, listState, marksProblem } from '../seal.ts'
import { atOneMoment, type Bound, prepare, selectAll } from '../statements.ts'
import type { CopiedRows } from '../staged/copied-rows.ts'
import { callProblem } from '../verify-calls.ts'
import { strayProblems } from '../verify-strays.ts'

/** Batches that are proven together where much is read: 65,536 events. */
const TOGETHER = 16
/** Newly proven batches after which the memory is written, for a process that may be ended at any time. */
const REMEMBER_EVERY = 256

/**
 * What of a file was found to be as it was written. Events are read through {@link pieces}, which proves the batches
 * that hold them first; a damaged one is an InputError that names it, never a row. What is once proven stays so for
 * this connection, and for later ones as long as the file's state does not change (see ProofMemory).
 */
export class Proof implements Pieces {
  readonly #db: Sqlite.Database
  readonly #path: string
  /** Reads as the rows lie there. */
  readonly #reader: EventReader
  readonly #copied: CopiedRows | null
  readonly #memory: ProofMemory
  readonly #watch: FileWatch
  readonly #runs = new Map<number, Proven>()
  /** Of each run the last batch that was proven: its digest stands for all before it. */
  readonly #anchors = new Map<number, { readonly last: number; readonly digest: Uint8Array }>()
  /** Runs that may be others since the file was written to. */
  readonly #doubted = new Set<number>()
  readonly #last: Sqlite.Statement<Bound[], BatchRow>
  readonly #end: Sqlite.Statement<Bound[], { end: bigint | null; stray: bigint }>
  readonly #use: Sqlite.Statement<Bound[], { first: bigint }>
  /** Runs whose lists of batches and names are what they were sealed with. */
  readonly #listed = new Set<number>()
  #wasWritten = false
  #unsaved = 0
  #indexChecked = false

  constructor(
    db: Sqlite.Database,
    path: string,
    memory: ProofMemory,
    copied: CopiedRows | null = null,
  ) {
    this.#db = db
    this.#path = path
    this.#copied = copied
    this.#memory = memory
    this.#watch = new FileWatch(path)
    this.#reader = new EventReader(db, undefined, copied)
    this.#last = prepare(db, lastUpTo)
    this.#end = prepare(db, endOfRun)
    this.#use = prepare(db, firstUse)
    for (const [run, proven] of memory.remembered()) this.#runs.set(run, proven)
  }

  /** State of the file in which what is known of it holds. */
  get state(): string {
    return this.#watch.state
  }

  /**
   * Whether the file is as it was when what was read of it last was proven. If not, nothing is known any more: a
   * recorder has moved its -wal into the file, or another file was copied over it.
   */
  holds(): boolean {
    if (this.#watch.isSame()) return true
    this.#wasWritten = true
    // What is proven from now on must be what is read: by one connection, from the same pages.
    this.#copied?.close()
    for (const proven of this.#runs.values()) {
      proven.spans.length = 0
      proven.calls = false
    }
    for (const run of this.#anchors.keys()) this.#doubted.add(run)
    this.#listed.clear()
    this.#indexChecked = false
    return false
  }

  /** This process has just written to the file. */
  ownWrite(): void {
    this.#watch.ownWrite()
  }

  /** Parts of a run's events from `from` to `to`, in the order of reading, each proven when it is given. */
  *pieces(
    run: number,
    from: number,
    to: number,
    backward: boolean,
    atMost = Infinity,
  ): Generator<Span> {
    this.#settle(run)
    this.#checkList(run)
    const end = this.#endOf(run, Math.max(from, to))
    const { spans } = this.#of(run)
    // A run only grows: what ends before what was seen of it is not there any more.
    if ((spans.at(-1)?.last ?? -1) >= end) throw this.#gone(run)
    let at = backward ? Math.min(from, end - 1) : from
    const stop = backward ? Math.max(to, at - atMost + 1) : Math.min(to, end - 1, at + atMost - 1)
    while (backward ? at >= stop && at >= 0 : at <= stop) {
      const span = spanAround(spans, at)
      if (!span) {
        this.#proveNear(run, at, stop, backward)
        continue
      }
      yield backward
        ? { first: Math.max(span.first, stop), last: at }
        : { first: at, last: Math.min(span.last, stop) }
      at = backward ? span.first - 1 : span.last + 1
    }
  }

  /**
   * For who reads on from an event: proves the batch that holds it, and gives the rows that were read for that, the
   * first of them with this seq; undefined where it is proven already, or not there.
   */
  proving(run: number, at: number, into: () => Batch): ProvenRows | undefined {
    this.#settle(run)
    this.#checkList(run)
    const end = this.#endOf(run, at)
    const { spans } = this.#of(run)
    if ((spans.at(-1)?.last ?? -1) >= end) throw this.#gone(run)
    if (at >= end || spanAround(spans, at)) return undefined
    const proven = this.#prove(run, at, into())
    this.#rememberNow()
    return proven
  }

  /** Proves everything of a run: its events, and table `call` by deriving it from them. */
  run(run: Run): void {
    for (const _ of this.pieces(run.id, 0, RUN_SHIFT - 1, false));
    this.calls(run)
  }

  /** Proves the texts of a run's names: the batches in which they are used first vouch for them. */
  names(run: number): void {
    const uses = build
      .selectFrom('name_use')
      .select('first')
      .distinct()
      .where('run', '=', BigInt(run))
    for (const { first } of selectAll(this.#db, uses))
      for (const _ of this.pieces(run, Number(first), Number(first), false));
  }

  /** Proves table `call` of a run, which takes all of its events. */
  calls(run: Run): void {
    this.#settle(run.id)
    const proven = this.#of(run.id)
    if (proven.calls) return
    atOneMoment(this.#db, () => {
      for (const _ of this.pieces(run.id, 0, RUN_SHIFT - 1, false));
      const problem = callProblem(this.#db, this.#reader, run.id)
      if (problem !== null) throw this.#damaged(run.id, problem)
    })
    if (run.state === 'recording') return
    proven.calls = true
    this.#unsaved++
  }

  /** Proves every run, and that nothing belongs to none: for queries that may read anything. */
  file(runs: readonly Run[]): void {
    for (const run of runs) this.run(run)
    const marks = runs.map((run) => marksProblem(this.#db, run.id))
    const stray = [...strayProblems(this.#db, runs), ...marks].find((why) => why !== null) ?? null
    if (stray !== null) throw new InputError(`${this.#path} is damaged: ${stray}`)
    this.remember()
  }

  /** This process has just written, or verified, all of a run's events up to one. */
  add(run: number, first: number, last: number): void {
    addSpan(this.#of(run).spans, { first, last })
    this.#unsaved++
  }

  /** This process writes all of the run, or has verified it: its calls too are what its events make them. */
  addCalls(run: number): void {
    this.#of(run).calls = true
  }

  /** What is known of a run, for another thread. */
  known(run: number): Proven {
    const { spans, calls } = this.#of(run)
    return { spans: spans.map(({ first, last }) => ({ first, last })), calls }
  }

  /** What was known of a run that is removed or given up. */
  forget(run: number): void {
    this.#runs.delete(run)
    this.#listed.delete(run)
    this.#anchors.delete(run)
    this.#doubted.delete(run)
  }

  #gone(run: number): InputError {
    return new InputError(
      `${this.#path}: run ${run} was removed or replaced while it was read; what was given of it is not the whole`,
    )
  }

  /** The run is the one of which something was given before. */
  #settle(run: number): void {
    this.holds()
    const anchor = this.#anchors.get(run)
    const last = anchor?.last ?? this.#of(run).spans.at(-1)?.last
    if (last === undefined || (anchor && !this.#doubted.delete(run))) return
    const [row] = this.#batches(run, last, 1n)
    if (!row || Number(row.first + row.count) - 1 !== last) throw this.#gone(run)
    if (!anchor) this.#anchors.set(run, { last, digest: row.digest })
    else if (Buffer.compare(anchor.digest, row.digest) !== 0) throw this.#gone(run)
  }

  /** Digest of the batch that holds an event, once it is proven: it stands for all events up to the batch's end. */
  digestAt(run: number, seq: number): Uint8Array {
    this.holds()
    // Of a run that was removed meanwhile there is no batch below either.
    if (!this.#listed.has(run) || !spanAround(this.#of(run).spans, seq))
      for (const _ of this.pieces(run, seq, seq, false));
    const [row] = this.#last.all(BigInt(run), BigInt(seq), 1n)
    return row?.digest ?? NO_DIGEST
  }

  /** Writes to the file what changes no answer, such as a snapshot; what was proven stays so. */
  whileWriting(writer: Sqlite.Database, write: () => void): void {
    this.holds()
    this.#memory.whileWriting(writer, write)
    this.ownWrite()
  }

  /** Writes what was proven to where the next process finds it. */
  remember(): void {
    if (this.#unsaved === 0) return
    this.#unsaved = 0
    this.#memory.remember(this.#runs)
  }

  #of(run: number): Proven {
    let proven = this.#runs.get(run)
    if (!proven) this.#runs.set(run, (proven = { spans: [], calls: false }))
    return proven
  }

  /** What the seal says of all batches, before one of them is believed: names the damaged one where it can. */
  #checkList(run: number): void {
    if (this.#listed.has(run)) return
    const state = atOneMoment(this.#db, () => listState(this.#db, run))
    if (state === 'open') return
    this.#listed.add(run)
    if (state === 'whole') return
    try {
      for (const _ of this.pieces(run, 0, RUN_SHIFT - 1, false));
    } finally {
      this.#listed.delete(run)
    }
    throw this.#damaged(run, LIST_BROKEN)
  }

  /** Number of events in the batches of a run; events beyond them are only looked for where one wants to read there. */
  #endOf(run: number, reach: number): number {
    const base = BigInt(run) * BigInt(RUN_SHIFT)
    const { end, stray } = this.#end.get(base, run, base + BigInt(RUN_SHIFT), run)!
    if (stray !== 0n && reach >= Number(end ?? 0n))
      throw this.#damaged(run, `there are events after the last batch, from ${end ?? 0n} on`)
    return Number(end ?? 0n)
  }

  /** Proves the batch that holds an event, and the next ones in the order of reading. */
  #proveNear(run: number, at: number, stop: number, backward: boolean): void {
    const { spans } = this.#of(run)
    for (let n = 0, seq = at; n < TOGETHER && (backward ? seq >= stop : seq <= stop); n++) {
      if (seq < 0 || spanAround(spans, seq)) return
      const { first, last } = this.#prove(run, seq)
      seq = backward ? first - 1 : last + 1
    }
    this.#rememberNow()
  }

  #rememberNow(): void {
    if (this.#unsaved >= REMEMBER_EVERY) this.remember()
  }

  /**
   * Proves the batch that holds an event, and those in which its names are used first: they vouch for their texts. Its
   * rows are in `into`, where that was given.
   */
  #prove(run: number, seq: number, into?: Batch): Span & ProvenRows {
    const { spans } = this.#of(run)
    const own = this.#proveBatch(run, seq, into)
    const proven: Span[] = []
    const done = new Set<number>()
    const wanted: number[] = []
    for (let next: FoundBatch | null = own; next !== null;) {
      const { span, names, digest } = next
      proven.push(span)
      if (span.last > (this.#anchors.get(run)?.last ?? -1))
        this.#anchors.set(run, { last: span.last, digest })
      done.add(span.first)
      for (const name of names) {
        const use = this.#use.get(run, name)
        if (!use) throw this.#batchDamaged(run, span, `nothing says what its name ${name} is`)
        const first = Number(use.first)
        if (done.has(first) || spanAround(spans, first)) continue
        if (first > span.first) throw this.#batchDamaged(run, span, `its name ${name} comes later`)
        done.add(first)
        wanted.push(first)
      }
      const at = wanted.pop()
      next = at === undefined ? null : this.#proveBatch(run, at)
    }
    for (const span of proven) addSpan(spans, span)
    this.#unsaved += proven.length
    return { ...own.span, batch: own.batch }
  }

  /** The last batches that begin at or before an event. */
  #batches(run: number, seq: number, limit: bigint): BatchRow[] {
    const rows = this.#last.all(BigInt(run), BigInt(seq), limit)
    if (rows.every(isBatch)) return rows
    throw this.#damaged(run, 'its list of batches holds a value that no batch can have')
  }

  #proveBatch(run: number, seq: number, into?: Batch): FoundBatch {
    this.#checkNameIndex()
    const [row, before] = this.#batches(run, seq, 2n)
    const end = row ? Number(row.first + row.count) : 0
    if (!row || end <= seq)
      throw this.#damaged(run, `events ${end} to ${seq} are missing: no batch has them`)
    const span = { first: Number(row.first), last: end - 1 }
    const expected = before ? Number(before.first + before.count) : 0
    if (expected !== span.first)
      throw this.#batchDamaged(run, span, `the batch before it ends at ${expected - 1}`)
    const found = proveBatch(this.#db, this.#reader, row, before?.digest ?? NO_DIGEST, into)
    if (typeof found === 'string') throw this.#batchDamaged(run, span, found)
    return { span, ...found }
  }

  /** Filters find names by their text, through an index that no digest covers; it is small. */
  #checkNameIndex(): void {
    if (this.#indexChecked) return
    const [fault] = this.#db.prepare<[], string>(`pragma integrity_check('name')`).pluck().all()
    if (fault !== undefined && fault !== 'ok')
      throw new InputError(
        `${this.#path} is damaged: its names, ${fault}. pagetrail verify says more`,
      )
    this.#indexChecked = true
  }

  #batchDamaged(run: number, { first, last }: Span, why: string): InputError {
    return this.#damaged(run, `batch of seq ${first} to ${last}: ${why}`)
  }

  #damaged(run: number, why: string): InputError {
    const over = this.#wasWritten
      ? '. It was written to while it was open: another file may have been copied over it'
      : ''
    return new InputError(
      `${this.#path} is damaged: run ${run}, ${why}. pagetrail verify says what else is; no answer is given from it${over}`,
    )
  }
}

interface FoundBatch extends ProvenBatch {
  readonly span: Span
}

const lastEnd = sql<
  bigint | null
>`(select first + count from batch where run = ${BIND} order by first desc limit 1)`

/** Where the batches of a run end, and whether events lie behind: one statement, for a recorder may be at work. */
const endOfRun = build.selectNoFrom([
  sql<bigint>`exists (select 1 from event where id >= ${BIND} + coalesce(${lastEnd}, 0) and id < ${BIND})`.as(
    'stray',
  ),
  lastEnd.as('end'),
])

const firstUse = build
  .selectFrom('name_use')
  .select('first')
  .where('run', '=', BIND)
  .where('name', '=', BIND)
