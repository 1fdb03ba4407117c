import type { Geometry, LevelName, Words } from '@pagetrail/engine'
import { leadsToTable, roleWords } from '../descriptor/bits.ts'
import type { EventOf } from '../event/kinds.ts'
import { highWord, lowWord, take } from '../event/words.ts'
import { frameOf, SOFTWARE_HI, USER, UXN_HI, VALID } from './descriptor-words.ts'
import type { KnownEntries } from './known-entries.ts'
import { pageOf, type PageSizes } from './page-numbers.ts'

/**
 * The store of the `desc_write` at hand, taken apart once for all rules. There is one object, filled anew for each:
 * rules keep numbers, never the object.
 */
export class Write {
  level: LevelName = 'pte'
  page = 0
  /** What the entry translates, in 4K pages. */
  pages = 0
  oldLo = 0
  oldHi = 0
  newLo = 0
  newHi = 0
  seq = 0
  /** The entry was known before, and held `old`. */
  isKnown = false
  /** It was known to hold something else: a store of another went unseen. */
  isContradicted = false
  /** A walk from the top comes to the entry: whoever walks can see it. */
  isReached = true
  /** The event that last showed its value, -1: the start state or unknown. */
  previous = -1
  /** CPU of that event. */
  previousCpu = 0
  readonly #geometry: Geometry
  readonly #address: Words

  constructor(geometry: Geometry) {
    this.#geometry = geometry
    this.#address = roleWords('address', geometry)
  }

  /** False: the event does not show enough (no address, no level), and no rule is asked about it. */
  read(e: EventOf<'desc_write'>, sizes: PageSizes, tables: KnownEntries): boolean {
    if (e.level === null || e.va === null || e.old === null || e.new === null) return false
    this.seq = e.seq
    this.level = e.level
    this.page = pageOf(e.va)
    this.pages = sizes.of(e.level)
    take(e.old)
    this.oldLo = lowWord()
    this.oldHi = highWord()
    take(e.new)
    this.newLo = lowWord()
    this.newHi = highWord()
    const slot = tables.slot(this.level, this.page)
    this.isKnown = slot !== undefined && slot.lo === this.oldLo && slot.hi === this.oldHi
    this.isContradicted = slot !== undefined && !this.isKnown
    this.previous = slot?.seq ?? -1
    this.previousCpu = slot?.cpu ?? 0
    return true
  }

  /** Where the store is; values are set one by one. */
  put(seq: number, level: LevelName, page: number, pages: number): void {
    this.seq = seq
    this.level = level
    this.page = page
    this.pages = pages
    this.isKnown = true
    this.isContradicted = false
    this.previous = -1
    this.previousCpu = 0
  }

  get end(): number {
    return this.page + this.pages
  }

  get changes(): boolean {
    return this.oldLo !== this.newLo || this.oldHi !== this.newHi
  }

  get wasNone(): boolean {
    return (this.oldLo | this.oldHi) === 0
  }

  get isNone(): boolean {
    return (this.newLo | this.newHi) === 0
  }

  get wasValid(): boolean {
    return (this.oldLo & VALID) !== 0
  }

  get isValid(): boolean {
    return (this.newLo & VALID) !== 0
  }

  /** The condition of the kernel's setters: for PTEs pte_valid_not_user(), above them VALID. */
  get needsBarrier(): boolean {
    if (this.wasValid || !this.isValid) return false
    return this.level !== 'pte' || ((this.newLo & USER) === 0 && (this.newHi & UXN_HI) !== 0)
  }

  get wasTable(): boolean {
    return leadsToTable(this.level, this.oldLo)
  }

  get isTable(): boolean {
    return leadsToTable(this.level, this.newLo)
  }

  /** Where the old and the new value lead, in 4K pages. */
  get oldFrame(): number {
    return frameOf(this.#geometry, this.oldLo, this.oldHi)
  }

  get newFrame(): number {
    return frameOf(this.#geometry, this.newLo, this.newHi)
  }

  /** Both values point to one table; its attributes may differ. */
  get leadsToSameTable(): boolean {
    return this.isTable && this.oldFrame === this.newFrame
  }

  /** Attribute bits that differ, without those only software reads. */
  get attrsLo(): number {
    return (this.oldLo ^ this.newLo) & ~this.#address.lo
  }

  get attrsHi(): number {
    return (this.oldHi ^ this.newHi) & ~this.#address.hi & ~SOFTWARE_HI
  }

  /** A leaf, or former leaf, stays one of the same page and gets other attributes: a permission change. */
  get isAttributeChange(): boolean {
    return (
      !this.wasNone &&
      !this.isNone &&
      !this.wasTable &&
      !this.isTable &&
      (this.attrsLo | this.attrsHi) !== 0 &&
      this.oldFrame === this.newFrame
    )
  }
}
