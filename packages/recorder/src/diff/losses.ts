import { isLoss } from '../event/loss.ts'
import type { Call, EventSource } from '../event/run.ts'
import { WHOLE_RUN } from './align/call-stream.ts'

/** Where events of a run are missing: what differs there may be only what is missing. */
export class Losses {
  /** seqs of the events that say so, ascending. */
  readonly #places: readonly number[]
  /** More is missing than the places say: it may be anywhere. */
  readonly #isAnywhere: boolean
  /** The run ends before what it records did. */
  readonly #isCut: boolean
  /** Calls that may be missing altogether and do not stand for one of the other run yet. */
  #calls: number

  constructor(source: EventSource) {
    const { run } = source
    const places: number[] = []
    let missing = 0
    for (const e of source.events(undefined, undefined, ['gap', 'unreadable'])) {
      if (!isLoss(e)) continue
      places.push(e.seq)
      missing += e.kind === 'gap' ? (e.lost ?? Infinity) : 1
    }
    this.#places = places
    this.#isAnywhere = run.lost > missing
    this.#isCut = run.state !== 'complete'
    this.#calls = this.#isCut ? Infinity : Math.max(run.lost, missing)
  }

  get isWhole(): boolean {
    return this.#places.length === 0 && !this.#isAnywhere && !this.#isCut
  }

  /** Whether events of the call may be missing. */
  within(call: Call): boolean {
    if (call.op === WHOLE_RUN.op) return !this.isWhole
    if (this.#isAnywhere || (this.#isCut && call.last === null)) return true
    const { first, last } = call
    let [low, high] = [0, this.#places.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#places[middle]! < first) low = middle + 1
      else high = middle
    }
    return low < this.#places.length && (last === null || this.#places[low]! < last)
  }

  /** Whether events before the call may be missing: what was owed when it began is not known. */
  before({ first }: Call): boolean {
    return this.#isAnywhere || (this.#places[0] ?? Infinity) < first
  }

  /** Whether a call that only the other run shows may be missing here; each missing event excuses one call. */
  mayHold(): boolean {
    if (this.#calls === 0) return false
    this.#calls--
    return true
  }
}
