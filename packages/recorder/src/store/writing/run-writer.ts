import { InputError } from '@pagetrail/engine'

import { Batch, BATCH_EVENTS } from '../../event/batch.ts'
import type { BatchStore } from './batch-store.ts'
import { CallTree } from '../../event/call-tree.ts'
import { putEvent } from '../../event/codec.ts'
import type { TraceEvent } from '../../event/kinds.ts'
import { LocalNames } from '../../event/local-names.ts'
import { keepOnly } from './keep-only.ts'
import type { RunMeta } from '../run-row.ts'

/** A batch that is older than this is written although it is not full, where the writer was given a clock. */
const FLUSH_MS = 500
/** How many rows may pass between two looks at the clock; a power of two. */
const CLOCK_EVERY = 256
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
  readonly #store: BatchStore
  readonly #options: WriteOptions
  readonly #names = new LocalNames()
  readonly #tree = new CallTree()
  #flushedAt: number
  /** How many events the filter was asked about, and how many of them are still in the batch. */
  #asked = 0
  #kept = 0
  #state: 'open' | 'failed' | 'closed' = 'open'

  /** @internal */
  constructor(store: BatchStore, id: number, options: WriteOptions) {
    this.#store = store
    this.id = id
    this.#options = options
    this.batch = new Batch(options.batchEvents ?? BATCH_EVENTS)
    this.#flushedAt = options.clock?.() ?? 0
  }

  /** The id of a name within this run, for the columns `fn`, `task` and those that a kind uses for names. */
  intern(text: string): number {
    return this.#names.intern(text)
  }

  /** The text that {@link intern} gave this id. */
  textOf(id: number): string {
    return this.#names.textOf(id)
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
    if (this.batch.length > 0) this.#commit()
    this.batch.clear()
    this.#kept = 0
    this.#flushedAt = clock?.() ?? 0
  }

  /** Commits the rest and ends the recording; `patch` corrects what was said at its start. */
  finish(state: 'complete' | 'interrupted', patch: Partial<RunMeta> = {}): void {
    if (this.#state === 'closed') return
    try {
      if (this.#state === 'open') this.flush()
      this.#store.finish(state, patch)
    } finally {
      this.#close()
    }
  }

  /** Ends the recording and removes the run: as if it had never begun. */
  abort(): void {
    if (this.#state === 'closed') return
    this.batch.clear()
    try {
      this.#store.abort()
    } finally {
      this.#close()
    }
  }

  #close(): void {
    this.#state = 'closed'
    this.#store.close()
  }

  /** Asks about each event once, also where a flush has to be tried again. */
  #keepOnly(wanted: (event: TraceEvent) => boolean): void {
    const unasked = { from: this.#kept, seq: this.#asked }
    this.#asked += this.batch.length - this.#kept
    keepOnly(this.batch, this.#names.texts, wanted, unasked)
    this.#kept = this.batch.length
  }

  #flushIfOld(): void {
    const { clock } = this.#options
    if (clock && clock() - this.#flushedAt >= FLUSH_MS) this.flush()
  }

  #commit(): void {
    this.#store.begin()
    try {
      this.#store.write(this.batch, this.#names.texts)
      this.committed += this.batch.length
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }
}
