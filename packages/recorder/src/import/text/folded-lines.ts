import { InputError } from '@pagetrail/engine'
import { type LineSink, LineSplitter } from '../bytes/line-splitter.ts'
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.ts'
import { isPassedOver, lostIn } from './other-lines.ts'

/** Marks of quotations, as mail puts them before lines. */
const QUOTE = /^(?:> ?)+/
/** The time of an event: a line that has one begins an event. */
const TIME = /(?:^|\s)\d+\.\d{6,9}:(?:\s|$)/
/** What a probe prints behind its time, whole. */
const PROBE = /\d\.\d{6,9}: +(?:\w+:)?(\w+): \(/
const WHOLE = /: \([^)]*\)(?: [\w.]+=(?!0x$)\S+(?: \[\w+\])?)*$/
/** Lines of events are longer than what mail folds them to: at 72 to 100 columns. */
const [LEAST_FOLDED, MOST_FOLDED] = [60, 120]
/** A part of what a probe prints. */
const PART = /^\(|\)(?:\s|$)|(?:^|\s)[\w.]+=\S/
/** So many lines show that a text was folded, or cut: fewer may have lost something else. */
const FEWEST = 3
const LEAST_PART = 0.03

/** Whether a line can go on in the next, and whether it can be what goes on. */
const isBegun = (text: string): boolean => text !== '' && !isOther(text)
const goesOn = (text: string): boolean =>
  text !== '' && !text.startsWith('#') && !TIME.test(text) && !isOther(text)
const isOther = (text: string): boolean => isPassedOver(text) || lostIn(text) !== null

/** Whether the first word of a line had no room at the end of the one before it. */
const hadNoRoom = (before: string, text: string, column: number): boolean =>
  before.length + 1 + text.trimStart().split(' ')[0]!.length > column

function linesIn(bytes: Uint8Array): string[] {
  const lines = decodeUtf8(bytes).split('\n')
  return lines.map((line) => line.replace(/\r$/, '').replace(QUOTE, ''))
}

/**
 * The column at which the lines of a text were folded, as mail programs do, by its first bytes; null: they were not.
 * What is folded goes on where the first word of the next line had no room.
 */
export function foldColumnIn(bytes: Uint8Array): number | null {
  const lines = linesIn(bytes).map((line) => line.trimEnd())
  // A word that is longer than the column stands in a line of its own.
  const column = Math.max(0, ...lines.filter((line) => /\S \S/.test(line)).map((l) => l.length))
  if (column < LEAST_FOLDED || column > MOST_FOLDED) return null
  let events = 0
  let folds = 0
  lines.forEach((line, i) => {
    if (TIME.test(line)) events++
    else if (PART.test(line) && goesOn(line) && hadNoRoom(lines[i - 1] ?? '', line, column)) folds++
  })
  return folds >= FEWEST && folds >= LEAST_PART * events && events > 0 ? column : null
}

/**
 * Refuses a text whose lines were cut at a column, as a pager or a terminal does: nothing shows of which values digits
 * are missing. By its first bytes: several events have no longer lines, and have lost their ends there.
 */
export function refuseCut(bytes: Uint8Array): void {
  const lines = linesIn(bytes)
    .slice(0, -1)
    .filter((line) => PROBE.test(line))
  const column = Math.max(0, ...lines.map((line) => line.length))
  const longest = lines.filter((line) => line.length === column)
  const torn = longest.filter((line) => !WHOLE.test(line))
  const names = new Set(torn.map((line) => PROBE.exec(line)![1]))
  if (names.size < 2 || torn.length < FEWEST || longest.length < LEAST_PART * lines.length) return
  throw new InputError(
    `its lines are cut at column ${column}, as a pager or a terminal does; save the trace to a file and import that`,
  )
}

/** Puts folded lines together again. Line numbers stay: what was put before a line is an empty one. */
export class UnfoldedLines implements LineSink {
  readonly #sink: LineSink
  readonly #column: number
  /** The line that may go on, its last part as it came, and how many parts it has beyond the first. */
  #held: string | null = null
  #last = ''
  #more = 0
  /** Lines that belonged to the one before them. */
  folded = 0

  constructor(sink: LineSink, column: number) {
    this.#sink = sink
    this.#column = column
  }

  line(bytes: Uint8Array, start: number, end: number): void {
    const text = decodeUtf8(bytes, start, end)
    if (this.#isMore(text)) return this.#append(text)
    this.#flush()
    this.#held = text
    this.#last = text
  }

  /** The line at the end that has no line feed, with what it goes on from. */
  end(rest: Uint8Array): Uint8Array {
    const text = decodeUtf8(rest)
    if (!this.#isMore(text)) {
      this.#flush()
      return rest
    }
    this.#append(text)
    const whole = encodeUtf8(this.#held!)
    this.#held = null
    return whole
  }

  #isMore(line: string): boolean {
    if (this.#held === null) return false
    const [before, text] = [this.#last, line].map((part) => part.replace(QUOTE, '').trimEnd())
    return isBegun(before!) && goesOn(text!) && hadNoRoom(before!, text!, this.#column)
  }

  #append(text: string): void {
    this.#held = `${this.#held!.trimEnd()} ${text.replace(QUOTE, '').trim()}`
    this.#last = text
    this.#more++
    this.folded++
  }

  #flush(): void {
    if (this.#held === null) return
    const whole = encodeUtf8(this.#held)
    this.#sink.line(whole, 0, whole.length)
    for (; this.#more > 0; this.#more--) this.#sink.line(whole, 0, 0)
    this.#held = null
  }
}

/** A piece of a text with its lines put together. */
export function unfolded(bytes: Uint8Array, column: number): Uint8Array {
  const lines: Uint8Array[] = []
  const line = (whole: Uint8Array, start: number, end: number): void => {
    lines.push(whole.subarray(start, end), LINE_FEED)
  }
  const unfolding = new UnfoldedLines({ line }, column)
  const splitter = new LineSplitter(unfolding)
  splitter.push(bytes)
  lines.push(unfolding.end(splitter.rest))
  return Buffer.concat(lines)
}

const LINE_FEED = Uint8Array.of(0x0a)
