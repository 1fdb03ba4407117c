import { CONT_PTE } from '@pagetrail/engine'

/** How many events a batch holds; a full batch is flushed in one transaction. */
export const BATCH_EVENTS = 4096

import { columnsThat } from './event-columns.ts'

/** Columns that are an array each. */
export const SMALL_COLUMNS = columnsThat('always', 'unset')
/** The 64-bit columns, in the order of their bits in `Batch.present` and of their words. */
export const WORD_COLUMNS = columnsThat('word')

export const VA = 0
export const SIZE = 1
export const OLD = 2
export const NEW = 3
export const AUX = 4
/** So many words of 64 bits a row; a constant, since every store to a batch multiplies by it. */
const LONGS = 5

/** One value of 64 bits, which two words make without another allocation. */
const long = (() => {
  const value = new BigUint64Array(1)
  return { value, words: new Uint32Array(value.buffer) }
})()

/** High words below this in magnitude make a 64-bit value that a double holds exactly. */
const EXACT_HI = 0x20_0000

/** How many bytes a batch of so many events has: the sum of its columns' widths, as its constructor lays them out. */
export const bytesOfBatch = (capacity: number): number =>
  capacity * (8 + LONGS * 8 + 4 * 4 + 2 * 2 + 4)

/** `Batch.none`: what an unset small column holds. */
export const NONE = -1

/** What of a batch is not in its bytes: texts by row. Plain data. */
export interface BatchTexts {
  readonly extra: ReadonlyMap<number, string>
  readonly more: ReadonlyMap<number, string>
}

/**
 * Events on their way to SQLite, as columns of typed arrays: filling a row allocates nothing, and the words are read
 * through a signed 64-bit view, which is what SQLite stores.
 *
 * A producer calls {@link row} and then sets the columns that its kind uses; the rest stay NULL. `seq` is implied by
 * the order; whoever flushes owns the numbering.
 */
export class Batch {
  readonly capacity: number
  length = 0
  /** ns since the run's first timestamp, NONE where unknown (exact: below 2^53). */
  readonly ts: Float64Array
  readonly cpu: Uint16Array
  /** Interned id of the task's name, or NONE. */
  readonly task: Int32Array
  /** Index of the top-level call, or NONE. */
  readonly op: Int32Array
  readonly nest: Uint16Array
  readonly kind: Uint8Array
  /** Level number, or NONE. */
  readonly level: Int8Array
  /** Interned id of the name, or NONE. */
  readonly fn: Int32Array
  /** Meaningful where `hasRet` is 1. */
  readonly ret: Int32Array
  readonly hasRet: Uint8Array
  /** Bit i set: word column i is not NULL. */
  readonly present: Uint8Array
  /** lo, hi of VA, SIZE, OLD, NEW, AUX, row after row. */
  readonly words: Uint32Array
  /** The same memory as signed 64-bit values, one per column. */
  readonly longs: BigInt64Array
  readonly #unsigned: BigUint64Array
  /** JSON text of the rare kinds. */
  readonly extra: (string | null)[]
  /** JSON text of `src` and the free fields, by row: hardly any event has them. */
  readonly more = new Map<number, string>()

  /** `memory`: where its columns are to be, {@link bytesOfBatch} long; without it in memory of its own. */
  constructor(
    capacity: number = BATCH_EVENTS,
    memory: ArrayBufferLike = new ArrayBuffer(bytesOfBatch(capacity)),
  ) {
    this.capacity = capacity
    let at = 0
    // The widest first: each begins at a multiple of its width then.
    const next = (bytes: number): number => {
      at += bytes * capacity
      return at - bytes * capacity
    }
    this.ts = new Float64Array(memory, next(8), capacity)
    const words = next(LONGS * 8)
    this.words = new Uint32Array(memory, words, capacity * LONGS * 2)
    this.longs = new BigInt64Array(memory, words, capacity * LONGS)
    this.#unsigned = new BigUint64Array(memory, words, capacity * LONGS)
    this.task = new Int32Array(memory, next(4), capacity)
    this.op = new Int32Array(memory, next(4), capacity)
    this.fn = new Int32Array(memory, next(4), capacity)
    this.ret = new Int32Array(memory, next(4), capacity)
    this.cpu = new Uint16Array(memory, next(2), capacity)
    this.nest = new Uint16Array(memory, next(2), capacity)
    this.kind = new Uint8Array(memory, next(1), capacity)
    this.level = new Int8Array(memory, next(1), capacity)
    this.hasRet = new Uint8Array(memory, next(1), capacity)
    this.present = new Uint8Array(memory, next(1), capacity)
    this.extra = Array.from({ length: capacity }, () => null)
  }

  /** Empties it. Unset words are zero from here on, so that a digest of the columns is one of the events. */
  clear(): void {
    this.words.fill(0, 0, this.length * LONGS * 2)
    this.more.clear()
    this.length = 0
  }

  /** Takes the last row back. */
  drop(): void {
    const at = --this.length * LONGS * 2
    this.more.delete(this.length)
    this.words.fill(0, at, at + LONGS * 2)
  }

  /** All its columns as bytes, for who copies them to a batch of the same capacity; the texts are apart. */
  bytes(): Uint8Array {
    return new Uint8Array(this.ts.buffer, this.ts.byteOffset, bytesOfBatch(this.capacity))
  }

  /** The texts of its rows. */
  texts(): BatchTexts {
    const extra = new Map<number, string>()
    for (let i = 0; i < this.length; i++) {
      const text = this.extra[i]
      if (text !== null && text !== undefined) extra.set(i, text)
    }
    return { extra, more: this.more }
  }

