import { doubled } from '../../tables/growing-buffer.ts'

const INITIAL = 16
/** As many as are ever wanted in the order in which they came. */
const FIRST = 8

/**
 * Events, each once: those that come in their order as runs, each as far from the one before it as the others are, as
 * stores along a range come. A call may leave a million of them unflushed.
 */
export class SeqSet implements Iterable<number> {
  /** The first eight, in the order in which they came. */
  readonly first: number[] = []
  /** Of each run the first event, the last, and how far they are apart: 0, it has only one. */
  #firsts = new Uint32Array(INITIAL)
  #lasts = new Uint32Array(INITIAL)
  #steps = new Uint32Array(INITIAL)
  #runs = 0
  #inRuns = 0
  /** Those that came after a later one. */
  readonly #others = new Set<number>()

  get size(): number {
    return this.#inRuns + this.#others.size
  }

  has(seq: number): boolean {
    return this.#isInRun(seq) || this.#others.has(seq)
  }

  add(seq: number): void {
    const last = this.#runs === 0 ? -1 : this.#lasts[this.#runs - 1]!
    if (seq === last) return
    if (seq < last) {
      if (this.has(seq)) return
      this.#others.add(seq)
    } else {
      if (this.#others.size > 0 && this.#others.has(seq)) return
      this.#append(seq, seq - last)
    }
    if (this.first.length < FIRST) this.first.push(seq)
  }

  addAll(seqs: Iterable<number>): void {
    for (const seq of seqs) this.add(seq)
  }

  /** The first and the last `ends` of those that came in order, and all others: enough for a short proof. */
  *sample(ends: number): Iterable<number> {
    yield* this.#between(0, ends)
    yield* this.#between(Math.max(ends, this.#inRuns - ends), this.#inRuns)
    yield* this.#others
  }

  *[Symbol.iterator](): Iterator<number> {
    yield* this.#between(0, this.#inRuns)
    yield* this.#others
  }

  /** Those of the runs from the `from`-th on, until the `to`-th. */
  *#between(from: number, to: number): Iterable<number> {
    let before = 0
    for (let run = 0; run < this.#runs && before < to; run++) {
      const first = this.#firsts[run]!
      const step = this.#steps[run]!
      const count = step === 0 ? 1 : (this.#lasts[run]! - first) / step + 1
      const end = Math.min(count, to - before)
      for (let i = Math.max(0, from - before); i < end; i++) yield first + i * step
      before += count
    }
  }

  #append(seq: number, step: number): void {
    const run = this.#runs - 1
    this.#inRuns++
    if (run >= 0 && (this.#steps[run] === 0 || this.#steps[run] === step)) {
      this.#lasts[run] = seq
      this.#steps[run] = step
      return
    }
    if (this.#runs === this.#firsts.length) {
      this.#firsts = new Uint32Array(doubled(this.#firsts))
      this.#lasts = new Uint32Array(doubled(this.#lasts))
      this.#steps = new Uint32Array(doubled(this.#steps))
    }
    this.#firsts[this.#runs] = seq
    this.#lasts[this.#runs] = seq
    this.#steps[this.#runs++] = 0
  }

  #isInRun(seq: number): boolean {
    let low = 0
    let high = this.#runs - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#lasts[middle]! < seq) low = middle + 1
      else high = middle
    }
    if (low > high) return false
    const after = seq - this.#firsts[low]!
    const step = this.#steps[low]!
    return after === 0 || (after > 0 && seq <= this.#lasts[low]! && step > 0 && after % step === 0)
  }
}
