import type { Geometry } from '@pagetrail/engine'

import { runGeometry } from '../descriptor/run-geometry.ts'
import { eventToJson } from '../event/codec.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { nestOf } from '../event/kinds.ts'
import { type EventSource, isIdle, type Run } from '../event/run.ts'
import { eventWords } from '../say/event-words.ts'
import { CounterTracks } from './chrome-counters.ts'
import { TEXT_CHUNK } from './atomic-file.ts'

/** Nanoseconds per microsecond: the unit of `ts` in the trace event format. */
const NS_PER_US = 1000

interface OpenSpan {
  readonly name: string
  readonly nest: number
}

/** One row of the viewer: a task, or a CPU where the task is not known. */
interface Track {
  readonly tid: number
  readonly open: OpenSpan[]
}

/**
 * A run in Chrome's trace event format, which Perfetto and chrome://tracing open: a span per call, walk, callback and
 * function on the track of its task (of its CPU where no task is known), every other event as an instant, and
 * counters of deferred barriers, flushes and pages flushed.
 *
 * Every span is closed: one whose end is missing (a halted call, a gap) ends where the next event shows that it was
 * left, and says `unfinished`. Where there is no clock an event lasts one microsecond. Yields pieces of text.
 */
export function* chromeChunks(source: EventSource): Generator<string> {
  yield `{"displayTimeUnit":"ns","otherData":${JSON.stringify(originOf(source.run))},"traceEvents":[`
  yield* processChunks({ source, pid: source.run.id, name: source.run.label, pairs: null })
  yield '\n]}\n'
}

/** By the number of a call, that of its pair. */
type Pairs = ReadonlyMap<number, number>

/** A run beside another: which of its calls have a counterpart, and the number of their pair. */
export interface PairedRun {
  readonly source: EventSource
  readonly pairs: Pairs
}

/**
 * Two runs side by side, a process each. The frames of a pair of calls, and of all that is in them, carry one `id`,
 * which is `pair` among the arguments of each event. There are no arrows: those of the format cannot go back in time,
 * and which side's call is earlier says nothing.
 */
export function* chromePairChunks(left: PairedRun, right: PairedRun): Generator<string> {
  const [a, b] = [left.source.run, right.source.run]
  const origins = { left: originOf(a), right: originOf(b) }
  yield `{"displayTimeUnit":"ns","otherData":${JSON.stringify(origins)},"traceEvents":[`
  // Runs of two databases may have one number.
  const [one, two] = a.id === b.id ? [1, 2] : [a.id, b.id]
  yield* processChunks({ ...left, pid: one, name: `left: ${a.label}` })
  yield `,${sortIndex(one, 0)},${sortIndex(two, 1)},`
  yield* processChunks({ ...right, pid: two, name: `right: ${b.label}` })
  yield '\n]}\n'
}

const originOf = ({ label, kernel, flavour, t0 }: Run) => {
  const clock = t0 === null ? 'none: one event, one microsecond' : 'ns'
  return { run: label, kernel, flavour, clock }
}

/** Which stands above: not the run that happens to have the smaller number. */
const sortIndex = (pid: number, sort_index: number): string =>
  `\n${JSON.stringify({ ph: 'M', pid, tid: 0, name: 'process_sort_index', args: { sort_index } })}`

interface Process {
  readonly source: EventSource
  readonly pid: number
  readonly name: string
  readonly pairs: Pairs | null
}

function* processChunks({ source, pid, name, pairs }: Process): Generator<string> {
  const writer = new ChromeWriter(pid, runGeometry(source.run), pairs)
  let text = `\n${JSON.stringify(metadata(pid, 0, 'process_name', name))}`
  for (const event of source.events()) {
    text += writer.event(event)
    if (text.length >= TEXT_CHUNK) {
      yield text
      text = ''
    }
  }
  yield text + writer.end()
}

const metadata = (pid: number, tid: number, name: string, value: string) => ({
  ph: 'M',
  pid,
  tid,
  name,
  args: { name: value },
})

