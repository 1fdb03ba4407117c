import { InputError } from '@pagetrail/engine'

import type Sqlite from 'better-sqlite3'

import { Batch, BATCH_EVENTS } from '../event/batch.ts'
import { insertBatch, renameBatch } from './batch-insert.ts'
import { CallRows } from './call-rows.ts'
import { CallTree } from '../event/call-tree.ts'
import { putEvent } from '../event/codec.ts'
import { digestBatch, kindsIn, type NewName, NO_DIGEST } from './digest.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { keepOnly } from './keep-only.ts'
import type { Lease } from './file/lease.ts'
import type { RunMeta } from './run-row.ts'
import { guarded } from './sqlite-errors.ts'
import type { StagedRows } from './staged/staged-rows.ts'
import type { WriteStatements } from './statements.ts'

/** A batch that is older than this is written although it is not full, where the writer was given a clock. */
const FLUSH_MS = 500
/** How many rows may pass between two looks at the clock; a power of two. */
const CLOCK_EVERY = 256
/** `event.id` is run · 2^32 + seq. */
export const RUN_SHIFT = 0x1_0000_0000

export interface WriteOptions {
  /** `batch`: a killed process loses at most one batch. `call`: a call is on disk before it returns. */
  readonly durability?: 'batch' | 'call'
  /** Monotonic milliseconds; with it a batch waits for {@link FLUSH_MS} at most while events come. */
  readonly clock?: () => number
  /** Only these events are recorded, asked with the seq they would have among all; those kept are numbered anew. */
  readonly only?: (event: TraceEvent) => boolean
  /**
   * Of appended events, those that do not fit the call tree: `refuse` them (the default), or `keep` what a file has.
   */
  readonly nesting?: 'refuse' | 'keep'
  /** Events per transaction. */
  readonly batchEvents?: number
}

/**
 * What a writer needs of the file it writes to.
 *
 * @internal
 */
export interface WriterFile {
  readonly db: Sqlite.Database
  readonly path: string
  readonly statements: WriteStatements
  /** How rows are inserted many at once; null: each is bound. */
  readonly staged: () => StagedRows | null
  readonly update: (patch: Partial<RunMeta>, state: 'complete' | 'interrupted') => void
  readonly remove: () => void
  /** So many events from `first` on are committed as they were given. */
  readonly wrote: (first: number, count: number) => void
  /** Moves what was committed into the file itself; whether that is done. */
  readonly settled: () => boolean
  /** Whether the file that was opened still has its name. */
  readonly isThere: () => boolean
  readonly closed: (writer: RunWriter) => unknown
}

/**
 * Appends the events of one run. A producer calls {@link row} and sets the columns of the kind in {@link batch}, or
 * {@link append}s finished events; it sets `op` and `nest`, the writer numbers. Each full batch is one transaction.
 *
 * A failure of the disk is an InputError from whichever call flushed; what was committed before stays, and the writer
 * accepts nothing more but {@link finish} and {@link abort}.
 */
export class RunWriter {
  readonly id: number
  readonly batch: Batch
  /** Events committed. */
  committed = 0
  readonly #file: WriterFile
  readonly #lease: Lease | null
  readonly #options: WriteOptions
  readonly #calls: CallRows
  readonly #local = new Map<string, number>()
  /** The texts by these ids. */
  readonly #texts: string[] = []
  /** The file's id of each interned name; those beyond its length were not yet written. */
  readonly #names: number[] = []
  #digest: Uint8Array = NO_DIGEST
  readonly #tree = new CallTree()
  #flushedAt: number
  /** How many events the filter was asked about, and how many of them are still in the batch. */
  #asked = 0
  #kept = 0
  #state: 'open' | 'failed' | 'closed' = 'open'

  /** @internal */
  constructor(file: WriterFile, id: number, lease: Lease | null, options: WriteOptions) {
    this.#file = file
    this.id = id
    this.#lease = lease
    this.#options = options
    this.batch = new Batch(options.batchEvents ?? BATCH_EVENTS)
    this.#calls = new CallRows(file.statements, id)
    this.#flushedAt = options.clock?.() ?? 0
  }

  /** The id of a name within this run, for the columns `fn`, `task` and those that a kind uses for names. */
  intern(text: string): number {
    const known = this.#local.get(text)
    if (known !== undefined) return known
    // SQLite keeps UTF-8, in which all half characters are the same replacement character.
    if (!text.isWellFormed()) return this.intern(text.toWellFormed())
    const id = this.#texts.push(text) - 1
    this.#local.set(text, id)
    return id
  }

  /** The text that {@link intern} gave this id. */
  textOf(id: number): string {
    return this.#texts[id] ?? ''
  }

  /** Starts a row of this kind and returns its index in {@link batch}; flushes first where that is due. */
  row(kind: number, cpu: number): number {
    const { batch } = this
    if (batch.length === batch.capacity) this.flush()
    else if ((batch.length & (CLOCK_EVERY - 1)) === 0 && batch.length > 0) this.#flushIfOld()
    return batch.row(kind, cpu)
  }

