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
  /** Lines that were complete so far. */
  lines = 0
  #rest: Uint8Array = new Uint8Array()

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  /** A line whose end has not come. */
  get rest(): Uint8Array {
    return this.#rest
  }

  push(chunk: Uint8Array): void {
    let start = 0
    if (this.#rest.length > 0) {
      const first = chunk.indexOf(LINE_FEED)
      const head = first < 0 ? chunk.length : first
      this.#rest = concat(this.#rest, chunk.subarray(0, head))
      if (this.#rest.length > MAX_LINE) throw this.#tooLong()
      if (first < 0) return
      const whole = this.#rest
      this.#rest = new Uint8Array()
      this.#line(whole, 0, whole.length)
      start = first + 1
    }
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start)
      if (end < 0) break
      this.#line(chunk, start, end)
      start = end + 1
    }
    if (chunk.length - start > MAX_LINE) throw this.#tooLong()
    if (start < chunk.length) this.#rest = chunk.slice(start)
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    this.lines++
    this.#sink.line(bytes, start, end > start && bytes[end - 1] === RETURN ? end - 1 : end)
  }

  #tooLong(): InputError {
    this.lines++
    return new InputError('expected lines of text, found one of more than a megabyte')
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
