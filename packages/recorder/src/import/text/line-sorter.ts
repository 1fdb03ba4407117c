import { InputError } from '@pagetrail/engine'
import type { LineSink } from '../bytes/line-splitter.ts'
import { FtraceLine } from './ftrace-line.ts'
import { decodeUtf8 } from '../bytes/utf8.ts'

/** Text that is held to be sorted; more is refused. */
const MAX_BYTES = 768 * 2 ** 20

/** Time went back within a CPU or a task: the lines are not in the order of what happened. */
export class OutOfOrder extends InputError {
  override readonly name = 'InputError'

  constructor(message: string) {
    super(`${message}${OutOfOrder.#WHY}`)
  }

  static readonly #WHY = ': per-CPU files that were joined, or several traces in one'

  /** One that another thread has thrown, by its message. */
  static again(message: string): OutOfOrder {
    return new OutOfOrder(message.replace(OutOfOrder.#WHY, ''))
  }
}

interface HeldLine {
  /** ns, of the event or of the one before it. */
  readonly time: number
  /** From 1. */
  readonly number: number
  /** Which of the joined pieces it is in: the next one begins where time goes back. */
  readonly part: number
  readonly bytes: Uint8Array
  /** It stood at the end of the file, without a line feed. */
  readonly isUnended: boolean
}

/**
 * Holds the lines of a trace until all are there and hands them on in the order of their times. What lies between
 * events (a stack, lost events, text of a marker) stays behind the event before it; equal times keep their order. What
 * two pieces of the file both have, down to the time, is one event: the same trace is in it twice.
 */
export class LineSorter implements LineSink {
  readonly #line = new FtraceLine()
  readonly #held: HeldLine[] = []
  #time = -Infinity
  #part = 0
  #bytes = 0
  /** Lines of events. */
  events = 0
  /** Lines that were left out, because another piece has them too. */
  doubled = 0

  line(bytes: Uint8Array, start: number, end: number): void {
    this.#hold(bytes, start, end, false)
  }

  /** The line at the end of the file that has no line feed. */
  unended(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#hold(bytes, 0, bytes.length, true)
  }

  #hold(bytes: Uint8Array, start: number, end: number, isUnended: boolean): void {
    this.#bytes += end - start
    if (this.#bytes > MAX_BYTES) {
      throw new InputError(
        'time goes back, and the text is too long to be sorted here: sort it by its times first',
      )
    }
    const time = this.#timeOf(bytes, start, end)
    if (time !== null) this.events++
    if (time !== null && time < this.#time) this.#part++
    this.#time = time ?? this.#time
    this.#held.push({
      time: this.#time,
      number: this.#held.length + 1,
      part: this.#part,
      bytes: bytes.slice(start, end),
      isUnended,
    })
  }

  /** All lines, in order. */
  *sorted(): Generator<HeldLine> {
    const lines = this.#held.toSorted((a, b) => a.time - b.time || a.number - b.number)
    for (let i = 0; i < lines.length;) {
      const { time } = lines[i]!
      const first = i
      while (i < lines.length && lines[i]!.time === time) i++
      if (lines[first]!.part === lines[i - 1]!.part) yield* lines.slice(first, i)
      else yield* this.#once(lines.slice(first, i))
    }
  }

  /** Of lines of one time, those that an earlier piece does not have as often. */
  *#once(lines: readonly HeldLine[]): Generator<HeldLine> {
    const given = new Map<string, number>()
    const inPart = new Map<string, number>()
    for (const line of lines) {
      const text = decodeUtf8(line.bytes)
      const key = `${line.part} ${text}`
      const nth = (inPart.get(key) ?? 0) + 1
      inPart.set(key, nth)
      if (line.time > -Infinity && nth <= (given.get(text) ?? 0)) this.doubled++
      else {
        given.set(text, Math.max(nth, given.get(text) ?? 0))
        yield line
      }
    }
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
