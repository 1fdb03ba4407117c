import { sizeText } from '../event/quantity.ts'
import { hexOf, type LevelName } from '@pagetrail/engine'
import type { RunGeometry } from '../event/run.ts'
import { highWord, lowWord, take } from '../event/words.ts'

/**
 * Addresses here are numbers of 4K pages, whatever the granule: 52 bits, which a JavaScript number holds exactly.
 * bigint stays at the edges.
 */
const SHIFT = 12n

/** The page after the last one: 2^64 bytes. */
export const PAGE_LIMIT = 2 ** 52

export function pageOf(va: bigint): number {
  take(va)
  return highWord() * 2 ** 20 + (lowWord() >>> 12)
}

/** First page not touched by a range ending at `end`, which wraps to 0 at the top of the address space. */
export function endPageOf(end: bigint): number {
  take(end)
  const low = lowWord()
  const high = highWord()
  if ((low | high) === 0) return PAGE_LIMIT
  return high * 2 ** 20 + (low >>> 12) + ((low & 0xfff) === 0 ? 0 : 1)
}

/** How many pages a call changes: as the kernel counts, that many from the page its address lies in. */
export const pagesIn = (size: bigint): number =>
  Number((BigInt.asUintN(64, size) + 0xfffn) >> SHIFT)
export const vaOf = (page: number): bigint => BigInt.asUintN(64, BigInt(page) << SHIFT)

export const hexPage = (page: number): string => hexOf(vaOf(page))
export const hexRange = (start: number, end: number): string =>
  `[${hexPage(start)}, ${hexPage(end)})`

/** A number of 4K pages as a size. */
export const pagesSize = (pages: number): string => sizeText(pages * 4096)

/**
 * Entries in a contiguous span at PTE and PMD level, by granule (Kconfig ARM64_CONT_PTE_SHIFT, ARM64_CONT_PMD_SHIFT).
 */
const CONT_PTES: Readonly<Record<number, number>> = { 12: 16, 14: 128, 16: 32 }
const CONT_PMDS: Readonly<Record<number, number>> = { 12: 16, 14: 32, 16: 32 }

/** Sizes of one run's page-table levels, in 4K pages. */
export class PageSizes {
  /** 4K pages in one page of the granule. */
  readonly page: number
  /** Its address bits. */
  readonly shift: number
  readonly #contPte: number
  readonly #contPmd: number
  readonly #pmd: number
  readonly #pud: number
  readonly #p4d: number
  readonly #pgd: number
  /** First page after the linear map: everything kernel below it is an alias of memory. */
  readonly #linearEnd: number

  constructor(geometry: RunGeometry) {
    const { pageShift, vaBits } = geometry
    this.page = 2 ** (pageShift - 12)
    this.shift = pageShift
    const bits = pageShift - 3
    this.#pmd = this.page * 2 ** bits
    this.#pud = this.#pmd * 2 ** bits
    this.#p4d = this.#pud * 2 ** bits
    this.#pgd = this.#p4d * 2 ** bits
    this.#contPte = (CONT_PTES[pageShift] ?? 1) * this.page
    this.#contPmd = (CONT_PMDS[pageShift] ?? 1) * this.#pmd
    const vaBitsMin = vaBits <= 48 ? vaBits : pageShift === 14 ? 47 : 48
    this.#linearEnd = PAGE_LIMIT - 2 ** (vaBitsMin - 1 - 12)
  }

  /** What one entry of this level translates. */
  of(level: LevelName): number {
    switch (level) {
      case 'pte':
        return this.page
      case 'contpte':
        return this.#contPte
      case 'pmd':
        return this.#pmd
      case 'contpmd':
        return this.#contPmd
      case 'pud':
        return this.#pud
      case 'p4d':
        return this.#p4d
      case 'pgd':
        return this.#pgd
    }
  }

  /** Pages of a contiguous span at this level; 0 where the level has none. */
  span(level: LevelName): number {
    return level === 'pte' ? this.#contPte : level === 'pmd' ? this.#contPmd : 0
  }

  /** First page of what the entry of this level that translates `page` covers. */
  base(level: LevelName, page: number): number {
    const size = this.of(level)
    return page - (page % size)
  }

  isLinear(page: number): boolean {
    return page < this.#linearEnd
  }
}
