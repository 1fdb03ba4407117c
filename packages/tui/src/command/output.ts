import type { Sink } from './io.ts'

/** Text is handed on in pieces of about this many characters. */
const CHUNK = 64 * 1024

/**
 * Lines on their way to standard output, in large pieces. A verb that prints much awaits {@link room} now and then:
 * that is where a slow reader is waited for, and where Ctrl-C and a closed pipe are noticed.
 */
export class Output {
  readonly #sink: Sink
  #parts: string[] = []
  #length = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  get isTTY(): boolean {
    return this.#sink.isTTY
  }

  get columns(): number {
    return this.#sink.columns
  }

  line(text = ''): void {
    this.#parts.push(text, '\n')
    this.#length += text.length + 1
  }

  lines(texts: Iterable<string>): void {
    for (const text of texts) this.line(text)
  }

  /** Text that brings its own line ends. */
  text(text: string): void {
    this.#parts.push(text)
    this.#length += text.length
  }

  /** Resolves at once while little is waiting, else when it has been written. */
  async room(): Promise<void> {
    if (this.#length >= CHUNK) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#length === 0) return
    const text = this.#parts.join('')
    this.#parts = []
    this.#length = 0
    await this.#sink.write(text)
  }
}
