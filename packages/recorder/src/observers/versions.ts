import { type Geometry, LEVEL_NAMES, type LevelName, PTE, type Words } from '@pagetrail/engine'
import { leadsToTable, roleWords } from '../descriptor/bits.ts'
import { frameOf } from './descriptor-words.ts'
import type { KnownEntries } from './known-entries.ts'
import type { PageSizes } from './page-numbers.ts'
import type { Write } from './write.ts'
import { isContiguous, isHeld, isSameToAll } from './translation.ts'
import { RowList } from '../tables/row-list.ts'
import { Unordered } from './rows/unordered.ts'
import { type NewVersion, NO_ROW } from './rows/version-columns.ts'
import { type SavedRows, VersionRows } from './rows/version-rows.ts'

/** TLBI of one instruction, or what a flush function stands for. Pages are 4K. */
export interface Invalidation {
  readonly seq: number
  readonly start: number
  readonly end: number
  /** Walk-cache entries too; a last-level TLBI leaves them. */
  readonly tables: boolean
  /** Call that issued it, NONE: outside of calls. */
  readonly op: number
}

/** {@link Versions} as they are saved; by CPU what it has overwritten and not ordered. */
export interface SavedVersions {
  readonly rows: SavedRows
  readonly unordered: ReadonlyMap<number, Uint32Array>
}

/** Who is shown what becomes of old versions, before it does: effects of calls are made of it. */
export interface Listener {
  /** An entry is about to be stored to. */
  storing(write: Write): void
  /** A TLBI has ended. */
  flushed(tlbi: Invalidation): void
  /** A version is about to be gone by a TLBI, or (null) is held by the tables again. */
  leaving(row: number, by: Invalidation | null): void
}

const CHILD = { pgd: 'p4d', p4d: 'pud', pud: 'pmd', pmd: 'pte' } as const
const isUpper = (level: LevelName): level is keyof typeof CHILD => Object.hasOwn(CHILD, level)
const LEVEL = Object.fromEntries(LEVEL_NAMES.map((name, i) => [name, i])) as Record<
  LevelName,
  number
>

