import { InputError } from '@pagetrail/engine'
import { type Chunks, FollowEnded, isAbort } from '../bytes/chunks.ts'
import type { FtraceEvents } from '../translate/ftrace-events.ts'
import { FtraceText } from './ftrace-text.ts'
import type { Input, InputFacts } from '../bytes/input.ts'
import { foldColumnIn, refuseCut, unfolded, UnfoldedLines } from './folded-lines.ts'
import { LineSorter, OutOfOrder } from './line-sorter.ts'
import { pageSizeIn } from './page-size.ts'
import { LineSplitter } from '../bytes/line-splitter.ts'

export interface TextInputOptions {
  readonly strict: boolean
  /**
   * What becomes of a time that goes back on a CPU: OutOfOrder is thrown, all lines are held and sorted, or a gap is
   * put there, which is all that can be done while a trace is followed.
   */
  readonly order: 'check' | 'sort' | 'note'
  /** Of the lines with a buffer's or a guest's name before them, those to read; null: the first that comes. */
  readonly buffer: string | null
}

/** Text of ftrace as an input. */
export class TextInput implements Input {
  readonly #name: string
  readonly #events: FtraceEvents
  readonly #text: FtraceText
  #splitter: LineSplitter
  readonly #sorter: LineSorter | null
  readonly #order: TextInputOptions['order']
  /** Null where the lines are as they were written. */
  #unfolded: UnfoldedLines | null = null

  constructor(events: FtraceEvents, name: string, { strict, order, buffer }: TextInputOptions) {
    this.#name = name
    this.#events = events
    this.#order = order
    this.#sorter = order === 'sort' ? new LineSorter() : null
    const onBack = (cpu: number): never => {
      throw new OutOfOrder(`line ${this.#splitter.lines}: time goes back on CPU ${cpu}`)
    }
    this.#text = new FtraceText(events, {
      strict,
      buffer,
      ...(order === 'check' ? { onBack } : {}),
    })
    this.#splitter = new LineSplitter(this.#sorter ?? this.#text)
  }

  get lines(): number {
    return this.#splitter.lines
  }

  get entries(): number {
    return this.#text.entries
  }

  async read(chunks: Chunks, step: (idle: boolean) => boolean): Promise<InputFacts> {
    let looked = false
    try {
      for await (const chunk of chunks) {
        if (chunk.length > 0) {
          if (!looked) this.#placed(() => this.#look(chunk))
          looked = true
          this.#push(chunk)
        }
        if (!step(chunk.length === 0)) return this.#facts()
      }
    } catch (error) {
      if (isAbort(error)) return this.#facts()
      const follows =
        this.#order === 'note' && (error instanceof FollowEnded || error instanceof InputError)
      if (!follows) throw error
      // What was shown while it was followed is kept.
      return { ...this.#facts(), ended: error.message }
    }
    const closed = this.#order === 'note' && !this.#text.header.capture.has('lost')
    this.#placed(() => {
      const rest = this.#unfolded?.end(this.#splitter.rest) ?? this.#splitter.rest
      if (this.#sorter === null) return this.#text.end(rest)
      this.#sorter.unended(rest)
      this.#text.sorted(this.#sorter)
    })
    // A capture that is streamed says at its end what was lost; without that it was cut.
    return closed ? { ...this.#facts(), ended: 'the pipe was closed' } : this.#facts()
  }

  /** What the first bytes show of the whole text. */
  #look(chunk: Uint8Array): void {
    const column = this.#order === 'note' ? null : foldColumnIn(chunk)
    this.#events.guessPageShift(pageSizeIn(column === null ? chunk : unfolded(chunk, column)))
    if (this.#order !== 'note') refuseCut(chunk)
    if (column === null) return
    this.#unfolded = new UnfoldedLines(this.#sorter ?? this.#text, column)
    this.#splitter = new LineSplitter(this.#unfolded)
  }

  #push(chunk: Uint8Array): void {
    this.#placed(() => this.#splitter.push(chunk))
  }

  /** Names the file and the line of what goes wrong. */
  #placed(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      if (error instanceof OutOfOrder) throw error
      throw error.at(`${this.#name}:${Math.max(1, this.#splitter.lines)}`)
    }
  }

  #facts(): InputFacts {
    const { header, clock, backwards, t0, entries, unreadable, broken, quoted, lacks } = this.#text
    const release = header.capture.get('release')?.[0]
    return {
      format: 'ftrace text',
      lines: this.#splitter.lines,
      entries,
      backwards,
      otherBuffers: [...this.#text.otherBuffers],
      ...(header.entries === null ? {} : { counted: header.entries }),
      unreadable,
      broken,
      quoted,
      lacks,
      doubled: this.#sorter?.doubled ?? 0,
      folded: this.#unfolded?.folded ?? 0,
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
