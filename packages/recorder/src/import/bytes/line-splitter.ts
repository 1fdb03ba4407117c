import { InputError } from '@pagetrail/engine'

const LINE_FEED = 0x0a
const RETURN = 0x0d
/** No event of ftrace is longer than a page of its buffer. */
const MAX_LINE = 1 << 20

/** Where whole lines go: bytes [start, end) of a buffer that is only valid during the call. */
export interface LineSink {
  line(bytes: Uint8Array, start: number, end: number): void
}

/** Cuts chunks into lines, keeping at most one unfinished line between them. */
export class LineSplitter {
  readonly #sink: LineSink
  readonly #most: number
  /** Lines that were complete so far. */
  lines = 0
  /** The line whose end has not come, as it came, and its length. */
  #parts: Uint8Array[] = []
  #held = 0

  /** `most`: bytes that a line may have. */
  constructor(sink: LineSink, most = MAX_LINE) {
    this.#sink = sink
    this.#most = most
  }

  /** A line whose end has not come. */
  get rest(): Uint8Array {
    const rest = new Uint8Array(this.#held)
    let at = 0
    for (const part of this.#parts) {
      rest.set(part, at)
      at += part.length
    }
    return rest
  }

  push(chunk: Uint8Array): void {
    let start = 0
    if (this.#held > 0) {
      const first = chunk.indexOf(LINE_FEED)
      this.#hold(chunk.subarray(0, first < 0 ? chunk.length : first))
      if (first < 0) return
      const whole = this.rest
      this.#parts = []
      this.#held = 0
      this.#line(whole, 0, whole.length)
      start = first + 1
    }
    // A Buffer finds a byte several times as fast.
    const { buffer, byteOffset, length } = chunk
    const bytes = Buffer.from(buffer, byteOffset, length)
    for (;;) {
      const end = bytes.indexOf(LINE_FEED, start)
      if (end < 0) break
      this.#line(chunk, start, end)
      start = end + 1
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
  }

  /** A copy: the chunk is the caller's. */
  #hold(part: Uint8Array): void {
    this.#held += part.length
    if (this.#held > this.#most) throw this.#tooLong()
    this.#parts.push(part.slice())
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    this.lines++
    this.#sink.line(bytes, start, end > start && bytes[end - 1] === RETURN ? end - 1 : end)
  }

  #tooLong(): InputError {
    this.lines++
    const most = this.#most === MAX_LINE ? 'a megabyte' : `${this.#most >> 20} megabytes`
    return new InputError(`expected lines of text, found one of more than ${most}`)
  }
}
