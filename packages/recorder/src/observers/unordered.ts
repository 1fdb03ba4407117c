import { doubled } from '../tables/entry-table.ts'

const INITIAL = 64

/** Rows of versions that one CPU has overwritten, each with the seq of that store: a call may have a million. */
export class Unordered {
  length = 0
  #pairs = new Uint32Array(2 * INITIAL)

  add(row: number, seq: number): void {
    const at = 2 * this.length++
    if (at === this.#pairs.length) this.#pairs = new Uint32Array(doubled(this.#pairs))
    this.#pairs[at] = row
    this.#pairs[at + 1] = seq
  }

  row(i: number): number {
    return this.#pairs[2 * i]!
  }

  seq(i: number): number {
    return this.#pairs[2 * i + 1]!
  }

  /** Row and seq of each. */
  save(): Uint32Array {
    return this.#pairs.slice(0, 2 * this.length)
  }

  load(pairs: Uint32Array): void {
    this.clear()
    for (let i = 0; i < pairs.length; i += 2) this.add(pairs[i]!, pairs[i + 1]!)
  }

  clear(): void {
    this.length = 0
    if (this.#pairs.length > 2 * INITIAL) this.#pairs = new Uint32Array(2 * INITIAL)
  }
}
