import { doubled } from './entry-table.ts'

/**
 * A column of whole numbers from -1 on, a byte each until one of them is larger than a byte: of CPUs and of functions
 * there are few. A row that was never set has 0.
 */
export class NumberColumn {
  #values: Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>

  constructor(length: number) {
    this.#values = new Uint8Array(length)
  }

  /** What is kept is one more, so that -1 fits in. */
  at(row: number): number {
    return this.#values[row]! - 1
  }

  set(row: number, value: number): void {
    if (value > 254 && this.#values instanceof Uint8Array)
      this.#values = new Int32Array(this.#values)
    this.#values[row] = value + 1
  }

  grow(): void {
    const longer = doubled(this.#values)
    this.#values =
      this.#values instanceof Uint8Array ? new Uint8Array(longer) : new Int32Array(longer)
  }

  /** The first so many. */
  slice(length: number): Int32Array<ArrayBuffer> {
    return Int32Array.from({ length }, (_, row) => this.at(row))
  }
}
