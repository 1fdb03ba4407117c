import { LEVEL_NAMES } from '@pagetrail/engine'
import { ABSENT, doubled, EntryTable } from '../tables/entry-table.ts'
import { NumberColumn } from '../tables/number-column.ts'
import { PAGE_LIMIT, type PageSizes } from './page-numbers.ts'
import type { RowList } from '../tables/row-list.ts'

/** In the place of a row, of a call, of a name: there is none. */
export const NO_ROW = -1
const INITIAL = 64
const LEVELS = LEVEL_NAMES.length

/** Bits of what a contiguous span has had flushed, a word each: at most 128 members (PTEs of 16K pages). */
const COVER_WORDS = 4

/** {@link NO_ROW} in a column of unsigned numbers. */
const NO_SEQ = 0xffff_ffff

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

/**
 * Versions of entries that are not current and not gone: columns, rows are used again. A call may leave one for each
 * of a million entries. Found by the unit (page, block, span) that they translate, newest first.
 */
export class VersionRows {
  count = 0
  /** Rows that may be in use are below. */
  high = 0
  readonly ofLevel = LEVEL_NAMES.map(() => 0)
  /** Index in LEVEL_NAMES with {@link LIVE} and {@link TABLE}; 0: the row is free. */
  #shape = new Uint8Array(INITIAL)
  readonly #cpu = new NumberColumn(INITIAL)
  readonly #op = new NumberColumn(INITIAL)
  readonly #fn = new NumberColumn(INITIAL)
  /** One more than the row of the table, for the few that lie below one that was taken out; null: none ever did. */
  #parent: Int32Array<ArrayBuffer> | null = null
  next = new Int32Array(INITIAL)
  words = new Uint32Array(INITIAL * 2)
  base = new Float64Array(INITIAL)
  #seq = new Uint32Array(INITIAL)
  #ordered = new Uint32Array(INITIAL)
  /** Which member of its span its descriptor is that of; null: no row was of a span yet. */
  #member: Uint8Array<ArrayBuffer> | null = null
  /** What of a span is flushed, for the few rows of which a part is. */
  readonly #cover = new Map<number, Uint32Array>()
  #heads: EntryTable
  /** First of the rows that are free below `high`; `next` leads on. */
  #freeRow = NO_ROW
  readonly #sizes: PageSizes
  /** By level: what one TLB entry translates, and what one descriptor does. */
  readonly #pages: readonly number[]
  readonly #own: readonly number[]

