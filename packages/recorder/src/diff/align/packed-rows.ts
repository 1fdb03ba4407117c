import { TOKEN_WORDS, T } from './token-words.ts'

/**
 * Rows of a long call in a byte each, two or four where many are distinct: what a row differs by from the last of its
 * kind and level, which hardly varies along a range, each distinct difference once and its number for every row. Plain
 * data.
 */
export interface PackedRows {
  /** By row, a number in `distinct`. */
  readonly ids: RowIds
  /** {@link TOKEN_WORDS} each; the fields of 64 bits are differences. */
  readonly distinct: Uint32Array
  /** What the last row of each kind held where a block begins: {@link STATE_WORDS} each, `states[i]` of them. */
  readonly held: Uint32Array
  readonly states: Uint32Array
}

/** As wide as the largest number needs. */
export type RowIds = Uint8Array | Uint16Array | Uint32Array

/** Rows that are unpacked together. */
export const BLOCK_ROWS = 4096

/** Fields that are kept as differences, low word first. */
const DIFFERENCES = [T.VA, T.SIZE, T.OLD, T.NEW, T.AUX] as const
const HELD_WORDS = 2 * DIFFERENCES.length
/** Kind and level, then the fields. */
const STATE_WORDS = 1 + HELD_WORDS
/** Where more rows are distinct than one in so many, packing does not pay. */
const WORTH = 8

/** Packs rows as they come. */
export class RowPacker {
  length = 0
  private ids: RowIds = new Uint8Array(2 * BLOCK_ROWS)
  /** Numbers from here on are too large for `ids`. */
  private limit = 2 ** 8
  private readonly distinct = new DistinctRows()
  private readonly held = new Held()
  private readonly states: number[] = []
  private readonly saved: number[] = []
  private readonly row = new Uint32Array(TOKEN_WORDS)

  /** Too many rows are distinct. */
  get isInVain(): boolean {
    const { size } = this.distinct
    return size > BLOCK_ROWS && size > this.length / WORTH
  }

  /** Adds rows that lie one after the other from word `from` on. */
  add(words: Uint32Array, from: number, rows: number): void {
    const { row, held, distinct } = this
    for (let at = from; at < from + rows * TOKEN_WORDS; at += TOKEN_WORDS) {
      if (this.length % BLOCK_ROWS === 0) this.states.push(held.save(this.saved))
      for (let w = 0; w < TOKEN_WORDS; w++) row[w] = words[at + w]!
      held.subtract(row)
      const id = distinct.idOf(row)
      if (this.length === this.ids.length || id >= this.limit) this.grow(id)
      this.ids[this.length++] = id
    }
  }

  packed(): PackedRows {
    return {
      ids: this.ids.slice(0, this.length),
      distinct: this.distinct.rows(),
      held: Uint32Array.from(this.saved),
      states: Uint32Array.from(this.states),
    }
  }

  /** For one more row, with this number. */
  private grow(id: number): void {
    const rows = this.length === this.ids.length ? 2 * this.length : this.ids.length
    const more =
      id < 2 ** 8
        ? new Uint8Array(rows)
        : id < 2 ** 16
          ? new Uint16Array(rows)
          : new Uint32Array(rows)
    more.set(this.ids)
    this.ids = more
    this.limit = 2 ** (8 * more.BYTES_PER_ELEMENT)
  }
}

/** Unpacks blocks of rows, in any order. */
export class RowReader {
  readonly packed: PackedRows
  private readonly held = new Held()
  /** Where in `packed.held` each block begins. */
  private readonly starts: Uint32Array

  constructor(packed: PackedRows) {
    this.packed = packed
    const { states } = packed
    this.starts = new Uint32Array(states.length)
    for (let i = 1; i < states.length; i++)
      this.starts[i] = this.starts[i - 1]! + states[i - 1]! * STATE_WORDS
  }

  /** Unpacks a block into `words` and returns how many rows it has. */
  unpack(block: number, words: Uint32Array): number {
    const { ids, distinct, states, held: saved } = this.packed
    const { held } = this
    if (block >= states.length) throw new RangeError(`no block ${block} among ${states.length}`)
    held.restore(saved, this.starts[block]!, states[block]!)
    const first = block * BLOCK_ROWS
    const rows = Math.min(BLOCK_ROWS, ids.length - first)
    for (let i = 0, at = 0; i < rows; i++, at += TOKEN_WORDS) {
      const from = ids[first + i]! * TOKEN_WORDS
      for (let w = 0; w < TOKEN_WORDS; w++) words[at + w] = distinct[from + w]!
      held.add(words, at)
    }
    return rows
  }
}

