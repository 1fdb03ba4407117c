import type { TraceEvent } from '../event/kinds.ts'

export interface CounterSample {
  readonly name: string
  readonly values: Readonly<Record<string, number>>
}

const NONE: readonly CounterSample[] = []

/** Folds events into the counters of a Chrome trace; a counter speaks only when it changes. */
export class CounterTracks {
  readonly #deferred = new Map<number, number>()
  #flushes = 0
  #tlbis = 0

  /** The samples that this event causes. */
  after(event: TraceEvent): readonly CounterSample[] {
    switch (event.kind) {
      case 'barrier_queue':
        return this.#setDeferred(event.cpu, (this.#deferred.get(event.cpu) ?? 0) + 1)
      // In real traces the barrier is its two instructions; the first of them pays for the stores.
      case 'barrier':
      case 'dsb':
        return this.#setDeferred(event.cpu, 0)
      case 'tlb_flush':
        return [{ name: 'TLB flushes', values: { calls: ++this.#flushes } }]
      case 'tlbi':
        return [{ name: 'TLBI instructions', values: { executed: ++this.#tlbis } }]
      default:
        return NONE
    }
  }

  #setDeferred(cpu: number, count: number): readonly CounterSample[] {
    if ((this.#deferred.get(cpu) ?? 0) === count) return NONE
    this.#deferred.set(cpu, count)
    return [{ name: `deferred barriers, CPU ${cpu}`, values: { stores: count } }]
  }
}