  constructor(sizes: PageSizes) {
    this.#sizes = sizes
    this.#heads = EntryTable.narrow(sizes.shift)
    this.#pages = LEVEL_NAMES.map((name) => sizes.of(name))
    this.#own = LEVEL_NAMES.map((name) =>
      sizes.of(name === 'contpte' ? 'pte' : name === 'contpmd' ? 'pmd' : name),
    )
  }

  isLive(row: number): boolean {
    return row < this.high && this.#shape[row] !== 0
  }

  /** Index in LEVEL_NAMES; of a contiguous entry that of its span. */
  level(row: number): number {
    return this.#shape[row]! & 7
  }

  isTable(row: number): boolean {
    return (this.#shape[row]! & TABLE) !== 0
  }

  pages(row: number): number {
    return this.#pages[this.level(row)]!
  }

  /** Page that its descriptor translates: inside a span a member's. */
  from(row: number): number {
    if (this.#member === null) return this.base[row]!
    return this.base[row]! + this.#member[row]! * this.#own[this.level(row)]!
  }

  /** Of the store that overwrote it: CPU, call (NONE: outside) and function (an index, NONE). */
  cpu(row: number): number {
    return this.#cpu.at(row)
  }

  op(row: number): number {
    return this.#op.at(row)
  }

  fn(row: number): number {
    return this.#fn.at(row)
  }

  /** Row of the table version through which alone it can still be reached, NONE. */
  parent(row: number): number {
    return this.#parent === null ? NO_ROW : this.#parent[row]! - 1
  }

  setParent(row: number, parent: number): void {
    if (parent !== NO_ROW) this.#parent ??= new Int32Array(this.base.length)
    if (this.#parent !== null) this.#parent[row] = parent + 1
  }

  /** The store that overwrote it. */
  seq(row: number): number {
    return this.#seq[row]!
  }

  /** Event from which on no walker reads it any more, NONE: there was none yet. */
  ordered(row: number): number {
    const seq = this.#ordered[row]!
    return seq === NO_SEQ ? NO_ROW : seq
  }

  order(row: number, seq: number): void {
    this.#ordered[row] = seq
  }

  lo(row: number): number {
    return this.words[row * 2]!
  }

  hi(row: number): number {
    return this.words[row * 2 + 1]!
  }

  end(row: number): number {
    return this.base[row]! + this.pages(row)
  }

  /** The newest row of a unit, NONE; {@link next} leads on. */
  head(level: number, base: number): number {
    if (this.ofLevel[level] === 0) return NO_ROW
    const place = this.#heads.find(unitKey(level, base))
    return place === ABSENT ? NO_ROW : this.#heads.lo(place)
  }

  add(v: Readonly<NewVersion>): number {
    const row = this.#newRow()
    if (row >= this.base.length) this.#grow()
    this.count++
    this.ofLevel[v.level]!++
    this.#shape[row] = v.level | LIVE | (v.isTable ? TABLE : 0)
    this.base[row] = v.base
    this.next[row] = this.head(v.level, v.base)
    this.#heads.set(unitKey(v.level, v.base), row, 0)
    this.again(row, v)
    return row
  }

  /** The same version was current again, and is overwritten once more: it may have been filled anew. */
  again(row: number, v: Readonly<NewVersion>): void {
    this.#cpu.set(row, v.cpu)
    this.#op.set(row, v.op)
    this.#fn.set(row, v.fn)
    this.setParent(row, v.parent)
    this.words[row * 2] = v.lo
    this.words[row * 2 + 1] = v.hi
    this.#setMember(row, v.from === v.base ? 0 : (v.from - v.base) / this.#own[v.level]!)
    this.#seq[row] = v.seq
    this.#ordered[row] = NO_SEQ
    if (this.#cover.size > 0) this.#cover.delete(row)
  }

  #setMember(row: number, member: number): void {
    if (member > 0) this.#member ??= new Uint8Array(this.base.length)
    if (this.#member !== null) this.#member[row] = member
  }

  remove(row: number): void {
    const level = this.level(row)
    const key = unitKey(level, this.base[row]!)
    const head = this.head(level, this.base[row]!)
    if (head === row) {
      if (this.next[row] === NO_ROW) this.#heads.forget(key)
      else this.#heads.set(key, this.next[row]!, 0)
    } else {
      let before = head
      while (this.next[before] !== row) before = this.next[before]!
      this.next[before] = this.next[row]!
    }
    this.#shape[row] = 0
    if (this.#cover.size > 0) this.#cover.delete(row)
    this.ofLevel[level]!--
    this.next[row] = this.#freeRow
    this.#freeRow = row
    if (--this.count > 0) return
    this.#freeRow = NO_ROW
    this.high = 0
  }

  #newRow(): number {
    const row = this.#freeRow
    if (row === NO_ROW) return this.high++
    this.#freeRow = this.next[row]!
    return row
  }

  clear(): void {
    this.count = 0
    this.high = 0
    this.#freeRow = NO_ROW
    this.ofLevel.fill(0)
    this.#heads = EntryTable.narrow(this.#sizes.shift)
    this.#cover.clear()
  }

  /** Marks what of the row's unit lies in [start, end) as flushed; true when all of it is. */
  covers(row: number, start: number, end: number, member: number): boolean {
    const base = this.base[row]!
    const pages = this.pages(row)
    const members = pages / member
    if (members === 1 || (start <= base && end >= base + pages)) return true
    const first = Math.max(0, Math.floor((start - base) / member))
    const last = Math.min(members, Math.ceil((end - base) / member))
    let cover = this.#cover.get(row)
    if (cover === undefined) this.#cover.set(row, (cover = new Uint32Array(COVER_WORDS)))
    for (let i = first; i < last; i++) cover[i >>> 5]! |= 1 << (i & 31)
    for (let i = 0; i < members; i++) if (!this.isCovered(row, i)) return false
    return true
  }

  /** Whether a member of its span is flushed. */
  isCovered(row: number, member: number): boolean {
    const cover = this.#cover.get(row)
    return cover !== undefined && (cover[member >>> 5]! & (1 << (member & 31))) !== 0
  }

  /** Rows whose unit overlaps [start, end), as {@link firstIn} comes to them. */
  inRange(start: number, end: number, found: RowList): RowList {
    found.clear()
    this.firstIn(start, end, found.take)
    return found
  }

  /**
   * The first row that is wanted of those whose unit overlaps [start, end), NONE; found by the units of the range or
   * among all rows, whichever are fewer.
   */
  firstIn(start: number, end: number, isWanted: (row: number) => boolean): number {
    if (this.count === 0) return NO_ROW
    if ((end - start) / this.#sizes.page > this.high) {
      for (let row = 0; row < this.high; row++) {
        const isInside = this.isLive(row) && this.base[row]! < end && start < this.end(row)
        if (isInside && isWanted(row)) return row
      }
      return NO_ROW
    }
    for (let level = 0; level < LEVELS; level++) {
      if (this.ofLevel[level] === 0) continue
      const size = this.#pages[level]!
      for (let page = start - (start % size); page < end; page += size) {
        for (let row = this.head(level, page); row !== NO_ROW; row = this.next[row]!) {
          if (isWanted(row)) return row
        }
      }
    }
    return NO_ROW
  }

  save(): SavedRows {
    const { high } = this
    return {
      shape: this.#shape.slice(0, high),
      cpu: Uint16Array.from(this.#cpu.slice(high)),
      op: this.#op.slice(high),
      fn: this.#fn.slice(high),
      parent:
        this.#parent?.slice(0, high).map((row) => row - 1) ?? new Int32Array(high).fill(NO_ROW),
      next: this.next.slice(0, high),
      words: this.words.slice(0, high * 2),
      base: this.base.slice(0, high),
      seq: this.#seq.slice(0, high),
      ordered: this.#ordered.slice(0, high),
      member: this.#member?.slice(0, high) ?? new Uint8Array(high),
      cover: this.#cover,
      free: this.#freeRow,
    }
  }

  /** Goes on from what was saved. */
  load(saved: SavedRows): void {
    this.clear()
    this.high = saved.base.length
    while (this.base.length < this.high) this.#grow()
    this.#shape.set(saved.shape)
    this.next.set(saved.next)
    this.words.set(saved.words)
    this.base.set(saved.base)
    this.#seq.set(saved.seq)
    this.#ordered.set(saved.ordered)
    for (let row = 0; row < this.high; row++) {
      this.#cpu.set(row, saved.cpu[row]!)
      this.#op.set(row, saved.op[row]!)
      this.#fn.set(row, saved.fn[row]!)
      this.setParent(row, saved.parent[row]!)
      this.#setMember(row, saved.member[row]!)
    }
    for (const [row, bits] of saved.cover) this.#cover.set(row, bits)
    this.#freeRow = saved.free
    this.#find()
  }

  /** Which rows are the newest of their units, from the columns. */
  #find(): void {
    const behind = new Set<number>()
    for (let row = 0; row < this.high; row++) {
      if (!this.isLive(row)) continue
      this.count++
      this.ofLevel[this.level(row)]!++
      behind.add(this.next[row]!)
    }
    for (let row = 0; row < this.high; row++) {
      if (this.isLive(row) && !behind.has(row))
        this.#heads.set(unitKey(this.level(row), this.base[row]!), row, 0)
    }
  }

  #grow(): void {
    this.#shape = new Uint8Array(doubled(this.#shape))
    this.#cpu.grow()
    this.#op.grow()
    this.#fn.grow()
    if (this.#parent !== null) this.#parent = new Int32Array(doubled(this.#parent))
    this.next = new Int32Array(doubled(this.next))
    this.words = new Uint32Array(doubled(this.words))
    this.base = new Float64Array(doubled(this.base))
    this.#seq = new Uint32Array(doubled(this.#seq))
    this.#ordered = new Uint32Array(doubled(this.#ordered))
    if (this.#member !== null) this.#member = new Uint8Array(doubled(this.#member))
  }
}

/** The columns of {@link VersionRows} as they are saved. */
export interface SavedRows {
  readonly shape: Uint8Array<ArrayBuffer>
  readonly cpu: Uint16Array<ArrayBuffer>
  readonly op: Int32Array<ArrayBuffer>
  readonly fn: Int32Array<ArrayBuffer>
  readonly parent: Int32Array<ArrayBuffer>
  readonly next: Int32Array<ArrayBuffer>
  readonly words: Uint32Array<ArrayBuffer>
  readonly base: Float64Array<ArrayBuffer>
  readonly seq: Uint32Array<ArrayBuffer>
  readonly ordered: Uint32Array<ArrayBuffer>
  readonly member: Uint8Array<ArrayBuffer>
  readonly cover: ReadonlyMap<number, Uint32Array>
  /** First free row. */
  readonly free: number
}

/** Level and page as one exact number; kernel pages are the last of 2^52, counted from the end. */
export const unitKey = (level: number, page: number): number =>
  (page < PAGE_LIMIT / 2 ? page : page - PAGE_LIMIT) * 8 + level
