import type { MessagePort } from 'node:worker_threads'

import { Batch, BATCH_EVENTS } from '../../event/batch.ts'
import type { EventSink } from '../../event/event-sink.ts'
import { LocalNames } from '../../event/local-names.ts'
import {
  type FromTranslator,
  packBatch,
  type Read,
  TAKEN,
  type TranslatorStart,
} from './protocol.ts'

/**
 * Sends rows to the thread that writes them, batch by batch; waits where that does not keep up. The batches are few and
 * used again and again: what is allocated a batch is collected in the middle of the work.
 */
export class PostedRows implements EventSink {
  batch: Batch
  readonly #batches: readonly Batch[]
  readonly #port: MessagePort
  readonly #counts: Int32Array<SharedArrayBuffer>
  readonly #read: () => Read
  readonly #names = new LocalNames()
  #named = 0
  #posted = 0

  constructor({ port, counts, batches }: TranslatorStart, read: () => Read) {
    this.#port = port
    this.#counts = counts
    this.#batches = batches.map((memory) => new Batch(BATCH_EVENTS, memory))
    this.batch = this.#batches[0]!
    this.#read = read
  }

  /** As RunWriter numbers them: the one that the batches come to gives the same ids. */
  intern(text: string): number {
    return this.#names.intern(text)
  }

  textOf(id: number): string {
    return this.#names.textOf(id)
  }

  row(kind: number, cpu: number): number {
    if (this.batch.length === this.batch.capacity) this.flush()
    return this.batch.row(kind, cpu)
  }

  callEnded(): void {}

  flush(): void {
    if (this.batch.length === 0) return
    const at = this.#posted % this.#batches.length
    const packet = packBatch(this.batch, at, this.#names.texts.slice(this.#named))
    const message: FromTranslator = { type: 'batch', packet, read: this.#read() }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
    this.#port.postMessage(message)
    this.#named = this.#names.texts.length
    this.#posted++
    this.batch = this.#batches[this.#posted % this.#batches.length]!
    this.#untilTaken()
    this.batch.clear()
  }

  /** Waits until the batch that comes next has been taken, where it was posted before. */
  #untilTaken(): void {
    for (;;) {
      const taken = Atomics.load(this.#counts, TAKEN)
      if (this.#posted - taken < this.#batches.length) return
      Atomics.wait(this.#counts, TAKEN, taken)
    }
  }
}
