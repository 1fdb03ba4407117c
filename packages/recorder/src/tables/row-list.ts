import { cutTo, doubled } from './growing-buffer.ts'

const INITIAL = 64

/**
 * Rows that were found: one flush may find a million. Rows that follow each other, as those of a range mostly do, take
 * no more than their first. There is one list for each use, filled anew.
 */
export class RowList {
  length = 0
  /** A row, or below 0 how many more follow the row before it. */
  #cells = new Int32Array(INITIAL)
  #used = 0
  #last = 0

  /** Adds a row; false: more are wanted. */
  readonly take = (row: number): false => {
    const isNext = this.length > 0 && row === this.#last + 1
    this.length++
    this.#last = row
    if (isNext && this.#cells[this.#used - 1]! < 0) this.#cells[this.#used - 1]!--
    else this.#push(isNext ? -1 : row)
    return false
  }

  each(visit: (row: number) => void): void {
    let row = 0
    for (let i = 0; i < this.#used; i++) {
      const cell = this.#cells[i]!
      if (cell >= 0) visit((row = cell))
      else for (let left = cell; left < 0; left++) visit(++row)
    }
  }

  *[Symbol.iterator](): Iterator<number> {
    let row = 0
    for (let i = 0; i < this.#used; i++) {
      const cell = this.#cells[i]!
      if (cell >= 0) yield (row = cell)
      else for (let left = cell; left < 0; left++) yield ++row
    }
  }

  clear(): void {
    this.length = 0
    this.#used = 0
    if (this.#cells.buffer.resizable) this.#cells = new Int32Array(cutTo(4 * INITIAL, this.#cells))
  }

  /** Ascending by what each row has; rows that agree in it stay as they were. */
  sortBy(valueOf: (row: number) => number): void {
    let before = -Infinity
    let isSorted = true
    this.each((row) => {
      const value = valueOf(row)
      if (value < before) isSorted = false
      before = value
    })
    // As a rule they are so already: entries are stored to in the order of their addresses.
    if (isSorted) return
    const rows = Int32Array.from(this).toSorted((a, b) => valueOf(a) - valueOf(b))
    this.clear()
    for (const row of rows) this.take(row)
  }

  #push(cell: number): void {
    if (this.#used === this.#cells.length) this.#cells = new Int32Array(doubled(this.#cells))
    this.#cells[this.#used++] = cell
  }
}
