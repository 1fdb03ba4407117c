import { InputError } from '@pagetrail/engine'
import { NONE } from '../../event/batch.ts'
import { mayBeEvent } from '../../event/loss.ts'
import { noSuchBuffer } from '../bytes/input.ts'
import { ByteTable, hashBytes } from '../bytes/byte-table.ts'
import { type FtraceEvents, MAX_EVENT_NAMES } from '../translate/ftrace-events.ts'
import { emptyHeader, readCaptureLine, readHeaderLine, type TraceHeader } from './ftrace-header.ts'
import { FtraceLine, LACKING } from './ftrace-line.ts'
import type { MetProbe } from '../translate/probe-table.ts'
import { stackOf, type Task } from '../translate/task-stack.ts'
import { TaskNames } from './task-names.ts'
import { type LineSorter, OutOfOrder } from './line-sorter.ts'
import { afterBlanks, afterBuffer, afterMark } from './line-start.ts'
import { beforePlace } from './odd-line.ts'
import {
  isDebugHead,
  isNoText,
  isPassedOver,
  isPerfRecord,
  lostIn,
  lostRecordIn,
} from './other-lines.ts'
import { TextFields } from './text-fields.ts'
import { decodeUtf8, encodeUtf8, excerpt } from '../bytes/utf8.ts'
import { foreignText, notATrace } from './foreign-text.ts'
import { beginsPage, SystracePage } from './systrace-page.ts'

const HASH = 0x23
const SPACE = 0x20
const TAB = 0x09
const RETURN = 0x0d
const GREATER = 0x3e

/** What may stand at the end of a text without being a line: blanks, and marks of a quotation. */
const NO_LINE: ReadonlySet<number> = new Set([SPACE, TAB, RETURN, GREATER])

/** Of an unreadable line, so many bytes are kept. */
const MAX_KEPT = 4_096

/** Unreadable lines that are quoted. */
const MAX_QUOTED = 10

/** A text of so many lines of which none could be read is not a trace. */
const HOPELESS_LINES = 200

/** Of lines that could not be read to lines that could: more of them make a text that is not a trace. */
const HOPELESS_RATIO = 10
/** So many that could not be read are not waited for to be balanced by others that can. */
const MOST_UNREADABLE = 100_000
const MAX_SPECIAL = 200

/** `# pagetrail: …`, which is the capture script's. */
const P = 0x70
const MAX_FACT = 8_192

/** The clock of a trace, as far as its text shows. */
export type TextClock = 'seconds' | 'ticks'

export interface FtraceTextOptions {
  /** Refuses a line that cannot be read, instead of keeping it as an event. */
  readonly strict?: boolean
  /** Which buffer to read where lines begin with names of buffers; null: the first that comes. */
  readonly buffer?: string | null
  /** Called where time goes back on a CPU; without it a gap says so. */
  readonly onBack?: (cpu: number) => void
}

/**
 * Text of ftrace's `trace` and `trace_pipe`, of `trace-cmd report` and of `perf script`, line by line. All three print
 * the same probes alike but for the columns before the name, which {@link FtraceLine} knows.
 */
export class FtraceText {
  readonly header: TraceHeader = emptyHeader()
  /** Events' lines. */
  entries = 0
  /** Lines that could not be read, and the first of them. */
  unreadable = 0
  /** Those of them that may be events, and lines that may be copies of those before them. */
  broken = 0
  readonly quoted: { readonly line: number; readonly text: string }[] = []
  /** Events whose time was before the first one's: they get the first one's. */
  backwards = 0
  clock: TextClock | null = null
  /** Time of the first event. */
  #seconds = 0
  #fraction = 0
  readonly #events: FtraceEvents
  readonly #line = new FtraceLine()
  readonly #fields = new TextFields()
  readonly #tasks: TaskNames
  readonly #probes = new ByteTable<MetProbe>()
  #overrunTold = false
  readonly #strict: boolean
  #buffer: string | null
  /** The buffer that was asked for. */
  readonly #asked: string | null
  /** Buffers whose lines were passed over. */
  readonly otherBuffers = new Set<string>()
  readonly #onBack: (cpu: number) => void
  /** By CPU, the time of its last event. */
  readonly #latest: number[] = []
  /** Lines so far, this one included. */
  #lines = 0
  #page: SystracePage | null = null
  #lacks = 0
  /** Events that are known to be missing from a torn last line on. */
  #torn = 0
  /** There was a line that only a trace has, though not an event's. */
  #isKnown = false
  /** `trace-cmd report --debug` made it. */
  #debug = false
  /** The row of a marker or a printk, whose text may go on in the next line; -1: the last line was another. */
  #note = -1

