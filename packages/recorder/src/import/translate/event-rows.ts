import { NONE, SIZE } from '../../event/batch.ts'
import { type Kind, kindOfId, KINDS } from '../../event/kinds.ts'
import type { EventSink } from '../../event/event-sink.ts'

/** Starts rows that share a moment: its CPU, task and time. */
export class EventRows {
  readonly sink: EventSink
  cpu = 0
  /** Interned name, or NONE. */
  task = NONE
  /** ns since the first timestamp, or NONE. */
  ts = NONE
  /** Of a clock that counts ticks, not time: what it showed, kept as the field x_ticks. */
  ticks: number | null = null
  /** How many rows there are. */
  total = 0
  #counts = new Float64Array(256)

  constructor(sink: EventSink) {
    this.sink = sink
  }

  /** A row of the kind at this moment: its index in `sink.batch`. */
  start(kind: number, op: number, nest: number): number {
    const row = this.sink.row(kind, this.cpu)
    const batch = this.sink.batch
    batch.ts[row] = this.ts
    batch.task[row] = this.task
    batch.op[row] = op
    batch.nest[row] = nest
    if (this.ticks !== null) batch.more.set(row, `{"x_ticks":${this.ticks}}`)
    this.#counts[kind]! += 1
    this.total++
    return row
  }

  /** Whether one row has come since there were `total`, and is as the one before it. */
  isCopy(total: number): boolean {
    const { batch } = this.sink
    const last = batch.length - 1
    if (this.total !== total + 1 || last < 1 || batch.ts[last] !== batch.ts[last - 1]) return false
    return batch.isSame(last, last - 1)
  }

  /** Where the row that was the `nth` is in the batch, from 0; -1 where it has been committed. */
  indexOf(nth: number): number {
    return Math.max(-1, this.sink.batch.length - this.total + nth)
  }

  /** Events are missing here; `lost` null: how many is not known. */
  gap(reason: string, lost: number | null, op = NONE, nest = 0): void {
    const row = this.start(KINDS.gap.id, op, nest)
    const batch = this.sink.batch
    batch.fn[row] = this.sink.intern(reason)
    if (lost !== null) batch.setRet(row, lost)
  }

  /** A line of the input that could not be read. */
  unreadable(line: number, reason: string, text: string): void {
    const row = this.start(KINDS.unreadable.id, NONE, 0)
    const { batch } = this.sink
    batch.setWord(row, SIZE, line >>> 0, Math.floor(line / 2 ** 32))
    batch.fn[row] = this.sink.intern(reason)
    batch.extra[row] = JSON.stringify(text)
  }

  /** How many rows of each kind were made. */
  counts(): Partial<Record<Kind, number>> {
    const counts: Partial<Record<Kind, number>> = {}
    this.#counts.forEach((count, id) => {
      const kind = kindOfId(id)
      if (count > 0 && kind) counts[kind] = count
    })
    return counts
  }
}