/** The versions of page-table entries that are not current any more and that an observer may still use. */
export class Versions {
  readonly rows: VersionRows
  listener: Listener | null = null
  readonly #geometry: Geometry
  readonly #address: Words
  readonly #sizes: PageSizes
  readonly #entries: KnownEntries
  /** Overwritten by each CPU and not ordered yet. */
  readonly #unordered = new Map<number, Unordered>()
  readonly #found = new RowList()
  /** Filled anew for each version. */
  readonly #version: NewVersion = {
    level: 0,
    base: 0,
    pages: 0,
    from: 0,
    lo: 0,
    hi: 0,
    isTable: false,
    seq: 0,
    cpu: 0,
    op: NO_ROW,
    fn: NO_ROW,
    parent: NO_ROW,
  }

  constructor(geometry: Geometry, sizes: PageSizes, entries: KnownEntries) {
    this.#geometry = geometry
    this.#address = roleWords('address', geometry)
    this.#sizes = sizes
    this.#entries = entries
    this.rows = new VersionRows(sizes)
  }

  /** An entry that a walker reaches was stored to; {@link KnownEntries} may have the store already. */
  store(s: Write, seq: number, cpu: number, op: number, fn: number): void {
    this.listener?.storing(s)
    if (this.rows.count > 0) {
      if (isHeld(s.level, s.newLo)) this.#restored(s)
      this.#follow(s, cpu)
    }
    if (!isHeld(s.level, s.oldLo) || isSameToAll(s.oldLo, s.oldHi, s.newLo, s.newHi)) return
    const v = this.#version
    v.seq = seq
    v.cpu = cpu
    v.op = op
    v.fn = fn
    v.parent = NO_ROW
    const row = this.#overwrite(s.level, s.page, s.oldLo, s.oldHi)
    if (s.wasTable && isUpper(s.level) && !s.leadsToSameTable) this.#unlink(s.level, s.page, row)
  }

  save(): SavedVersions {
    const lists = [...this.#unordered].filter(([, list]) => !list.isEmpty)
    return {
      rows: this.rows.save(),
      unordered: new Map(lists.map(([cpu, list]) => [cpu, list.save(this.rows, cpu)])),
    }
  }

  load({ rows, unordered }: SavedVersions): void {
    this.rows.load(rows)
    this.#unordered.clear()
    for (const [cpu, pairs] of unordered) {
      const list = new Unordered()
      list.load(pairs)
      this.#unordered.set(cpu, list)
    }
  }

  /** What may still be held of an entry is not known any more. */
  forgetEntry(level: LevelName, page: number): void {
    const { rows } = this
    if (rows.count === 0) return
    let next = NO_ROW
    for (let row = rows.head(LEVEL[level], page); row !== NO_ROW; row = next) {
      next = rows.next(row)
      rows.remove(row)
    }
  }

  /** The same of everything in [start, end). */
  forgetRange(start: number, end: number): void {
    const found = this.rows.inRange(start, end, this.#found)
    found.each((row) => this.rows.remove(row))
    found.clear()
  }

  forgetAll(): void {
    this.rows.clear()
    this.#unordered.clear()
  }

  /** A dsb that covers stores, of this CPU: no walker reads any more what it has overwritten. */
  order(cpu: number, seq: number): void {
    const list = this.#unordered.get(cpu)
    if (list === undefined || list.isEmpty) return
    const { rows } = this
    list.each(rows, cpu, (row) => {
      // Through a table that may still be held it can be filled all the same.
      if (rows.ordered(row) === NO_ROW && rows.parent(row) === NO_ROW) rows.order(row, seq)
    })
    list.clear()
  }

  /** A version in [start, end) that a walker may still read: what a TLBI removes now, it may fetch again. */
  unorderedIn(start: number, end: number): number {
    const { rows } = this
    return rows.firstIn(
      start,
      end,
      (row) => rows.ordered(row) === NO_ROW && rows.parent(row) === NO_ROW,
    )
  }

  /** The dsb at event `at` completes TLBIs: what was ordered before one was issued is gone where that one covers. */
  invalidate(issued: readonly Invalidation[], at: number): void {
    const { rows } = this
    let top = 0
    for (const tlbi of issued) {
      this.listener?.flushed(tlbi)
      this.#covered(tlbi).each((row) => {
        if (rows.isTable(row)) top = Math.max(top, PTE - rows.level(row))
        else this.#reach(row, tlbi, at)
      })
    }
    // Tables after what lies below them, which may leave by the same TLBI, whichever of these took the table along.
    for (let above = 1; above <= top; above++) {
      for (const tlbi of issued) {
        this.#covered(tlbi).each((row) => {
          const isNext = rows.isTable(row) && PTE - rows.level(row) === above
          if (isNext) this.#reach(row, tlbi, at)
        })
      }
    }
    this.#found.clear()
  }

  #covered({ start, end }: Invalidation): RowList {
    return this.rows.inRange(start, end, this.#found)
  }

  #reach(row: number, tlbi: Invalidation, at: number): void {
    const { rows } = this
    if (!this.#isOrdered(row, tlbi)) return
    const level = LEVEL_NAMES[rows.level(row)]!
    const member = level === 'contpte' ? 'pte' : level === 'contpmd' ? 'pmd' : level
    if (rows.covers(row, tlbi.start, tlbi.end, this.#sizes.of(member))) this.#gone(row, at, tlbi)
  }

  /** No walker could read it when the TLBI was issued. */
  #isOrdered(row: number, tlbi: Invalidation): boolean {
    const { rows } = this
    if (rows.isTable(row) && !tlbi.tables) return false
    const parent = rows.parent(row)
    if (parent !== NO_ROW && rows.isLive(parent)) {
      // Every address below the table is translated through it: any of them takes it along.
      return tlbi.tables && this.#isOrdered(parent, tlbi)
    }
    const ordered = rows.ordered(row)
    return ordered !== NO_ROW && ordered <= tlbi.seq
  }

  #gone(row: number, at: number, by: Invalidation | null): void {
    const { rows } = this
    this.listener?.leaving(row, by)
    const isTable = rows.isTable(row)
    rows.remove(row)
    if (!isTable) return
    for (let child = 0; child < rows.high; child++) {
      if (!rows.isLive(child) || rows.parent(child) !== row) continue
      rows.setParent(child, NO_ROW)
      rows.order(child, at)
    }
  }

  /**
   * Once a walker sees this store, it sees none that came before it in the same entry: the CPU's next dsb orders what
   * others overwrote there too.
   */
  #follow(s: Write, cpu: number): void {
    const span = this.#sizes.span(s.level)
    this.#followUnit(LEVEL[s.level], s.page, s, cpu)
    if (span === 0) return
    const level = LEVEL[s.level === 'pte' ? 'contpte' : 'contpmd']
    this.#followUnit(level, s.page - (s.page % span), s, cpu)
  }

  #followUnit(level: number, base: number, s: Write, cpu: number): void {
    const { rows } = this
    for (let row = rows.head(level, base); row !== NO_ROW; row = rows.next(row)) {
      if (rows.from(row) !== s.page || rows.ordered(row) !== NO_ROW) continue
      if (rows.cpu(row) !== cpu) this.#unorderedOf(cpu).follow(row, rows.seq(row))
    }
  }

  #unorderedOf(cpu: number): Unordered {
    let list = this.#unordered.get(cpu)
    if (list === undefined) this.#unordered.set(cpu, (list = new Unordered()))
    return list
  }

  /** What TLBs may hold is what the entry says again. */
  #restored(s: Write): void {
    const { rows } = this
    if (isContiguous(s.newHi) && !s.isTable) return
    let next = NO_ROW
    for (let row = rows.head(LEVEL[s.level], s.page); row !== NO_ROW; row = next) {
      next = rows.next(row)
      if (!isSameToAll(rows.lo(row), rows.hi(row), s.newLo, s.newHi)) continue
      this.#gone(row, s.seq, null)
    }
  }

  /** One entry's present version is not current any more; the rest of `#version` is set. */
  #overwrite(level: LevelName, page: number, lo: number, hi: number): number {
    const { rows } = this
    const v = this.#version
    const table = leadsToTable(level, lo)
    const span = table || !isContiguous(hi) ? 0 : this.#sizes.span(level)
    v.level = span === 0 ? LEVEL[level] : LEVEL[level === 'pte' ? 'contpte' : 'contpmd']
    v.pages = span === 0 ? this.#sizes.of(level) : span
    v.base = page - (page % v.pages)
    v.from = page
    v.lo = lo
    v.hi = hi
    v.isTable = table
    let row = rows.head(v.level, v.base)
    while (row !== NO_ROW && !this.#isSame(row, v)) row = rows.next(row)
    if (row === NO_ROW) row = rows.add(v)
    else rows.again(row, v)
    if (v.parent === NO_ROW) this.#unorderedOf(v.cpu).add(row)
    return row
  }

  /** Members of a span that agree make the same TLB entries. */
  #isSame(row: number, v: NewVersion): boolean {
    const { rows } = this
    const lo = rows.lo(row)
    const hi = rows.hi(row)
    if (rows.from(row) === v.from) return isSameToAll(lo, hi, v.lo, v.hi)
    const g = this.#geometry
    const isMoved = frameOf(g, lo, hi) - rows.from(row) !== frameOf(g, v.lo, v.hi) - v.from
    const { lo: aLo, hi: aHi } = this.#address
    return !isMoved && isSameToAll(lo & ~aLo, hi & ~aHi, v.lo & ~aLo, v.hi & ~aHi)
  }

  /** A table was taken out: what lies below is reached only by who still holds it. */
  #unlink(level: keyof typeof CHILD, page: number, row: number): void {
    const child = CHILD[level]
    const size = this.#sizes.of(child)
    const end = page + this.#sizes.of(level)
    for (let at = page; at < end; at += size) {
      const slot = this.#entries.slot(child, at)
      if (slot === undefined || !isHeld(child, slot.lo)) continue
      this.#version.parent = row
      this.#overwrite(child, at, slot.lo, slot.hi)
      if (leadsToTable(child, slot.lo) && isUpper(child)) this.#unlink(child, at, row)
    }
  }
}