  constructor(events: FtraceEvents, options: FtraceTextOptions = {}) {
    this.#events = events
    this.#strict = options.strict ?? false
    this.#buffer = options.buffer ?? null
    this.#asked = this.#buffer
    this.#onBack = options.onBack ?? ((cpu) => events.lost(cpu, null, 'time goes back here'))
    this.#tasks = new TaskNames((text) => events.rows.sink.intern(text))
  }

  /** What its lines do not show: nothing that depends on it is known. */
  get lacks(): (typeof LACKING)[number][] {
    return LACKING.filter((_, bit) => (this.#lacks >> bit) & 1)
  }

  /** ns of the first timestamp, or null. */
  get t0(): bigint | null {
    if (this.clock !== 'seconds') return null
    return BigInt(this.#seconds) * 1_000_000_000n + BigInt(this.#fraction)
  }

  /** All lines of a text that had to be sorted. */
  sorted(lines: LineSorter): void {
    for (const { number, bytes, isUnended } of lines.sorted()) {
      this.#lines = number - 1
      if (isUnended) this.unended(bytes, this.header.entries === lines.events)
      else this.line(bytes, 0, bytes.length)
    }
    this.end(new Uint8Array())
  }

  /** One whole line, without its line feed. Throws InputError, without a place, for a text that is not a trace. */
  line(bytes: Uint8Array, start: number, end: number): void {
    const first = this.#lines++ === 0
    let from = first ? afterMark(bytes, start) : start
    while (bytes[from] === GREATER && from < end) from += bytes[from + 1] === SPACE ? 2 : 1
    if (first && beginsPage(bytes, from, end)) this.#page = new SystracePage()
    if (this.#page === null) return this.#plainLine(bytes, from, end)
    const inside = this.#page.within(bytes, from, end)
    if (inside !== null) this.#plainLine(inside, 0, inside.length)
  }

  #plainLine(bytes: Uint8Array, start: number, end: number): void {
    if (bytes[start] === HASH) return this.#comment(bytes, start, end)
    if (start === end || this.#special(bytes, start, end)) return
    // Most lines end with a letter; of those that do not, some are nothing but blanks.
    if (bytes[end - 1]! <= SPACE && afterBlanks(bytes, start, end) === end) return
    let from = start
    while (bytes[from] === TAB && from < end) from++
    const named = afterBuffer(bytes, from, end)
    if (!this.#isRead(bytes, from, named)) return
    from = named
    try {
      this.#event(bytes, from, this.#debug ? beforePlace(bytes, from, end) : end)
    } catch (error) {
      if (!(error instanceof InputError) || error instanceof OutOfOrder) throw error
      const shown = afterBlanks(bytes, start, end)
      if (shown === end) return
      if (bytes[shown] === HASH) return this.#comment(bytes, shown, end)
      const text = decodeUtf8(bytes, start, Math.min(end, start + MAX_KEPT))
      if (bytes.subarray(start, end).includes(TAB)) {
        const untabbed = encodeUtf8(text.replaceAll('\t', ' '))
        return this.#plainLine(untabbed, 0, untabbed.length)
      }
      if (isPassedOver(text) || this.#record(text) || this.#continuesNote(text)) return
      this.#unreadable(text, excerpt(bytes, start, end), error)
    }
  }

  /** Whether a line is of the buffer that is read: the same event may be in several. */
  #isRead(bytes: Uint8Array, from: number, named: number): boolean {
    if (
      named === from &&
      (this.#buffer === null || this.#buffer === '') &&
      this.otherBuffers.size === 0
    ) {
      this.#buffer ??= ''
      return true
    }
    const name = named === from ? '' : decodeUtf8(bytes, from, named).trim().slice(0, -1)
    this.#buffer ??= name
    if (name === this.#buffer) return true
    this.otherBuffers.add(name)
    return false
  }

  #event(bytes: Uint8Array, start: number, end: number): void {
    const line = this.#line
    line.read(bytes, start, end)
    this.#lacks |= line.lacks
    const probe = line.opening?.probe ?? this.#probe(bytes)
    if (probe.role === 'record') return
    const fields = this.#fields
    fields.over(bytes, line.rest, end)
    const opening = line.opening ?? line.learn(probe, bytes, end)
    if (probe.role !== 'unknown' && probe.role !== 'note') fields.read(probe, opening, line.view)
    if (!this.#overrunTold) this.#tellOverrun()
    const ts = this.#time()
    const task = line.task ?? this.#tasks.find(bytes, line.taskStart, line.taskEnd, line.taskHash)
    if (line.task === null) line.found(task)
    this.#checkOrder(ts, task)
    const { total } = this.#events.rows
    this.#events.event(probe, fields, task, line.cpu, this.#timestamp(ts), line.context)
    this.#note = probe.isText === true ? this.#events.rows.sink.batch.length - 1 : -1
    this.entries++
    // A line that comes twice, down to the time, may be a copy: the number of lines proves nothing then.
    if (probe.isText !== true && this.#events.rows.isCopy(total)) this.broken++
  }

  /** The text of a marker or a printk holds line feeds: what follows its line and is not an event belongs to it. */
  #continuesNote(more: string): boolean {
    const { batch } = this.#events.rows.sink
    if (this.#note < 0 || batch.length !== this.#note + 1 || isNoText(more)) return false
    const note = JSON.parse(batch.extra[this.#note] ?? '""') as string | { readonly text?: string }
    const whole = `${typeof note === 'string' ? note : (note.text ?? '')}\n${more}`
    batch.extra[this.#note] = JSON.stringify(typeof note === 'string' ? whole : { text: whole })
    return true
  }

  /** A line that could not be read is an event of its own; a text of such lines is not a trace. */
  #unreadable(text: string, quoted: string, error: InputError): void {
    // One strange line in the middle makes no other text of a trace.
    const foreign = this.unreadable >= this.entries ? foreignText(text) : null
    if (foreign !== null) throw new InputError(foreign)
    if (this.#strict) throw error
    this.unreadable++
    if (mayBeEvent(text)) {
      this.broken++
      this.#events.suspect()
    }
    this.#note = -1
    if (this.quoted.length < MAX_QUOTED) {
      this.quoted.push({ line: this.#lines, text: quoted })
    }
    this.#events.rows.unreadable(this.#lines, error.message, text)
    const most = this.entries === 0 ? HOPELESS_LINES : MOST_UNREADABLE
    if (this.unreadable >= most && this.unreadable > HOPELESS_RATIO * this.entries)
      throw notATrace(this.unreadable)
  }

  /**
   * The input is at its end, `unended` in the middle of a line. That is whole where the header counts one event beyond
   * those that came before it.
   */
  end(unended: Uint8Array): void {
    const { entries } = this.header
    const before = (entries ?? this.entries) - this.entries
    this.unended(unended, before === 1, before)
    if (this.unreadable > HOPELESS_RATIO * this.entries) throw notATrace(this.unreadable)
    if (this.#asked !== null && this.entries === 0 && this.otherBuffers.size > 0)
      throw noSuchBuffer(this.#asked, [...this.otherBuffers])
    // Of an empty trace there is its header, and of one that was cut above its first event.
    if (this.entries === 0 && this.#lines + unended.length > 0 && !this.#isKnown)
      throw notATrace(this.#lines)
    const missing = entries === null ? 0 : entries - this.entries - this.#torn
    if (missing > 0)
      this.#events.lost(this.#events.rows.cpu, missing, 'file ends before its last event')
    for (const text of this.header.capture.get('missed') ?? []) {
      const [name = '', count = ''] = text.split(' ')
      this.#events.lost(this.#events.rows.cpu, Number(count) || null, `the kernel missed ${name}`)
    }
  }

  /**
   * The line at the end of a file that has no line feed: it has lost its own end, unless it is known to be whole.
   * `lost`: how many events are missing from there on, where that is known.
   */
  unended(bytes: Uint8Array, isWhole: boolean, lost = 1): void {
    if (bytes.every((byte) => NO_LINE.has(byte))) return
    if (isWhole) return this.line(bytes, 0, bytes.length)
    this.#lines++
    this.#torn = Math.max(1, lost)
    this.#events.lost(this.#cpuOfTorn(bytes), this.#torn, 'last line is torn')
  }

  /** The CPU that a torn line still names, whose time must not go back either; else the last one. */
  #cpuOfTorn(bytes: Uint8Array): number {
    const line = this.#line
    let time = 0
    try {
      line.read(bytes, 0, bytes.length)
      if (this.entries > 0) time = this.#time()
    } catch (error) {
      if (error instanceof InputError) return this.#events.rows.cpu
      throw error
    }
    if (time < (this.#latest[line.cpu] ?? time)) this.#onBack(line.cpu)
    return line.cpu
  }

  /** Lines that are not an event's and begin otherwise: true if it was one. */
  #special(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > MAX_SPECIAL) return false
    const first = bytes[start]!
    const second = bytes[start + 1]!
    // Events' lines begin with spaces or a task's name; few of those get past this.
    if (first === SPACE && second !== 0x3d) return false
    const text = decodeUtf8(bytes, start, end)
    const lost = lostIn(text)
    if (!lost) {
      const other = isPassedOver(text) || this.#isDebug(text)
      this.#isKnown ||= other
      return other
    }
    this.#events.lost(lost.cpu, lost.count, 'buffer overrun')
    return true
  }

  #isDebug(text: string): boolean {
    const debug = isDebugHead(text)
    this.#debug ||= debug
    return debug
  }

  /** perf's records of other things than events, which have the columns of one. */
  #record(text: string): boolean {
    const lost = lostRecordIn(text)
    if (!lost) return isPerfRecord(text)
    this.#events.lost(lost.cpu, lost.count, 'buffer overrun')
    return true
  }

  #comment(bytes: Uint8Array, start: number, end: number): void {
    this.#isKnown = true
    const own = bytes[start + 2] === P
    if (this.entries > 0 && !own) return
    const most = own ? MAX_FACT : MAX_SPECIAL
    const line = decodeUtf8(bytes, start, Math.min(end, start + most)).replaceAll('\t', ' ')
    if (own && readCaptureLine(this.header, line)) this.#events.learn(this.header.capture)
    else if (this.entries === 0) readHeaderLine(this.header, line)
  }

  /** What the header says to have been overwritten before the file was saved. */
  #tellOverrun(): void {
    this.#overrunTold = true
    const { entries, written } = this.header
    if (entries !== null && written !== null && written > entries)
      this.#events.lost(0, written - entries, 'buffer overrun')
  }

  #probe(bytes: Uint8Array): MetProbe {
    const { nameStart, nameEnd, nameHash } = this.#line
    const known = this.#probes.find(bytes, nameStart, nameEnd, nameHash)
    if (known) return known
    if (this.#probes.size >= MAX_EVENT_NAMES)
      throw new InputError(
        `more than ${MAX_EVENT_NAMES} different events, the last ${excerpt(bytes, nameStart, nameEnd)}: this is not a trace`,
      )
    const probe = this.#events.probe(decodeUtf8(bytes, nameStart, nameEnd))
    this.#probes.add(bytes, nameStart, nameEnd, hashBytes(bytes, nameStart, nameEnd), probe)
    return probe
  }

  /** Events of a CPU, and of a task, come in the order of their times, unless files were joined. */
  #checkOrder(time: number, task: Task): void {
    const { cpu } = this.#line
    const stack = stackOf(task, cpu)
    if (time < (this.#latest[cpu] ?? time) || time < stack.latest) this.#onBack(cpu)
    this.#latest[cpu] = time
    stack.latest = time
  }

  /** ns since the first event, which may be later than this one; ticks of a clock that counts something else. */
  #time(): number {
    const { seconds, fraction } = this.#line
    const clock = fraction < 0 ? 'ticks' : 'seconds'
    if (this.clock === null) {
      this.clock = clock
      this.#seconds = seconds
      this.#fraction = fraction
    } else if (this.clock !== clock) {
      throw new InputError(`expected a time in ${this.clock} as in the lines before`)
    }
    if (clock === 'ticks') return seconds
    return (seconds - this.#seconds) * 1e9 + (fraction - this.#fraction)
  }

  /** What an event gets of that: nothing may be dated before the run. */
  #timestamp(time: number): number {
    const isTicks = this.clock === 'ticks'
    this.#events.rows.ticks = isTicks ? time : null
    if (isTicks) return NONE
    if (time >= 0) return time
    this.backwards++
    return 0
  }
}
