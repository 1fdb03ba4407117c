import { LEVEL_NAMES } from '@pagetrail/engine'
import { FewColumn } from '../../tables/few-column.ts'
import { doubled } from '../../tables/growing-buffer.ts'
import type { PageSizes } from '../page-numbers.ts'

/** In the place of a row, of a call, of a name: there is none. */
export const NO_ROW = -1
const INITIAL = 64

/** {@link NO_ROW} in a column of unsigned numbers. */
const NONE = 0xffff_ffff
const orNone = (value: number): number => (value === NONE ? NO_ROW : value)

/** Pages are kept as two words. */
const WORD = 2 ** 32

/** Beside the number of a row's level: it is in use; it is a table. */
const LIVE = 8
const TABLE = 16

/** What one row says when it begins. Pages are 4K. */
export interface NewVersion {
  /** Index in LEVEL_NAMES; of a contiguous entry that of its span. */
  level: number
  /** First page and size of what one TLB entry built from it may translate. */
  base: number
  pages: number
  /** Page that its descriptor translates: inside a span a member's. */
  from: number
  lo: number
  hi: number
  isTable: boolean
  /** The store that overwrote it, its CPU, call (NONE: outside) and function (an index, NONE). */
  seq: number
  cpu: number
  op: number
  fn: number
  /** Row of the table version through which alone it can still be reached, NONE. */
  parent: number
}

/** The columns of {@link VersionColumns} as they are saved. */
export interface SavedColumns {
  readonly shape: Uint8Array<ArrayBuffer>
  readonly cpu: Uint16Array<ArrayBuffer>
  readonly op: Int32Array<ArrayBuffer>
  readonly fn: Int32Array<ArrayBuffer>
  readonly parent: Int32Array<ArrayBuffer>
  readonly next: Int32Array<ArrayBuffer>
  readonly lo: Uint32Array<ArrayBuffer>
  readonly hi: Uint32Array<ArrayBuffer>
  readonly base: Float64Array<ArrayBuffer>
  readonly seq: Uint32Array<ArrayBuffer>
  readonly ordered: Int32Array<ArrayBuffer>
  readonly member: Uint8Array<ArrayBuffer>
}

/**
 * What is kept of each version, in columns: a call may leave one for each of a million entries. Most of them differ in
 * little, and take 19 bytes each.
 */
export class VersionColumns {
  /** Index in LEVEL_NAMES with {@link LIVE} and {@link TABLE}; 0: the row is free. */
  #shape = new Uint8Array(INITIAL)
  readonly #cpu = new FewColumn(INITIAL)
  readonly #op = new FewColumn(INITIAL)
  readonly #fn = new FewColumn(INITIAL)
  /** One more than the row of the table, for the few that lie below one that was taken out; null: none ever did. */
  #parent: Int32Array<ArrayBuffer> | null = null
  /** One more than the row before it of the same unit, for the few that are not alone; null: all ever were. */
  #next: Int32Array<ArrayBuffer> | null = null
  #lo = new Uint32Array(INITIAL)
  readonly #hi = new FewColumn(INITIAL)
  #baseLow = new Uint32Array(INITIAL)
  readonly #baseHigh = new FewColumn(INITIAL)
  /** Of a row that is free: the next one that is. */
  #seq = new Uint32Array(INITIAL)
  /** Of a range that one call has stored to, all rows are ordered by one event. */
  readonly #ordered = new FewColumn(INITIAL)
  /** Which member of its span its descriptor is that of; null: no row was of a span yet. */
  #member: Uint8Array<ArrayBuffer> | null = null
  readonly #fewColumns = [this.#cpu, this.#op, this.#fn, this.#hi, this.#baseHigh, this.#ordered]
  /** By level: what one TLB entry translates, and what one descriptor does. */
  readonly #pages: readonly number[]
  readonly #own: readonly number[]

