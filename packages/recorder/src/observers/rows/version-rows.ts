import { LEVEL_NAMES } from '@pagetrail/engine'
import { ABSENT, EntryTable } from '../../tables/entry-table.ts'
import type { RowList } from '../../tables/row-list.ts'
import { PAGE_LIMIT, type PageSizes } from '../page-numbers.ts'
import { type NewVersion, NO_ROW, type SavedColumns, VersionColumns } from './version-columns.ts'

const LEVELS = LEVEL_NAMES.length

/** Bits of what a contiguous span has had flushed, a word each: at most 128 members (PTEs of 16K pages). */
const COVER_WORDS = 4

/** {@link VersionRows} as they are saved. */
export interface SavedRows extends SavedColumns {
  readonly cover: ReadonlyMap<number, Uint32Array>
  /** First free row. */
  readonly free: number
}

/**
 * Versions of entries that are not current and not gone; rows are used again. Found by the unit (page, block, span)
 * that they translate, newest first.
 */
export class VersionRows extends VersionColumns {
  count = 0
  /** Rows that may be in use are below. */
  high = 0
  readonly ofLevel = LEVEL_NAMES.map(() => 0)
  /** What of a span is flushed, for the few rows of which a part is. */
  readonly #cover = new Map<number, Uint32Array>()
  #heads: EntryTable
  /** First of the rows that are free below `high`; `next` leads on. */
  #freeRow = NO_ROW
  readonly #sizes: PageSizes

  constructor(sizes: PageSizes) {
    super(sizes)
    this.#sizes = sizes
    this.#heads = new EntryTable(sizes.shift)
  }

  /** The newest row of a unit, NONE; {@link next} leads on. */
  head(level: number, base: number): number {
    if (this.ofLevel[level] === 0) return NO_ROW
    const place = this.#heads.find(unitKey(level, base))
    return place === ABSENT ? NO_ROW : this.#heads.lo(place)
  }

  add(v: Readonly<NewVersion>): number {
    const row = this.#newRow()
    const before = this.head(v.level, v.base)
    this.take(row, v)
    this.count++
    this.ofLevel[v.level]!++
    this.setNext(row, before)
    this.#heads.set(unitKey(v.level, v.base), row, 0)
    this.again(row, v)
    return row
  }

  /** The same version was current again, and is overwritten once more: it may have been filled anew. */
  again(row: number, v: Readonly<NewVersion>): void {
    this.put(row, v)
    if (this.#cover.size > 0) this.#cover.delete(row)
  }

  remove(row: number): void {
    const level = this.level(row)
    const base = this.base(row)
    const next = this.next(row)
    let before = this.head(level, base)
    if (before === row) {
      if (next === NO_ROW) this.#heads.forget(unitKey(level, base))
      else this.#heads.set(unitKey(level, base), next, 0)
    } else {
      while (this.next(before) !== row) before = this.next(before)
      this.setNext(before, next)
    }
    this.release(row, this.#freeRow)
    this.#freeRow = row
    if (this.#cover.size > 0) this.#cover.delete(row)
    this.ofLevel[level]!--
    if (--this.count > 0) return
    this.#freeRow = NO_ROW
    this.high = 0
  }

  #newRow(): number {
    const row = this.#freeRow
    if (row === NO_ROW) return this.high++
    this.#freeRow = this.next(row)
    return row
  }

  clear(): void {
    for (let row = 0; row < this.high; row++) this.release(row, NO_ROW)
    this.count = 0
    this.high = 0
    this.#freeRow = NO_ROW
    this.ofLevel.fill(0)
    this.#heads = new EntryTable(this.#sizes.shift)
    this.#cover.clear()
  }

  /** Marks what of the row's unit lies in [start, end) as flushed; true when all of it is. */
  covers(row: number, start: number, end: number, member: number): boolean {
    const base = this.base(row)
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
        const isInside = this.isLive(row) && this.base(row) < end && start < this.end(row)
        if (isInside && isWanted(row)) return row
      }
      return NO_ROW
    }
    for (let level = 0; level < LEVELS; level++) {
      if (this.ofLevel[level] === 0) continue
      const size = this.pagesOf(level)
      for (let page = start - (start % size); page < end; page += size) {
        for (let row = this.head(level, page); row !== NO_ROW; row = this.next(row)) {
          if (isWanted(row)) return row
        }
      }
    }
    return NO_ROW
  }

  save(): SavedRows {
    return { ...this.saveColumns(this.high), cover: this.#cover, free: this.#freeRow }
  }

  /** Goes on from what was saved. */
  load(saved: SavedRows): void {
    this.clear()
    this.high = saved.shape.length
    this.loadColumns(saved)
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
      behind.add(this.next(row))
    }
    for (let row = 0; row < this.high; row++) {
      if (this.isLive(row) && !behind.has(row))
        this.#heads.set(unitKey(this.level(row), this.base(row)), row, 0)
    }
  }
}

/** Level and page as one exact number; kernel pages are the last of 2^52, counted from the end. */
export const unitKey = (level: number, page: number): number =>
  (page < PAGE_LIMIT / 2 ? page : page - PAGE_LIMIT) * 8 + level
