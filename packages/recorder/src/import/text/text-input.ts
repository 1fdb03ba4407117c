import { InputError } from '@pagetrail/engine'
import { type Chunks, isAbort } from '../bytes/chunks.ts'
import type { FtraceEvents } from '../translate/ftrace-events.ts'
import { FtraceText } from './ftrace-text.ts'
import type { Input, InputFacts } from '../bytes/input.ts'
import { LineSplitter } from '../bytes/line-splitter.ts'

/** Text of ftrace as an input. */
export class TextInput implements Input {
  readonly #name: string
  readonly #text: FtraceText
  readonly #splitter: LineSplitter

  constructor(events: FtraceEvents, name: string) {
    this.#name = name
    this.#text = new FtraceText(events)
    this.#splitter = new LineSplitter(this.#text)
  }

  get lines(): number {
    return this.#splitter.lines
  }

  get entries(): number {
    return this.#text.entries
  }

  async read(chunks: Chunks, step: (idle: boolean) => boolean): Promise<InputFacts> {
    try {
      for await (const chunk of chunks) {
        if (chunk.length > 0) this.#push(chunk)
        if (!step(chunk.length === 0)) return this.#facts()
      }
    } catch (error) {
      if (!isAbort(error)) throw error
      return this.#facts()
    }
    this.#text.end(this.#splitter.unfinished > 0)
    return this.#facts()
  }

  #push(chunk: Uint8Array): void {
    try {
      this.#splitter.push(chunk)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      throw error.at(`${this.#name}:${this.#splitter.lines}`)
    }
  }

  #facts(): InputFacts {
    const { header, clock, backwards, t0, entries } = this.#text
    const release = header.capture.get('release')?.[0]
    return {
      format: 'ftrace text',
      lines: this.#splitter.lines,
      entries,
      backwards,
      t0,
      ...(release === undefined ? {} : { kernel: release }),
      facts: {
        clock,
        cpus: header.cpus,
        tracer: header.tracer,
        ...(header.capture.size === 0 ? {} : { capture: Object.fromEntries(header.capture) }),
      },
    }
  }
}