  constructor(sizes: PageSizes) {
    this.#pages = LEVEL_NAMES.map((name) => sizes.of(name))
    this.#own = LEVEL_NAMES.map((name) =>
      sizes.of(name === 'contpte' ? 'pte' : name === 'contpmd' ? 'pmd' : name),
    )
  }

  isLive(row: number): boolean {
    return row < this.#shape.length && this.#shape[row] !== 0
  }

  /** Index in LEVEL_NAMES; of a contiguous entry that of its span. */
  level(row: number): number {
    return this.#shape[row]! & 7
  }

  isTable(row: number): boolean {
    return (this.#shape[row]! & TABLE) !== 0
  }

  /** What one TLB entry of a level, an index in LEVEL_NAMES, translates. */
  pagesOf(level: number): number {
    return this.#pages[level]!
  }

  pages(row: number): number {
    return this.#pages[this.level(row)]!
  }

  /** First page of what one TLB entry built from it may translate. */
  base(row: number): number {
    return this.#baseHigh.at(row) * WORD + this.#baseLow[row]!
  }

  end(row: number): number {
    return this.base(row) + this.pages(row)
  }

  /** Page that its descriptor translates: inside a span a member's. */
  from(row: number): number {
    if (this.#member === null) return this.base(row)
    return this.base(row) + this.#member[row]! * this.#own[this.level(row)]!
  }

  lo(row: number): number {
    return this.#lo[row]!
  }

  hi(row: number): number {
    return this.#hi.at(row)
  }

  /** Of the store that overwrote it: event, CPU, call (NONE: outside) and function (an index, NONE). */
  seq(row: number): number {
    return this.#seq[row]!
  }

  cpu(row: number): number {
    return this.#cpu.at(row)
  }

  op(row: number): number {
    return orNone(this.#op.at(row))
  }

  fn(row: number): number {
    return orNone(this.#fn.at(row))
  }

  /** Event from which on no walker reads it any more, NONE: there was none yet. */
  ordered(row: number): number {
    return orNone(this.#ordered.at(row))
  }

  /** `seq` may be NONE. */
  order(row: number, seq: number): void {
    this.#ordered.set(row, seq >>> 0)
  }

  /** Row of the table version through which alone it can still be reached, NONE. */
  parent(row: number): number {
    return this.#parent === null ? NO_ROW : this.#parent[row]! - 1
  }

  setParent(row: number, parent: number): void {
    if (parent !== NO_ROW) this.#parent ??= new Int32Array(this.#seq.length)
    if (this.#parent !== null) this.#parent[row] = parent + 1
  }

  /** The row before it of the same unit, NONE; of a free row the next one that is free. */
  next(row: number): number {
    if (!this.isLive(row)) return orNone(this.#seq[row]!)
    return this.#next === null ? NO_ROW : this.#next[row]! - 1
  }

  protected setNext(row: number, next: number): void {
    if (next !== NO_ROW) this.#next ??= new Int32Array(this.#seq.length)
    if (this.#next !== null) this.#next[row] = next + 1
  }

  /** The row is in use for a version of this unit from now on. */
  protected take(row: number, { level, isTable, base }: Readonly<NewVersion>): void {
    while (row >= this.#seq.length) this.#grow()
    this.#shape[row] = level | LIVE | (isTable ? TABLE : 0)
    this.#setBase(row, base)
  }

  /** Which version of its unit the row is. */
  protected put(row: number, v: Readonly<NewVersion>): void {
    this.#setMember(row, v.from === v.base ? 0 : (v.from - v.base) / this.#own[v.level]!)
    this.#setWords(row, v.lo, v.hi)
    this.#setStore(row, v.seq, v.cpu, v.op, v.fn)
    this.setParent(row, v.parent)
    this.order(row, NO_ROW)
  }

  /** The row is free from now on; `next`: another that is, NONE. */
  protected release(row: number, next: number): void {
    this.#shape[row] = 0
    this.#seq[row] = next
  }

  #setBase(row: number, base: number): void {
    const high = Math.floor(base / WORD)
    this.#baseHigh.set(row, high)
    this.#baseLow[row] = base - high * WORD
  }

  #setWords(row: number, lo: number, hi: number): void {
    this.#lo[row] = lo
    this.#hi.set(row, hi)
  }

  #setStore(row: number, seq: number, cpu: number, op: number, fn: number): void {
    this.#seq[row] = seq
    this.#cpu.set(row, cpu)
    this.#op.set(row, op >>> 0)
    this.#fn.set(row, fn >>> 0)
  }

  #setMember(row: number, member: number): void {
    if (member > 0) this.#member ??= new Uint8Array(this.#seq.length)
    if (this.#member !== null) this.#member[row] = member
  }

  protected saveColumns(length: number): SavedColumns {
    const rows = { length }
    return {
      shape: this.#shape.slice(0, length),
      cpu: Uint16Array.from(rows, (_, row) => this.cpu(row)),
      op: Int32Array.from(rows, (_, row) => this.op(row)),
      fn: Int32Array.from(rows, (_, row) => this.fn(row)),
      parent: Int32Array.from(rows, (_, row) => this.parent(row)),
      next: Int32Array.from(rows, (_, row) => this.next(row)),
      lo: this.#lo.slice(0, length),
      hi: Uint32Array.from(rows, (_, row) => this.hi(row)),
      base: Float64Array.from(rows, (_, row) => this.base(row)),
      seq: this.#seq.slice(0, length),
      ordered: Int32Array.from(rows, (_, row) => this.ordered(row)),
      member: this.#member?.slice(0, length) ?? new Uint8Array(length),
    }
  }

  /** Goes on from what was saved, in columns where no row is in use. */
  protected loadColumns(saved: SavedColumns): void {
    for (const [row, shape] of saved.shape.entries()) {
      while (row >= this.#seq.length) this.#grow()
      if (shape === 0) {
        this.release(row, saved.next[row]!)
        continue
      }
      this.#shape[row] = shape
      this.#setBase(row, saved.base[row]!)
      this.setNext(row, saved.next[row]!)
      this.setParent(row, saved.parent[row]!)
      this.#setMember(row, saved.member[row]!)
      this.#setWords(row, saved.lo[row]!, saved.hi[row]!)
      this.#setStore(row, saved.seq[row]!, saved.cpu[row]!, saved.op[row]!, saved.fn[row]!)
      this.order(row, saved.ordered[row]!)
    }
  }

  #grow(): void {
    this.#shape = new Uint8Array(doubled(this.#shape))
    this.#lo = new Uint32Array(doubled(this.#lo))
    this.#baseLow = new Uint32Array(doubled(this.#baseLow))
    this.#seq = new Uint32Array(doubled(this.#seq))
    if (this.#parent !== null) this.#parent = new Int32Array(doubled(this.#parent))
    if (this.#next !== null) this.#next = new Int32Array(doubled(this.#next))
    if (this.#member !== null) this.#member = new Uint8Array(doubled(this.#member))
    for (const column of this.#fewColumns) column.grow()
  }
}