  /** Appends an event as it is, except for its seq. Throws InputError for one that closes what is not open. */
  append(event: TraceEvent): void {
    if (this.#options.nesting !== 'keep') this.#mustFit(event)
    if (this.batch.length === this.batch.capacity) this.flush()
    putEvent(this.batch, event, (text) => this.intern(text))
    if (event.kind === 'op_end') this.callEnded()
  }

  #mustFit(event: TraceEvent): void {
    const misfit = this.#tree.take(event)
    if (!misfit) return
    const seq = this.committed + this.batch.length
    throw new InputError(`run ${this.id}, event ${seq}: ${misfit.message}`)
  }

  /** The producer has completed the row of an op_end. */
  callEnded(): void {
    if (this.#options.durability === 'call') this.flush()
  }

  /** Commits what is in the batch. */
  flush(): void {
    if (this.#state !== 'open') {
      throw new InputError(`run ${this.id} takes no more events: its recording has ${this.#state}`)
    }
    const { only, clock } = this.#options
    if (only) this.#keepOnly(only)
    if (this.batch.length > 0) guarded(this.#file.path, () => this.#commit())
    this.batch.clear()
    this.#kept = 0
    this.#flushedAt = clock?.() ?? 0
  }

  /** Commits the rest and ends the recording; `patch` corrects what was said at its start. */
  finish(state: 'complete' | 'interrupted', patch: Partial<RunMeta> = {}): void {
    if (this.#state === 'closed') return
    let settled = false
    try {
      if (this.#state === 'open') this.flush()
      guarded(this.#file.path, () => this.#file.update(patch, state))
      settled = guarded(this.#file.path, () => this.#file.settled())
    } finally {
      this.#close(settled)
    }
  }

  /** Ends the recording and removes the run: as if it had never begun. */
  abort(): void {
    if (this.#state === 'closed') return
    this.batch.clear()
    try {
      guarded(this.#file.path, () => this.#file.remove())
    } finally {
      this.#close(true)
    }
  }

  #close(settled: boolean): void {
    this.#state = 'closed'
    this.#lease?.release(settled)
    this.#file.closed(this)
  }

  /** Asks about each event once, also where a flush has to be tried again. */
  #keepOnly(wanted: (event: TraceEvent) => boolean): void {
    const unasked = { from: this.#kept, seq: this.#asked }
    this.#asked += this.batch.length - this.#kept
    keepOnly(this.batch, this.#texts, wanted, unasked)
    this.#kept = this.batch.length
  }

  #flushIfOld(): void {
    const { clock } = this.#options
    if (clock && clock() - this.#flushedAt >= FLUSH_MS) this.flush()
  }

  #commit(): void {
    const { db, path } = this.#file
    // SQLite would go on writing to a file that no longer has a name.
    if (!this.#file.isThere()) {
      this.#state = 'failed'
      throw new InputError(
        `${path} was removed or replaced while it was recorded; its run is lost, record again`,
      )
    }
    this.#begin()
    try {
      this.#digest = this.#writeBatch()
      db.exec('commit')
      this.#file.wrote(this.committed, this.batch.length)
      this.committed += this.batch.length
    } catch (error) {
      this.#state = 'failed'
      if (db.inTransaction) db.exec('rollback')
      throw error
    }
  }

  /**
   * Locks the file; waiting for another writer may fail, with nothing changed: the same flush can be tried again.
   * `begin immediate` would lock the staged rows too, which are written within the transaction.
   */
  #begin(): void {
    const { db, statements } = this.#file
    db.exec('begin')
    try {
      statements.counts.run(this.committed, this.#calls.count, this.id)
    } catch (error) {
      db.exec('rollback')
      throw error
    }
  }

  #writeBatch(): Uint8Array {
    const { statements } = this.#file
    const { batch, id, committed } = this
    if (committed + batch.length > RUN_SHIFT)
      throw new InputError(`run ${id} is full: it has 2^32 events`)
    const names = this.#writeNames()
    renameBatch(batch, this.#names)
    const staged = this.#file.staged()
    if (staged?.stage(batch, id * RUN_SHIFT + committed)) staged.insert()
    else insertBatch(statements, batch, id * RUN_SHIFT + committed)
    this.#calls.add(batch, committed)
    const digest = digestBatch(this.#digest, batch, names)
    statements.batch.run(id, committed, batch.length, kindsIn(batch), digest)
    statements.counts.run(committed + batch.length, this.#calls.count, id)
    return digest
  }

  /** Gives the names that are new since the last batch their ids in the file. */
  #writeNames(): NewName[] {
    const { name, nameId, use } = this.#file.statements
    const added: NewName[] = []
    for (const text of this.#texts.slice(this.#names.length)) {
      name.run(text)
      const id = Number(nameId.get(text))
      use.run(this.id, id, this.committed)
      this.#names.push(id)
      added.push({ id, text })
    }
    return added.toSorted((a, b) => a.id - b.id)
  }
}