class ChromeWriter {
  readonly #pid: number
  readonly #geometry: Geometry | null
  readonly #tracks = new Map<string, Track>()
  readonly #counters = new CounterTracks()
  readonly #pairs: Pairs | null
  #lastUs = 0
  #text = ''

  constructor(pid: number, geometry: Geometry | null, pairs: Pairs | null) {
    this.#pid = pid
    this.#pairs = pairs
    this.#geometry = geometry
  }

  /** The event's lines, each with its leading comma. */
  event(event: TraceEvent): string {
    this.#text = ''
    this.#lastUs = event.ts === null ? event.seq : event.ts / NS_PER_US
    const track = this.#track(event)
    const nest = nestOf(event.kind)
    if (nest === -1) {
      this.#closeSpan(track, event)
    } else {
      this.#leaveAbandoned(track, event.nest)
      const name = this.#name(event)
      const pair = this.#pairOf(event)
      if (nest === 1) track.open.push({ name, nest: event.nest })
      this.#put({
        ph: nest === 1 ? 'B' : 'i',
        tid: track.tid,
        name,
        cat: event.kind,
        ...(pair !== null && nest === 1 && { id: pair }),
        args: pair === null ? argsOf(event) : { ...argsOf(event), pair },
      })
    }
    for (const { name, values } of this.#counters.after(event)) {
      this.#put({ ph: 'C', tid: 0, name, args: values })
    }
    return this.#text
  }

  end(): string {
    this.#text = ''
    for (const track of this.#tracks.values()) this.#leaveAbandoned(track, 0)
    return this.#text
  }

  #pairOf({ op }: TraceEvent): number | null {
    return op === null ? null : (this.#pairs?.get(op) ?? null)
  }

  #put(event: {
    ph: string
    tid: number
    name: string
    cat?: string
    id?: number
    args?: object
  }): void {
    const scope = event.ph === 'i' ? { s: 't' } : undefined
    this.#text += `,\n${JSON.stringify({ ...event, ...scope, pid: this.#pid, ts: this.#lastUs })}`
  }

  #track(event: TraceEvent): Track {
    const name = isIdle(event.task)
      ? `CPU ${event.cpu}${event.task === null ? '' : ' idle'}`
      : event.task!
    let track = this.#tracks.get(name)
    if (!track) {
      track = { tid: this.#tracks.size + 1, open: [] }
      this.#tracks.set(name, track)
      this.#text += `,\n${JSON.stringify(metadata(this.#pid, track.tid, 'thread_name', name))}`
    }
    return track
  }

  /** What happened in the words of every listing; the same for what opens a span and what closes it. */
  #name(event: TraceEvent): string {
    return eventWords(event, this.#geometry).what
  }

  /** Ends the spans that an event this deep shows to have been left without an end. */
  #leaveAbandoned(track: Track, nest: number): void {
    while (track.open.length > 0 && track.open.at(-1)!.nest >= nest) {
      const { name } = track.open.pop()!
      this.#put({ ph: 'E', tid: track.tid, name, args: { unfinished: true } })
    }
  }

  /** Ends the innermost span of this name and what was left open inside it; without one the end is an instant. */
  #closeSpan(track: Track, event: TraceEvent): void {
    const name = this.#name(event)
    const args = argsOf(event)
    const at = track.open.findLastIndex((span) => span.name === name)
    if (at < 0) {
      this.#put({ ph: 'i', tid: track.tid, name: `${name} (end)`, cat: event.kind, args })
      return
    }
    while (track.open.length > at + 1) {
      const inner = track.open.pop()!
      this.#put({ ph: 'E', tid: track.tid, name: inner.name, args: { unfinished: true } })
    }
    track.open.pop()
    this.#put({ ph: 'E', tid: track.tid, name, args })
  }
}

/** The event's own fields, as in JSON Lines, with its seq to find it again. */
function argsOf(event: TraceEvent): object {
  const { kind: _kind, ts: _ts, task: _task, ...args } = eventToJson(event)
  return args
}
