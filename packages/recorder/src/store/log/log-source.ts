import { Batch, NONE, VA } from '../../event/batch.ts'
import { eventsAt, TOGETHER } from '../../event/batch-events.ts'
import { CallFold } from '../../event/call-fold.ts'
import { type Kind, KINDS, type TraceEvent } from '../../event/kinds.ts'
import type { Call, EventSource, LogPlace } from '../../event/run.ts'
import { readBatch } from './event-log.ts'

const { op_begin: OP_BEGIN, op_end: OP_END, walk_begin: WALK_BEGIN } = KINDS
/** Batches of readings that have ended, for the next. */
const MAX_SPARE = 2

/**
 * The run of a log, in the order of its events; it is what was written, for nobody else has the file. `known`: its
 * calls, where they were made before.
 */
export function logSource(place: LogPlace, known?: readonly Call[]): EventSource {
  const reader = new LogReader(place)
  let calls = known
  return {
    run: place.run,
    place,
    calls: () => (calls ??= reader.calls()),
    *events(from, to, kinds) {
      for (const page of reader.pages(from, to, kinds))
        for (let i = 0; i < page.length; i++) yield page[i]!
    },
  }
}

/** A batch of the log in memory. */
interface Held {
  readonly batch: Batch
  /** Which it is; -1: none yet. */
  n: number
}

class LogReader {
  readonly #place: LogPlace
  readonly #spare: Held[] = []
  readonly #nameOf = (id: number): string => this.#place.names[id] ?? ''

  constructor(place: LogPlace) {
    this.#place = place
  }

  *pages(from = 0, to = Number.MAX_SAFE_INTEGER, kinds?: readonly Kind[]): Generator<TraceEvent[]> {
    const { firsts } = this.#place
    const wanted = kinds && new Set(kinds.map((kind) => KINDS[kind].id))
    const held = this.#spare.pop() ?? { batch: new Batch(this.#place.capacity), n: -1 }
    try {
      for (let n = batchOf(firsts, from); n < firsts.length - 1 && firsts[n]! <= to; n++) {
        this.#hold(held, n)
        const start = Math.max(from - firsts[n]!, 0)
        const end = Math.min(held.batch.length, to - firsts[n]! + 1)
        for (let at = start; at < end; at += TOGETHER) {
          yield eventsAt(held.batch, firsts[n]!, at, end, this.#nameOf, wanted)
        }
      }
    } finally {
      if (this.#spare.length < MAX_SPARE) this.#spare.push(held)
    }
  }

  calls(): Call[] {
    const { firsts } = this.#place
    const calls = new LogCalls(this.#nameOf)
    const held = { batch: new Batch(this.#place.capacity), n: -1 }
    for (let n = 0; n < firsts.length - 1; n++) {
      this.#hold(held, n)
      calls.add(held.batch, firsts[n]!)
    }
    return calls.all()
  }

  #hold(held: Held, n: number): void {
    if (held.n === n) return
    held.n = -1
    readBatch(this.#place, n, held.batch)
    held.n = n
  }
}

/** The last batch that begins at or before an event. */
function batchOf(firsts: Float64Array, seq: number): number {
  let [low, high] = [0, firsts.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (firsts[middle]! <= seq) low = middle
    else high = middle
  }
  return low
}

/** The calls of batches, as they come. */
class LogCalls {
  readonly #nameOf: (id: number) => string
  readonly #fold = new CallFold<number, Call>()

  constructor(nameOf: (id: number) => string) {
    this.#nameOf = nameOf
  }

  all(): Call[] {
    return [...this.#fold.calls.values()]
  }

  /** `first`: seq of its first event. */
  add(batch: Batch, first: number): void {
    const { kind, length } = batch
    for (let i = 0; i < length; i++) {
      const id = kind[i]!
      const op = batch.op[i]!
      if (op === NONE) continue
      if (id === OP_BEGIN.id) this.#begin(batch, i, op, first)
      else if (id === OP_END.id) this.#fold.end(op, { ret: batch.returned(i), last: first + i })
      else if (id === WALK_BEGIN.id) this.#fold.walk(op, () => rangeOf(batch, i))
    }
  }

  #begin(batch: Batch, i: number, op: number, first: number): void {
    const range = rangeOf(batch, i)
    const [fn, task, cpu] = [batch.fn[i]!, batch.task[i]!, batch.cpu[i]!]
    this.#fold.begin(op, range.va !== null, () => ({
      op,
      fn: fn === NONE ? '' : this.#nameOf(fn),
      ...range,
      ret: null,
      task: task === NONE ? null : this.#nameOf(task),
      cpu,
      first: first + i,
      last: null,
    }))
  }
}

const rangeOf = (batch: Batch, i: number): Pick<Call, 'va' | 'end'> => ({
  va: batch.unsigned(i, VA),
  end: batch.end(i),
})
