import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { highWord, lowWord, split } from '../../event/words.ts'
import { isLeafLike, isTable } from './descriptor.ts'
import { pageOf, type PageSizes } from './page.ts'
import { type Slot, SlotTable } from './slot-table.ts'

/** A run of entries from an `init` event, not expanded: it may be a whole gigabyte. */
interface InitRun {
  readonly start: number
  readonly end: number
  readonly size: number
  readonly value: bigint
  readonly step: bigint
}

export interface Leaf {
  readonly level: LevelName
  readonly page: number
  readonly pages: number
  readonly slot: Slot
}

const LEAF_LEVELS = ['pud', 'pmd', 'pte'] as const

const perLevel = <T>(make: () => T) =>
  Object.fromEntries(LEVEL_NAMES.map((level) => [level, make()])) as Record<LevelName, T>

/** Page-table entries as far as a run has shown them: `init` events, stores, and what callbacks read. */
export class Tables {
  readonly #sizes: PageSizes
  readonly #slots: Readonly<Record<LevelName, SlotTable>>
  readonly #init: Readonly<Record<LevelName, InitRun[]>>

  constructor(sizes: PageSizes) {
    this.#sizes = sizes
    this.#slots = perLevel(() => new SlotTable())
    this.#init = perLevel((): InitRun[] => [])
  }

  init(level: LevelName, va: bigint, value: bigint, count: number, step: bigint): void {
    const size = this.#sizes.of(level)
    const start = pageOf(va)
    this.#init[level].push({ start, end: start + size * count, size, value, step })
  }

  /** What is known of the entry at exactly this page; undefined: nothing. */
  slot(level: LevelName, page: number): Slot | undefined {
    const slots = this.#slots[level]
    const known = slots.get(page)
    if (known !== undefined) return known
    for (const run of this.#init[level]) {
      if (page < run.start || page >= run.end) continue
      const index = (page - run.start) / run.size
      split(BigInt.asUintN(64, run.value + BigInt(index) * run.step))
      slots.set(page, lowWord(), highWord(), -1, 0)
      return slots.get(page)
    }
    return undefined
  }

  set(level: LevelName, page: number, lo: number, hi: number, seq: number, cpu: number): void {
    this.#slots[level].set(page, lo, hi, seq, cpu)
  }

  /** The known leaf, or former leaf, that covers a page; undefined where there is none or it is not known. */
  leafAt(page: number): Leaf | undefined {
    for (const level of LEAF_LEVELS) {
      const base = this.#sizes.base(level, page)
      const slot = this.slot(level, base)
      if (slot === undefined) continue
      if (isTable(level, slot.lo)) continue
      if (!isLeafLike(level, slot.lo, slot.hi)) return undefined
      return { level, page: base, pages: this.#sizes.of(level), slot }
    }
    return undefined
  }

  /** After a gap nothing that was learnt is certain. */
  forget(): void {
    for (const level of LEVEL_NAMES) {
      this.#slots[level].clear()
      this.#init[level].length = 0
    }
  }
}
