import type { Geometry } from '@pagetrail/engine'

import { runGeometry } from '../descriptor/run-geometry.ts'
import { eventToJson } from '../event/codec.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { nestOf } from '../event/kinds.ts'
import { type EventSource, isIdle } from '../event/run.ts'
import { eventWords } from '../say/event-words.ts'
import { CounterTracks } from './chrome-counters.ts'
import { TEXT_CHUNK } from './atomic-file.ts'

/** Nanoseconds per microsecond: the unit of `ts` in the trace event format. */
const NS_PER_US = 1000

interface Span {
  readonly name: string
  readonly nest: number
}

/** One row of the viewer: a task, or a CPU where the task is not known. */
interface Track {
  readonly tid: number
  readonly open: Span[]
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
  const { run } = source
  const writer = new ChromeWriter(run.id, runGeometry(run))
  let text = '{"displayTimeUnit":"ns","otherData":'
  const clock = run.t0 === null ? 'none: one event, one microsecond' : 'ns'
  text += JSON.stringify({ run: run.label, kernel: run.kernel, flavour: run.flavour, clock })
  text += `,"traceEvents":[\n${JSON.stringify(metadata(run.id, 0, 'process_name', run.label))}`
  for (const event of source.events()) {
    text += writer.event(event)
    if (text.length >= TEXT_CHUNK) {
      yield text
      text = ''
    }
  }
  yield `${text}${writer.end()}\n]}\n`
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
  #lastUs = 0
  #text = ''

  constructor(pid: number, geometry: Geometry | null) {
    this.#pid = pid
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
      if (nest === 1) track.open.push({ name, nest: event.nest })
      this.#put({
        ph: nest === 1 ? 'B' : 'i',
        tid: track.tid,
        name,
        cat: event.kind,
        args: argsOf(event),
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

  #put(event: { ph: string; tid: number; name: string; cat?: string; args?: object }): void {
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
