import { type Condition, parseFilter, type Run, toSql, type RunFile } from '@pagetrail/recorder'

/** Events looked at while all matches are counted, which takes seconds: a key's rows must not wait long behind it. */
export const COUNT_SLICE = 10_000

/** Lets other requests be answered between two slices. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The condition of a filter; undefined: every event. */
export const conditionOf = (filter: string | null): Condition | undefined =>
  filter === null ? undefined : toSql(parseFilter(filter))

/** More matches than this are counted only: where so many match, the next ones are never far. */
const KEPT = 2_000_000

/** The events that a filter lets through, found a slice at a time while other requests are answered. */
export class MatchIndex {
  readonly run: Run
  readonly filter: string
  /** Matches so far. */
  count = 0
  /** Events looked at. */
  scanned = 0
  readonly #runFile: RunFile
  readonly #slice: number
  #seqs = new Uint32Array(1024)
  #waiting: (() => void)[] = []
  #given = false
  #failure: unknown = null

  constructor(runFile: RunFile, run: Run, filter: string, slice: number = COUNT_SLICE) {
    this.#runFile = runFile
    this.#slice = slice
    this.run = run
    this.filter = filter
  }

  /** Whether it is about these events. */
  isOf(run: Run, filter: string): boolean {
    return this.run.id === run.id && this.run.events === run.events && this.filter === filter
  }

  get done(): boolean {
    return this.scanned >= this.run.events
  }

  /** Every match is known by its place; false: not yet, or there are too many. */
  get isWhole(): boolean {
    return this.done && this.count <= KEPT
  }

  /** Looks at all events; others may be answered meanwhile. */
  async build(): Promise<void> {
    const where = conditionOf(this.filter)
    if (!where) throw new Error('a filter without a condition needs no index')
    while (!this.done && !this.#given) {
      const to = Math.min(this.run.events, this.scanned + this.#slice) - 1
      this.#add(this.#runFile.matching(this.run, this.scanned, to, where))
      this.scanned = to + 1
      for (const wake of this.#waiting.splice(0)) wake()
      await breathe()
    }
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Nobody wants it any more. */
  giveUp(): void {
    this.#given = true
  }

  /** Building it failed: whoever waits gets the error. */
  fail(error: unknown): void {
    this.#failure = error
    this.giveUp()
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when it is done, given up, or knows so many matches from an event on. */
  async until(from: number, matches: number): Promise<void> {
    while (!this.done && !this.#given) {
      if (this.scanned > from && Math.min(this.count, KEPT) - this.indexOf(from) >= matches) return
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    if (this.#failure !== null) throw this.#failure
  }

  /** How many matches lie before an event. */
  indexOf(seq: number): number {
    let lo = 0
    let hi = Math.min(this.count, KEPT)
    while (lo < hi) {
      const mid = (lo + hi) >> 1
      if ((this.#seqs[mid] ?? 0) < seq) lo = mid + 1
      else hi = mid
    }
    return lo
  }

  /** seqs of the matches from one place to another. */
  slice(from: number, to: number): Uint32Array {
    return this.#seqs.subarray(Math.max(0, from), Math.min(to, this.count, KEPT))
  }

  #add(seqs: readonly number[]): void {
    const room = Math.min(this.count + seqs.length, KEPT)
    if (room > this.#seqs.length) {
      const grown = new Uint32Array(Math.max(room, this.#seqs.length * 2))
      grown.set(this.#seqs)
      this.#seqs = grown
    }
    this.#seqs.set(seqs.slice(0, Math.max(0, KEPT - this.count)), Math.min(this.count, KEPT))
    this.count += seqs.length
  }
}
