import type { MessagePort } from 'node:worker_threads'

import { Batch, BATCH_EVENTS } from '../../event/batch.ts'
import type { EventSink } from '../../event/event-sink.ts'
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
  readonly #ids = new Map<string, number>()
  readonly #texts: string[] = []
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
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    if (!text.isWellFormed()) return this.intern(text.toWellFormed())
    const id = this.#texts.push(text) - 1
    this.#ids.set(text, id)
    return id
  }

  textOf(id: number): string {
    return this.#texts[id] ?? ''
  }

  row(kind: number, cpu: number): number {
    if (this.batch.length === this.batch.capacity) this.flush()
    return this.batch.row(kind, cpu)
  }

  callEnded(): void {}

  flush(): void {
    if (this.batch.length === 0) return
    const at = this.#posted % this.#batches.length
    const packet = packBatch(this.batch, at, this.#texts.slice(this.#named))
    const message: FromTranslator = { type: 'batch', packet, read: this.#read() }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
    this.#port.postMessage(message)
    this.#named = this.#texts.length
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
