import type { MessagePort } from 'node:worker_threads'

import { Batch } from '../../event/batch.ts'
import type { EventSink } from '../../event/event-sink.ts'
import { AHEAD, type FromTranslator, packBatch, type Read, TAKEN } from './protocol.ts'

/** Sends rows to the thread that writes them, batch by batch; waits where that does not keep up. */
export class PostedRows implements EventSink {
  batch = new Batch()
  readonly #port: MessagePort
  readonly #counts: Int32Array<SharedArrayBuffer>
  readonly #read: () => Read
  readonly #ids = new Map<string, number>()
  readonly #texts: string[] = []
  #named = 0
  #posted = 0

  constructor(port: MessagePort, counts: Int32Array<SharedArrayBuffer>, read: () => Read) {
    this.#port = port
    this.#counts = counts
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
    for (;;) {
      const taken = Atomics.load(this.#counts, TAKEN)
      if (this.#posted - taken < AHEAD) break
      Atomics.wait(this.#counts, TAKEN, taken)
    }
    const packet = packBatch(this.batch, this.#texts.slice(this.#named))
    const message: FromTranslator = { type: 'batch', packet, read: this.#read() }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
    this.#port.postMessage(message, packet.arrays)
    this.#named = this.#texts.length
    this.#posted++
    this.batch = new Batch()
  }
}
