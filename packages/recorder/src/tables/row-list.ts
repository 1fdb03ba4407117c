import { cutTo, doubled } from './entry-table.ts'

const INITIAL = 64

/** Rows that were found: four bytes each, for one flush may find a million. There is one for each use, filled anew. */
export class RowList {
  length = 0
  #rows = new Int32Array(INITIAL)

  /** Adds a row; false: more are wanted. */
  readonly take = (row: number): false => {
    if (this.length === this.#rows.length) this.#rows = new Int32Array(doubled(this.#rows))
    this.#rows[this.length++] = row
    return false
  }

  at(i: number): number {
    return this.#rows[i]!
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.length; i++) yield this.#rows[i]!
  }

  clear(): void {
    this.length = 0
    if (this.#rows.buffer.resizable) this.#rows = new Int32Array(cutTo(4 * INITIAL, this.#rows))
  }

  /** Ascending by what each row has in a column; rows that agree in it stay as they were. */
  sortBy(column: Float64Array): void {
    let i = 1
    while (i < this.length && column[this.#rows[i - 1]!]! <= column[this.#rows[i]!]!) i++
    // As a rule they are so already: entries are stored to in the order of their addresses.
    if (i < this.length) {
      // oxlint-disable-next-line unicorn/no-array-sort -- in place
      this.#rows.subarray(0, this.length).sort((a, b) => column[a]! - column[b]!)
    }
  }
}
