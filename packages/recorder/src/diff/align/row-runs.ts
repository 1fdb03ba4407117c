import type { RowStatus } from '../pair-result.ts'

/** Rows of one status that follow each other: first index on the left and on the right, and how many. */
export interface RowRun {
  readonly status: RowStatus
  readonly left: number
  readonly right: number
  readonly length: number
}

const STATUSES: readonly RowStatus[] = ['same', 'renamed', 'changed', 'left', 'right']
const [LEFT, RIGHT] = [STATUSES.indexOf('left'), STATUSES.indexOf('right')]
/** Bits of a word for the status; above them the length. */
const BITS = 3
const MASK = (1 << BITS) - 1

/**
 * All rows of a pair of calls as runs, in order, in four bytes each: a long call has many, and where one begins follows
 * from those before it.
 */
export class RowRuns implements Iterable<RowRun> {
  length = 0
  private words = new Uint32Array(16)

  /** Appends rows; those of the last status are part of its run. */
  add(status: RowStatus, rows: number): void {
    if (rows === 0) return
    const code = STATUSES.indexOf(status)
    const last = this.length - 1
    if (last >= 0 && (this.words[last]! & MASK) === code) {
      this.words[last]! += rows << BITS
      return
    }
    if (this.length === this.words.length) this.grow()
    this.words[this.length++] = (rows << BITS) | code
  }

  *[Symbol.iterator](): Generator<RowRun> {
    let [left, right] = [0, 0]
    for (let i = 0; i < this.length; i++) {
      const code = this.words[i]! & MASK
      const length = this.words[i]! >>> BITS
      yield { status: STATUSES[code]!, left, right, length }
      if (code !== RIGHT) left += length
      if (code !== LEFT) right += length
    }
  }

  private grow(): void {
    const words = new Uint32Array(2 * this.words.length)
    words.set(this.words)
    this.words = words
  }
}
