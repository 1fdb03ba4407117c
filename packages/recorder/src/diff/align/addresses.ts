import { type Geometry, physOf, type Words } from '@pagetrail/engine'

import { readableGeometry, roleWords } from '../../descriptor/bits.ts'
import { signedVa } from '../../event/words.ts'
import type { Call } from '../../event/run.ts'

/** How addresses are made comparable: as they are, or relative to the call and in order of appearance. */
export type Addressing = 'raw' | 'relative'

const TWO_32 = 2 ** 32
const PAGE = 4096

/** High words of relative addresses: code << 16, so that 48 bits of offset follow. */
const OWN = 1
const LINEAR = 2
const FIXED = 3
const OTHER = 4

/** Linear alias of a page of the call's own range: what follows is the offset there. */
const ALIAS = 5

/** The last gigabyte: fixmap and PCI I/O (below it VMEMMAP ends). Slots there move between versions. */
const FIXED_START = -(2 ** 30)

/**
 * Addresses of one side, made comparable with the other's. Raw: as they are, but for the fixmap. Relative: offset in
 * the call's own range, or else region and order of appearance of the page within the call, so that neither KASLR nor
 * the physical pages that an allocation happened to get are seen.
 */
export class Addresses {
  lo = 0
  hi = 0
  private readonly mode: Addressing
  private readonly geometry: Geometry
  private readonly address: Words
  private readonly pageEnd: number
  private start = Number.NaN
  private end = Number.NaN
  private readonly seen = [
    new Map<number, number>(),
    new Map<number, number>(),
    new Map<number, number>(),
  ]
  private readonly tables = new Map<number, number>()
  private fresh = Number.NaN
  /** Physical page -> offset in the call's range; index of a linear page -> its physical page. */
  private readonly own = new Map<number, number>()
  private readonly linear = new Map<number, number>()

  constructor(mode: Addressing, geometry: Geometry | null) {
    this.mode = mode
    this.geometry = readableGeometry(geometry)
    this.address = roleWords('address', geometry)
    this.pageEnd = pageEndOf(this.geometry)
  }

  /** Forgets the last call's pages. */
  startCall(call: Call): void {
    this.start = call.va === null ? Number.NaN : signedVa(call.va)
    this.end = call.end === null ? Number.NaN : signedVa(call.end)
    for (const pages of this.seen) emptied(pages)
    emptied(this.tables)
    this.fresh = Number.NaN
    emptied(this.own)
    emptied(this.linear)
  }

  /** A PTE store at the compared address lo, hi shows which physical page lies there. */
  mapped(lo: number, hi: number, page: number): void {
    if (page === 0 || this.mode === 'raw') return
    if (hi >>> 16 === OWN) this.own.set(page, (hi & 0xffff) * TWO_32 + lo)
    else if (hi >>> 16 === LINEAR) this.linear.set((hi & 0xffff) * 2 ** 20 + (lo >>> 12), page)
  }

  /**
   * At the end of a call the linear pages are known by what they are aliases of; the others are numbered among
   * themselves. Null: there is nothing to rename.
   */
  renaming(): ((lo: number, hi: number) => void) | null {
    const { own, linear } = this
    if (own.size === 0 || linear.size === 0) return null
    const names = new Map<number, number>()
    let others = 0
    for (const index of this.seen[0]!.values()) {
      const offset = own.get(linear.get(index) ?? 0)
      names.set(index, offset === undefined ? -++others : offset)
    }
    return (lo, hi) => {
      this.lo = lo
      this.hi = hi
      if (hi >>> 16 !== LINEAR) return
      const name = names.get((hi & 0xffff) * 2 ** 20 + (lo >>> 12)) ?? -1
      const page = name < 0 ? (-name - 1) * PAGE : name
      this.lo = ((page % TWO_32) + (lo & 0xfff)) >>> 0
      this.hi = (((name < 0 ? LINEAR : ALIAS) << 16) | Math.floor(page / TWO_32)) >>> 0
    }
  }

  /** Sets lo and hi for an address given as words. */
  place(lo: number, hi: number): void {
    const address = (hi | 0) * TWO_32 + lo
    if (address >= FIXED_START && address < 0) this.numbered(FIXED, address)
    else if (this.mode === 'raw') {
      this.lo = lo
      this.hi = hi
    } else if (address >= this.start && address < this.end) {
      const offset = address - this.start
      this.lo = offset >>> 0
      this.hi = ((OWN << 16) | Math.floor(offset / TWO_32)) >>> 0
    } else this.numbered(address < this.pageEnd ? LINEAR : OTHER, address)
  }

  /**
   * Sets lo and hi for a descriptor that was stored. A table's address becomes its order of appearance. In relative
   * mode a leaf's address is left out, unless the store changes it: then the distance it moved by is kept.
   */
  descriptor(isTable: boolean, lo: number, hi: number, before: number | null): void {
    if (isTable) {
      this.leadTo(lo, hi, this.tableIndex(lo, hi) * this.geometry.pageSize)
      return
    }
    if (this.mode === 'raw') {
      this.lo = lo
      this.hi = hi
      return
    }
    const page = this.pageOf(lo, hi)
    let moved = 0
    if (before !== null && page !== before) {
      // Written where nothing was: relative to the first such page of the call.
      if (before === 0 && Number.isNaN(this.fresh)) this.fresh = page
      moved = page === 0 ? 0 : before === 0 ? page - this.fresh : page - before
    }
    this.leadTo(lo, hi, moved * PAGE)
  }

  /** Sets lo and hi to the attributes of a descriptor with another address, a difference in two's complement. */
  private leadTo(lo: number, hi: number, address: number): void {
    const low = this.address.lo & -PAGE
    this.lo = ((lo & ~this.address.lo) | (address & low)) >>> 0
    this.hi = ((hi & ~this.address.hi) | (Math.floor(address / TWO_32) & this.address.hi)) >>> 0
  }

  /** Output address of a descriptor in 4K pages. */
  pageOf(lo: number, hi: number): number {
    return physOf(this.geometry, lo, hi) / PAGE
  }

  /** Order of appearance of the table that a descriptor, or the address of a table, leads to. */
  tableIndex(lo: number, hi: number): number {
    const { tables } = this
    const page = this.pageOf(lo, hi)
    let index = tables.get(page)
    if (index === undefined) tables.set(page, (index = tables.size))
    return index
  }

  private numbered(code: number, address: number): void {
    const pages = this.seen[code - LINEAR]!
    const page = Math.floor(address / PAGE)
    let index = pages.get(page)
    if (index === undefined) pages.set(page, (index = pages.size))
    this.lo = ((index & 0xfffff) * PAGE + (address - page * PAGE)) >>> 0
    this.hi = ((code << 16) | (index >>> 20)) >>> 0
  }
}

/** To clear one that is empty takes a new table all the same. */
function emptied(map: Map<number, number>): void {
  if (map.size > 0) map.clear()
}

/** PAGE_END, where the linear map ends: 2^64 - 2^(VA_BITS_MIN - 1). */
function pageEndOf({ vaBits, pageShift }: Geometry): number {
  const minimal = vaBits <= 48 ? vaBits : pageShift === 14 ? 47 : 48
  return -(2 ** (minimal - 1))
}
