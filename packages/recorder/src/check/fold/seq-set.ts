import { doubled } from '../../tables/growing-buffer.ts'

const INITIAL = 16
/** As many as are ever wanted in the order in which they came. */
const FIRST = 8

/**
 * Events, each once: four bytes each as long as they come in their order, which stores along a range do. A call may
 * leave a million of them unflushed.
 */
export class SeqSet implements Iterable<number> {
  /** The first eight, in the order in which they came. */
  readonly first: number[] = []
  #ascending = new Uint32Array(INITIAL)
  #length = 0
  /** Those that came after a later one. */
  readonly #others = new Set<number>()

  get size(): number {
    return this.#length + this.#others.size
  }

  has(seq: number): boolean {
    return this.#isAscending(seq) || this.#others.has(seq)
  }

  add(seq: number): void {
    const last = this.#length === 0 ? -1 : this.#ascending[this.#length - 1]!
    if (seq === last) return
    if (seq < last) {
      if (this.has(seq)) return
      this.#others.add(seq)
    } else {
      if (this.#others.size > 0 && this.#others.has(seq)) return
      if (this.#length === this.#ascending.length)
        this.#ascending = new Uint32Array(doubled(this.#ascending))
      this.#ascending[this.#length++] = seq
    }
    if (this.first.length < FIRST) this.first.push(seq)
  }

  addAll(seqs: Iterable<number>): void {
    for (const seq of seqs) this.add(seq)
  }

  /** The first and the last `ends` of those that came in order, and all others: enough for a short proof. */
  *sample(ends: number): Iterable<number> {
    const from = Math.max(ends, this.#length - ends)
    for (let i = 0; i < Math.min(ends, this.#length); i++) yield this.#ascending[i]!
    for (let i = from; i < this.#length; i++) yield this.#ascending[i]!
    yield* this.#others
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.#length; i++) yield this.#ascending[i]!
    yield* this.#others
  }

  #isAscending(seq: number): boolean {
    let low = 0
    let high = this.#length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#ascending[middle]! < seq) low = middle + 1
      else high = middle
    }
    return low <= high && this.#ascending[low] === seq
  }
}
