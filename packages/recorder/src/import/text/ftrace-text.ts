import { InputError } from '@pagetrail/engine'
import { NONE } from '../../event/batch.ts'
import { ByteTable, hashBytes } from '../bytes/byte-table.ts'
import { type FtraceEvents, MAX_EVENT_NAMES } from '../translate/ftrace-events.ts'
import { emptyHeader, readCaptureLine, readHeaderLine, type TraceHeader } from './ftrace-header.ts'
import { FtraceLine } from './ftrace-line.ts'
import type { Probe } from '../translate/probe-table.ts'
import { TaskNames } from './task-names.ts'
import { TextFields } from './text-fields.ts'
import { decodeUtf8, excerpt } from '../bytes/utf8.ts'

const HASH = 0x23
const SPACE = 0x20

/** `CPU:1 [LOST 12 EVENTS]`; trace-cmd says EVENTS DROPPED. */
const LOST = /^CPU:(\d{1,5}) \[(?:LOST (?:(\d{1,15}) )?EVENTS|(?:(\d{1,15}) )?EVENTS DROPPED)\]$/
/** What trace-cmd report prints above the events; stacks below an event: ftrace's and trace-cmd's, perf's. */
const PASSED_OVER =
  /^(?:cpus=\d+|version = \d+|CPU \d+ is empty| ?=> .*|\t *[0-9a-f]{4,16} .*|trace-cmd: .*)$/
const MAX_SPECIAL = 200
/** `# pagetrail: …`, which is the capture script's. */
const P = 0x70
const MAX_FACT = 8_192

/** The clock of a trace, as far as its text tells. */
export type TextClock = 'seconds' | 'ticks'

/**
 * Text of ftrace's `trace` and `trace_pipe`, of `trace-cmd report` and of `perf script`, line by line. All three print
 * the same probes alike but for the columns before the name, which {@link FtraceLine} knows.
 */
export class FtraceText {
  readonly header: TraceHeader = emptyHeader()
  /** Events' lines. */
  entries = 0
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
  readonly #probes = new ByteTable<Probe>()
  #overrunTold = false

  constructor(events: FtraceEvents) {
    this.#events = events
    this.#tasks = new TaskNames((text) => events.rows.sink.intern(text))
  }

  /** ns of the first timestamp, or null. */
  get t0(): bigint | null {
    if (this.clock !== 'seconds') return null
    return BigInt(this.#seconds) * 1_000_000_000n + BigInt(this.#fraction)
  }

  /** One whole line, without its line feed. Throws InputError, without a place. */
  line(bytes: Uint8Array, start: number, end: number): void {
    if (bytes[start] === HASH) return this.#comment(bytes, start, end)
    if (start === end || this.#special(bytes, start, end)) return
    if (!this.#overrunTold) this.#tellOverrun()
    const line = this.#line
    line.read(bytes, start, end)
    const probe = this.#probe(bytes)
    const fields = this.#fields
    fields.over(bytes, line.rest, end)
    if (probe.role !== 'unknown' && probe.role !== 'note') fields.read(probe)
    const ts = this.#time()
    const task = this.#tasks.find(bytes, line.taskStart, line.taskEnd, line.taskHash)
    this.#events.event(probe, fields, task, line.cpu, ts, line.context)
    this.entries++
  }

  /** The input is at its end; `torn`: in the middle of a line. */
  end(torn: boolean): void {
    const { entries } = this.header
    const missing = entries === null ? 0 : Math.max(0, entries - this.entries)
    if (torn) this.#events.lost(this.#events.rows.cpu, Math.max(1, missing), 'last line is torn')
    else if (missing > 0)
      this.#events.lost(this.#events.rows.cpu, missing, 'file ends before its last event')
    for (const text of this.header.capture.get('missed') ?? []) {
      const [name = '', count = ''] = text.split(' ')
      this.#events.lost(this.#events.rows.cpu, Number(count) || null, `the kernel missed ${name}`)
    }
  }

  /** Lines that are no event's and begin otherwise: true if it was one. */
  #special(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > MAX_SPECIAL) return false
    const first = bytes[start]!
    const second = bytes[start + 1]!
    // Events' lines begin with spaces or a task's name; few of those get past this.
    if (first === SPACE && second !== 0x3d) return false
    const text = decodeUtf8(bytes, start, end)
    const lost = LOST.exec(text)
    if (!lost) return PASSED_OVER.test(text)
    const count = lost[2] ?? lost[3]
    const cpu = Number(lost[1])
    this.#events.lost(cpu, count === undefined ? null : Number(count), 'buffer overrun')
    return true
  }

  #comment(bytes: Uint8Array, start: number, end: number): void {
    const own = bytes[start + 2] === P
    if (this.entries > 0 && !own) return
    const line = decodeUtf8(bytes, start, Math.min(end, start + (own ? MAX_FACT : MAX_SPECIAL)))
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

  #probe(bytes: Uint8Array): Probe {
    const { nameStart, nameEnd, nameHash } = this.#line
    const known = this.#probes.find(bytes, nameStart, nameEnd, nameHash)
    if (known) return known
    if (this.#probes.size >= MAX_EVENT_NAMES)
      throw new InputError(
        `more than ${MAX_EVENT_NAMES} different events, the last ${excerpt(bytes, nameStart, nameEnd)}: this is no trace`,
      )
    const probe = this.#events.probe(decodeUtf8(bytes, nameStart, nameEnd))
    this.#probes.add(bytes, nameStart, nameEnd, hashBytes(bytes, nameStart, nameEnd), probe)
    return probe
  }

  /** ns since the first event. */
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
    if (clock === 'ticks') return NONE
    const ns = (seconds - this.#seconds) * 1e9 + (fraction - this.#fraction)
    if (ns >= 0) return ns
    this.backwards++
    return 0
  }
}
