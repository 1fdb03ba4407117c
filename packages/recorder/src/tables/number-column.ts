import { doubled } from './entry-table.ts'

/**
 * A column of whole numbers from -1 to 2^32 - 2, a byte each until one of them is larger than a byte: of CPUs, of
 * functions and of the calls of a long one there are few. A row that was never set has -1.
 */
export class NumberColumn {
  #values: Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>

  constructor(length: number) {
    this.#values = new Uint8Array(length)
  }

  /** What is kept is one more, so that -1 fits in. */
  at(row: number): number {
    return this.#values[row]! - 1
  }

  set(row: number, value: number): void {
    if (value > 254 && this.#values instanceof Uint8Array)
      this.#values = new Uint32Array(this.#values)
    this.#values[row] = value + 1
  }

  grow(): void {
    const longer = doubled(this.#values)
    this.#values =
      this.#values instanceof Uint8Array ? new Uint8Array(longer) : new Uint32Array(longer)
  }

  /** The first so many. */
  slice(length: number): Int32Array<ArrayBuffer> {
    return Int32Array.from({ length }, (_, row) => this.at(row))
  }
}
