import { BriefMap } from '../../tables/brief-map.ts'
import type { OpenCall } from './lane.ts'
import { RangeList } from '../../observers/range-list.ts'

/** What one call did of one sort: a call over a thousand pages gives one finding, not a thousand. */
export interface Entry {
  /** The sort, as the rule named it. */
  readonly what: string
  readonly call: OpenCall | null
  readonly cpu: number
  readonly ranges: RangeList
  first: number
  last: number
  count: number
}

/** Occurrences collected per call until it returns. */
export class CallTally {
  readonly #byOp = new BriefMap<number | null, BriefMap<string, Entry>>()

  add(
    what: string,
    call: OpenCall | null,
    cpu: number,
    seq: number,
    start: number,
    end: number,
  ): void {
    const op = call?.op ?? null
    let entries = this.#byOp.get(op)
    if (entries === undefined) this.#byOp.set(op, (entries = new BriefMap<string, Entry>()))
    let entry = entries.get(what)
    if (entry === undefined) {
      entry = { what, call, cpu, ranges: new RangeList(), first: seq, last: seq, count: 0 }
      entries.set(what, entry)
    }
    entry.ranges.add(start, end)
    entry.last = seq
    entry.count++
  }

  /** What a call did; it is forgotten with that. */
  take(op: number | null): Entry[] {
    const entries = this.#byOp.get(op)
    if (entries === undefined) return []
    this.#byOp.delete(op)
    return [...entries.values()]
  }

  takeAll(): Entry[] {
    return [...this.#byOp].flatMap(([op]) => this.take(op))
  }

  clear(): void {
    this.#byOp.clear()
  }
}