  /** Makes it so many rows with these texts, whose columns are there already. */
  setTexts(length: number, { extra, more }: BatchTexts): void {
    this.extra.fill(null)
    for (const [i, text] of extra) this.extra[i] = text
    this.more.clear()
    for (const [i, text] of more) this.more.set(i, text)
    this.length = length
  }

  copyRow(from: number, to: number): void {
    const columns = SMALL_COLUMNS.map((name) => this[name])
    for (const column of [...columns, this.ret, this.hasRet, this.present]) {
      column.copyWithin(to, from, from + 1)
    }
    const at = from * LONGS * 2
    this.words.copyWithin(to * LONGS * 2, at, at + LONGS * 2)
    this.extra[to] = this.extra[from] ?? null
    const more = this.more.get(from)
    if (more === undefined) this.more.delete(to)
    else this.more.set(to, more)
  }

  /** Whether two rows have the same in all columns. */
  isSame(a: number, b: number): boolean {
    const { extra, ret, hasRet, present, words } = this
    if (SMALL_COLUMNS.some((name) => this[name][a] !== this[name][b])) return false
    if (ret[a] !== ret[b] || hasRet[a] !== hasRet[b] || present[a] !== present[b]) return false
    for (let word = 0; word < LONGS * 2; word++)
      if (words[a * LONGS * 2 + word] !== words[b * LONGS * 2 + word]) return false
    return extra[a] === extra[b] && this.more.get(a) === this.more.get(b)
  }

  /** Starts a row of this kind and returns its index. The caller has made sure that there is room. */
  row(kind: number, cpu: number): number {
    const i = this.length++
    this.kind[i] = kind
    this.cpu[i] = cpu
    this.ts[i] = NONE
    this.task[i] = NONE
    this.op[i] = NONE
    this.nest[i] = 0
    this.level[i] = NONE
    this.fn[i] = NONE
    this.ret[i] = 0
    this.hasRet[i] = 0
    this.present[i] = 0
    this.extra[i] = null
    return i
  }

  setWord(i: number, column: number, lo: number, hi: number): void {
    const at = (i * LONGS + column) * 2
    this.words[at] = lo
    this.words[at + 1] = hi
    this.present[i]! |= 1 << column
  }

  /** Makes a 64-bit column NULL again. */
  unset(i: number, column: number): void {
    this.setWord(i, column, 0, 0)
    this.present[i]! &= ~(1 << column)
  }

  /** A 64-bit value, signed or not: the low 64 bits are kept. */
  setLong(i: number, column: number, value: bigint): void {
    this.longs[i * LONGS + column] = value
    this.present[i]! |= 1 << column
  }

  /** A small non-negative number (an enum's index, a count) in a 64-bit column. */
  setSmall(i: number, column: number, value: number): void {
    this.setWord(i, column, value, 0)
  }

  /** `end` is kept as its distance from `va`, wrapping. */
  setRange(i: number, vaLo: number, vaHi: number, endLo: number, endHi: number): void {
    this.setWord(i, VA, vaLo, vaHi)
    const lo = endLo - vaLo
    this.setWord(i, SIZE, lo >>> 0, (endHi - vaHi - (lo < 0 ? 1 : 0)) >>> 0)
  }

  setRet(i: number, ret: number): void {
    this.ret[i] = ret
    this.hasRet[i] = 1
  }

  setLevel(i: number, level: number): void {
    if (level < 0 || level > CONT_PTE) throw new RangeError(`no page-table level ${level}`)
    this.level[i] = level
  }

  has(i: number, column: number): boolean {
    return ((this.present[i]! >> column) & 1) === 1
  }

  /** The low half of a 64-bit column. */
  low(i: number, column: number): number {
    return this.words[(i * LONGS + column) * 2]!
  }

  /**
   * The value of a 64-bit column as SQLite stores it, as a number where that is exact: kernel addresses are, being
   * small negative numbers there, and a bigint costs an allocation.
   */
  bindable(i: number, column: number): number | bigint | null {
    if (!this.has(i, column)) return null
    const at = (i * LONGS + column) * 2
    const hi = this.words[at + 1]! | 0
    if (hi >= -EXACT_HI && hi < EXACT_HI) return hi * 0x1_0000_0000 + this.words[at]!
    return this.longs[at >> 1]!
  }

  /** The value of a 64-bit column as events have it, or null. */
  unsigned(i: number, column: number): bigint | null {
    return (this.present[i]! >> column) & 1 ? this.#unsigned[i * LONGS + column]! : null
  }

  /** The value of a 64-bit column that holds a small signed number, or null. */
  number(i: number, column: number): number | null {
    if (!this.has(i, column)) return null
    const at = (i * LONGS + column) * 2
    return (this.words[at + 1]! | 0) * 0x1_0000_0000 + this.words[at]!
  }

  /** Where the range of a row ends, or null; a range without a beginning begins at 0. */
  end(i: number): bigint | null {
    if (!this.has(i, SIZE)) return null
    const { words } = this
    const va = (i * LONGS + VA) * 2
    const size = (i * LONGS + SIZE) * 2
    const lo = words[va]! + words[size]!
    long.words[0] = lo
    long.words[1] = words[va + 1]! + words[size + 1]! + (lo > 0xffff_ffff ? 1 : 0)
    return long.value[0]!
  }

  /** What a row returned, or null. */
  returned(i: number): number | null {
    return this.hasRet[i] === 1 ? this.ret[i]! : null
  }

  /** The words of the rows in use. */
  usedWords(): Uint32Array {
    return this.words.subarray(0, this.length * LONGS * 2)
  }

  /** The value of a 64-bit column as SQLite stores it (signed), or null. */
  long(i: number, column: number): bigint | null {
    return (this.present[i]! >> column) & 1 ? this.longs[i * LONGS + column]! : null
  }
}
