import { NumberMap } from './number-map.ts'

/** What is known of one entry. A copy: storing to it changes nothing. */
export interface Slot {
  readonly lo: number
  readonly hi: number
  /** Event that told: its last store, or the callback that read it; -1: the start state. */
  readonly seq: number
  readonly cpu: number
}

const INITIAL = 1024

/** Entries of one level by page, in typed arrays: a run may show millions of them. Nothing is ever taken out singly. */
export class SlotTable {
  readonly #rows = new NumberMap()
  #words = new Uint32Array(INITIAL * 2)
  #seqs = new Float64Array(INITIAL)
  #cpus = new Uint16Array(INITIAL)
  #used = 0

  get(page: number): Slot | undefined {
    const row = this.#rows.get(page)
    if (row === undefined) return undefined
    return {
      lo: this.#words[row * 2]!,
      hi: this.#words[row * 2 + 1]!,
      seq: this.#seqs[row]!,
      cpu: this.#cpus[row]!,
    }
  }

  set(page: number, lo: number, hi: number, seq: number, cpu: number): void {
    let row = this.#rows.get(page)
    if (row === undefined) {
      row = this.#used++
      if (row === this.#seqs.length) this.#grow()
      this.#rows.set(page, row)
    }
    this.#words[row * 2] = lo
    this.#words[row * 2 + 1] = hi
    this.#seqs[row] = seq
    this.#cpus[row] = cpu
  }

  clear(): void {
    this.#rows.clear()
    this.#used = 0
  }

  #grow(): void {
    const [words, seqs, cpus] = [this.#words, this.#seqs, this.#cpus]
    this.#words = new Uint32Array(words.length * 2)
    this.#seqs = new Float64Array(seqs.length * 2)
    this.#cpus = new Uint16Array(cpus.length * 2)
    this.#words.set(words)
    this.#seqs.set(seqs)
    this.#cpus.set(cpus)
  }
}