/** By kind and level, what the last row held. */
class Held {
  /** Kind and level of each, in the order in which they came, and by those where its fields lie; -1: nowhere. */
  private kinds: number[] = []
  private readonly places = new Map<number, number>()
  private readonly small = new Int32Array(SMALL).fill(-1)
  private fields = new Uint32Array(16 * HELD_WORDS)

  /** The row's fields become differences from those of the last. */
  subtract(row: Uint32Array): void {
    let last = this.placeOf(row[T.KIND]!)
    const { fields } = this
    for (const field of DIFFERENCES) {
      const [lo, hi] = [row[field]!, row[field + 1]!]
      const low = (lo - fields[last]!) >>> 0
      row[field] = low
      row[field + 1] = hi - fields[last + 1]! - (low > lo ? 1 : 0)
      fields[last++] = lo
      fields[last++] = hi
    }
  }

  /** The differences at `at` become what they were. */
  add(words: Uint32Array, at: number): void {
    let last = this.placeOf(words[at]!)
    const { fields } = this
    for (let d = 0; d < DIFFERENCES.length; d++) {
      const field = at + DIFFERENCES[d]!
      const difference = words[field]!
      const low = (difference + fields[last]!) >>> 0
      const high = words[field + 1]! + fields[last + 1]! + (low < difference ? 1 : 0)
      fields[last++] = words[field] = low
      fields[last++] = words[field + 1] = high
    }
  }

  /** Appends all of it; returns how many kinds there are. */
  save(to: number[]): number {
    const { kinds, fields } = this
    for (const [i, kind] of kinds.entries())
      to.push(kind, ...fields.subarray(i * HELD_WORDS, (i + 1) * HELD_WORDS))
    return kinds.length
  }

  /** Holds what was saved, and nothing else. */
  restore(saved: Uint32Array, from: number, count: number): void {
    for (const kind of this.kinds) if (kind < SMALL) this.small[kind] = -1
    this.kinds = []
    this.places.clear()
    for (let i = 0, at = from; i < count; i++, at += STATE_WORDS) {
      const place = this.placeOf(saved[at]!)
      for (let w = 0; w < HELD_WORDS; w++) this.fields[place + w] = saved[at + 1 + w]!
    }
  }

  private placeOf(kind: number): number {
    const known = kind < SMALL ? this.small[kind]! : (this.places.get(kind) ?? -1)
    return known < 0 ? this.begin(kind) : known
  }

  private begin(kind: number): number {
    const place = this.kinds.push(kind) * HELD_WORDS - HELD_WORDS
    if (kind < SMALL) this.small[kind] = place
    else this.places.set(kind, place)
    if (place === this.fields.length) {
      const more = new Uint32Array(2 * place)
      more.set(this.fields)
      this.fields = more
    }
    this.fields.fill(0, place, place + HELD_WORDS)
    return place
  }
}

/** Kinds of events with their levels are below this. */
const SMALL = 4096

/** Distinct rows by number, in the order in which they come. */
class DistinctRows {
  size = 0
  private words = new Uint32Array(64 * TOKEN_WORDS)
  private readonly byHash = new Map<number, number[]>()

  idOf(row: Uint32Array): number {
    let hash = 0
    for (let w = 0; w < TOKEN_WORDS; w++) {
      hash = Math.imul(hash ^ row[w]!, 0x85ebca6b)
      hash ^= hash >>> 15
    }
    const same = this.byHash.get(hash)
    if (same) for (const id of same) if (this.isAt(id, row)) return id
    return this.add(row, hash, same)
  }

  rows(): Uint32Array {
    return this.words.slice(0, this.size * TOKEN_WORDS)
  }

  private isAt(id: number, row: Uint32Array): boolean {
    const at = id * TOKEN_WORDS
    for (let w = 0; w < TOKEN_WORDS; w++) if (this.words[at + w] !== row[w]) return false
    return true
  }

  private add(row: Uint32Array, hash: number, same: number[] | undefined): number {
    const id = this.size++
    if (this.size * TOKEN_WORDS > this.words.length) {
      const more = new Uint32Array(this.words.length * 2)
      more.set(this.words)
      this.words = more
    }
    this.words.set(row, id * TOKEN_WORDS)
    if (same) same.push(id)
    else this.byHash.set(hash, [id])
    return id
  }
}
