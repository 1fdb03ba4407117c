import { doubled } from './growing-buffer.ts'

/** Different values that a column may have while a byte is enough for each row. */
const FEW = 256

/**
 * A column of unsigned 32-bit numbers of which few differ: of CPUs, of functions, of the calls of a long one, of the
 * upper words of descriptors. A byte each, the place of the value among those that there are, until they are more than
 * 256; four bytes each from then on. A row that was never set has 0.
 */
export class FewColumn {
  /** null: the rows are in `#words`. */
  #places: Uint8Array<ArrayBuffer> | null
  #words: Uint32Array<ArrayBuffer> | null = null
  readonly #values = new Uint32Array(FEW)
  readonly #placeOf = new Map<number, number>([[0, 0]])
  /** As a rule the next row has the same. */
  #last = 0
  #lastPlace = 0

  constructor(length: number) {
    this.#places = new Uint8Array(length)
  }

  at(row: number): number {
    return this.#places === null ? this.#words![row]! : this.#values[this.#places[row]!]!
  }

  set(row: number, value: number): void {
    if (this.#places !== null && (value === this.#last || this.#select(value)))
      this.#places[row] = this.#lastPlace
    else this.#words![row] = value
  }

  grow(): void {
    if (this.#places !== null) this.#places = new Uint8Array(doubled(this.#places))
    if (this.#words !== null) this.#words = new Uint32Array(doubled(this.#words))
  }

  clone(): FewColumn {
    const copy = new FewColumn(0)
    copy.#places = this.#places && this.#places.slice()
    copy.#words = this.#words && this.#words.slice()
    copy.#values.set(this.#values)
    for (const [value, place] of this.#placeOf) copy.#placeOf.set(value, place)
    return copy
  }

  /** False: there is no place left for the value, and rows have four bytes each from now on. */
  #select(value: number): boolean {
    let place = this.#placeOf.get(value)
    if (place === undefined) {
      place = this.#placeOf.size
      if (place === FEW) {
        this.#widen()
        return false
      }
      this.#placeOf.set(value, place)
      this.#values[place] = value
    }
    this.#last = value
    this.#lastPlace = place
    return true
  }

  #widen(): void {
    const places = this.#places!
    this.#words = Uint32Array.from(places, (place) => this.#values[place]!)
    this.#places = null
    this.#placeOf.clear()
  }
}
