import { InputError } from '@pagetrail/engine'
import type { LineSink } from '../bytes/line-splitter.ts'
import { FtraceLine } from './ftrace-line.ts'

/** Text that is held to be sorted; more is refused. */
const MAX_BYTES = 768 * 2 ** 20

/** Time went back within a CPU or a task: the lines are not in the order of what happened. */
export class OutOfOrder extends InputError {
  override readonly name = 'InputError'

  constructor(message: string) {
    super(`${message}: per-CPU files that were joined, or several traces in one`)
  }
}

interface HeldLine {
  /** ns, of the event or of the one before it. */
  readonly time: number
  /** From 1. */
  readonly number: number
  readonly bytes: Uint8Array
}

/**
 * Holds the lines of a trace until all are there and hands them on in the order of their times. What lies between
 * events (a stack, lost events, text of a marker) stays behind the event before it; equal times keep their order.
 */
export class LineSorter implements LineSink {
  readonly #line = new FtraceLine()
  readonly #held: HeldLine[] = []
  #time = -Infinity
  #bytes = 0

  line(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes += end - start
    if (this.#bytes > MAX_BYTES) {
      throw new InputError(
        'time goes back, and the text is too long to be sorted here: sort it by its times first',
      )
    }
    this.#time = this.#timeOf(bytes, start, end) ?? this.#time
    this.#held.push({
      time: this.#time,
      number: this.#held.length + 1,
      bytes: bytes.slice(start, end),
    })
  }

  /** All lines, in order. */
  *sorted(): Generator<HeldLine> {
    yield* this.#held.toSorted((a, b) => a.time - b.time || a.number - b.number)
  }

  #timeOf(bytes: Uint8Array, start: number, end: number): number | null {
    try {
      this.#line.read(bytes, start, end)
      const { seconds, fraction } = this.#line
      return fraction < 0 ? seconds : seconds * 1e9 + fraction
    } catch (error) {
      if (error instanceof InputError) return null
      throw error
    }
  }
}
