import { Batch } from '../event/batch.ts'
import { eventOf } from '../event/codec.ts'
import type { EventSink } from '../event/event-sink.ts'
import type { TraceEvent } from '../event/kinds.ts'

/** How many events wait for each other; few, so that a short run does not pay for room. */
const DRAIN_EVENTS = 64

/** A sink without a file: hands every event on as it would be read from one, numbered from 0, once it is flushed. */
export class EventDrain implements EventSink {
  readonly batch = new Batch(DRAIN_EVENTS)
  readonly #take: (event: TraceEvent) => void
  readonly #names: string[] = []
  readonly #ids = new Map<string, number>()
  #seq = 0
  readonly textOf = (id: number): string => this.#names[id] ?? ''

  constructor(take: (event: TraceEvent) => void) {
    this.#take = take
  }

  intern(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    this.#ids.set(text, this.#names.length)
    return this.#names.push(text) - 1
  }

  row(kind: number, cpu: number): number {
    if (this.batch.length === this.batch.capacity) this.flush()
    return this.batch.row(kind, cpu)
  }

  /** The number of the first event; 0 if it is not said. */
  startAt(seq: number): void {
    this.#seq = seq
  }

  callEnded(): void {}

  flush(): void {
    const { batch } = this
    for (let i = 0; i < batch.length; i++) {
      this.#take(eventOf(batch, i, this.#seq++, this.textOf))
    }
    batch.clear()
  }
}
