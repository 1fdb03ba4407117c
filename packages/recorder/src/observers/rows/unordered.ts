import { cutTo, doubled } from '../../tables/growing-buffer.ts'
import { RowList } from '../../tables/row-list.ts'
import type { VersionRows } from './version-rows.ts'

const INITIAL = 64

/** Rows of versions that others have overwritten and that a CPU's dsb orders, each with the seq of that store. */
class Pairs {
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

  clear(): void {
    this.length = 0
    if (this.#pairs.buffer.resizable) this.#pairs = new Uint32Array(cutTo(8 * INITIAL, this.#pairs))
  }
}

/**
 * What one CPU's next dsb orders. Its own stores may be a million, in one call: of them the row is enough, for as long
 * as the row says that this CPU has overwritten it last, it is here by that store.
 */
export class Unordered {
  readonly #own = new RowList()
  readonly #followed = new Pairs()

  get isEmpty(): boolean {
    return this.#own.length + this.#followed.length === 0
  }

  /** The CPU itself has overwritten it. */
  add(row: number): void {
    this.#own.take(row)
  }

  /** Another has, at event `seq`; this CPU stores to the same entry after it. */
  follow(row: number, seq: number): void {
    this.#followed.add(row, seq)
  }

  /** Rows that are still what they were; `cpu`: whose list it is. */
  each(rows: VersionRows, cpu: number, visit: (row: number) => void): void {
    this.#own.each((row) => {
      if (rows.isLive(row) && rows.cpu(row) === cpu) visit(row)
    })
    for (let i = 0; i < this.#followed.length; i++) {
      const row = this.#followed.row(i)
      if (rows.isLive(row) && rows.seq(row) === this.#followed.seq(i)) visit(row)
    }
  }

  /** Row and seq of each. */
  save(rows: VersionRows, cpu: number): Uint32Array {
    const pairs: number[] = []
    this.each(rows, cpu, (row) => pairs.push(row, rows.seq(row)))
    return Uint32Array.from(pairs)
  }

  load(pairs: Uint32Array): void {
    this.clear()
    for (let i = 0; i < pairs.length; i += 2) this.follow(pairs[i]!, pairs[i + 1]!)
  }

  clear(): void {
    this.#own.clear()
    this.#followed.clear()
  }
}
