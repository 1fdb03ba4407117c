const FIRST_ROWS = 1 << 10

/** Pairs in the order of their numbers, from 1. */
export interface SavedPairs {
  readonly left: Int32Array
  readonly right: Int32Array
}

/**
 * Numbers for pairs of 32-bit integers: equal pairs have one number, different pairs different ones. Exact, not a
 * digest: states that are found equal are equal. Numbers ascend from 1; 0 is for the caller. 16 bytes a pair, and less
 * than as much again of index.
 */
export class PairTable {
  #left = new Int32Array(FIRST_ROWS)
  #right = new Int32Array(FIRST_ROWS)
  /** Open addressing: a pair's number, 0 where free. */
  #index = new Int32Array(FIRST_ROWS * 2)
  #size = 0

  /** Highest number given. */
  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#left.byteLength + this.#right.byteLength + this.#index.byteLength
  }

  numberOf(left: number, right: number): number {
    const a = left | 0
    const b = right | 0
    const mask = this.#index.length - 1
    for (let at = hash(a, b) & mask; ; at = (at + 1) & mask) {
      const known = this.#index[at] as number
      if (known === 0) return this.#add(a, b, at)
      if (this.#left[known] === a && this.#right[known] === b) return known
    }
  }

  pairOf(given: number): readonly [number, number] {
    return [this.#left[given] as number, this.#right[given] as number]
  }

  save(): SavedPairs {
    const end = this.#size + 1
    return { left: this.#left.slice(1, end), right: this.#right.slice(1, end) }
  }

  /** Those pairs with those numbers, instead of what it has. */
  restore({ left, right }: SavedPairs): void {
    const rows = Math.max(FIRST_ROWS, 2 ** Math.ceil(Math.log2(left.length + 2)))
    this.#left = new Int32Array(rows)
    this.#right = new Int32Array(rows)
    this.#left.set(left, 1)
    this.#right.set(right, 1)
    this.#size = left.length
    this.#index = new Int32Array(rows * 2)
    this.#reindex()
  }

  /** Every pair (left, right) becomes (left, other(right)) and keeps its number. */
  mapRight(other: (right: number) => number): void {
    for (let given = 1; given <= this.#size; given++) {
      this.#right[given] = other(this.#right[given] as number)
    }
    this.#reindex()
  }

  #add(left: number, right: number, at: number): number {
    const given = ++this.#size
    if (given >= this.#left.length) this.#grow()
    this.#left[given] = left
    this.#right[given] = right
    // Growing has moved the index; below that the place that was found free still is.
    if (given * 2 > this.#index.length) this.#rehash()
    else this.#index[at] = given
    return given
  }

  #grow(): void {
    this.#left = double(this.#left)
    this.#right = double(this.#right)
  }

  #rehash(): void {
    this.#index = new Int32Array(this.#index.length * 2)
    this.#reindex()
  }

  #reindex(): void {
    this.#index.fill(0)
    const mask = this.#index.length - 1
    for (let given = 1; given <= this.#size; given++) {
      let at = hash(this.#left[given] as number, this.#right[given] as number) & mask
      while (this.#index[at] !== 0) at = (at + 1) & mask
      this.#index[at] = given
    }
  }
}

function double(rows: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(rows.length * 2)
  grown.set(rows)
  return grown
}

function hash(left: number, right: number): number {
  let h = Math.imul(left, 0x9e37_79b1) ^ Math.imul(right, 0x85eb_ca77)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d)
  return h ^ (h >>> 13)
}
