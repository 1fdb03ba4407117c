import { type Geometry, LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { leadsToTable } from '../descriptor/bits.ts'
import { frameOf, VALID } from './descriptor-words.ts'
import type { KnownEntries } from './known-entries.ts'
import type { PageSizes } from './page-numbers.ts'
import { isContiguous, relate, type Relation } from './translation.ts'
import { TABLE_LIMITS, type Translation } from './translation.ts'
import type { VersionRows } from './rows/version-rows.ts'

const WALK = ['pgd', 'p4d', 'pud', 'pmd', 'pte'] as const

/** Where a walk from the top ends. */
interface Walked extends Translation {
  found: 'leaf' | 'nothing' | 'unknown'
  level: LevelName
  /** First page and size of what the last entry translates. */
  page: number
  pages: number
}

const place = (): Walked => ({
  lo: 0,
  hi: 0,
  frame: 0,
  limits: 0,
  found: 'unknown',
  level: 'pte',
  page: 0,
  pages: 0,
})

/** One stretch of a version over which its relation to the tables is the same. Pages are 4K. */
export type HarmVisitor = (start: number, end: number, relation: Relation) => void

/** Old versions beside what the tables say now, page by page. */
export class Harms {
  readonly #geometry: Geometry
  readonly #sizes: PageSizes
  readonly #entries: KnownEntries
  readonly #rows: VersionRows
  /** Every entry that is not known is empty. */
  readonly #isComplete: boolean
  readonly #now = place()
  /** Of the table looked at last, within one question. */
  #seenTable = -1
  #isSeen = false
  readonly #old: Translation = { lo: 0, hi: 0, frame: 0, limits: 0 }

  constructor(
    geometry: Geometry,
    sizes: PageSizes,
    entries: KnownEntries,
    rows: VersionRows,
    isComplete: boolean,
  ) {
    this.#geometry = geometry
    this.#sizes = sizes
    this.#entries = entries
    this.#rows = rows
    this.#isComplete = isComplete
  }

  /** What a row means in [start, end), a stretch of equal relation after the other. */
  each(row: number, start: number, end: number, visit: HarmVisitor): void {
    const rows = this.#rows
    this.#seenTable = -1
    if (rows.isTable(row)) {
      this.#table(row, start, end, visit)
      return
    }
    const last = Math.min(end, rows.end(row))
    const level = LEVEL_NAMES[rows.level(row)]!
    const own = level === 'contpte' ? 'pte' : level === 'contpmd' ? 'pmd' : level
    const member = this.#sizes.of(own)
    const base = rows.base(row)
    let page = Math.max(start, base)
    let since = page
    let before: Relation | null = null
    while (page < last) {
      const index = Math.floor((page - base) / member)
      const isGone = rows.pages(row) > member && rows.isCovered(row, index)
      const next = isGone
        ? Math.min(last, base + (index + 1) * member)
        : Math.min(last, this.#walk(page), base + (index + 1) * member)
      const relation = isGone ? 'equal' : this.#relation(row, page, own, member)
      if (before !== null && relation !== before) {
        visit(since, page, before)
        since = page
      }
      before = relation
      page = next
    }
    if (before !== null) visit(since, page, before)
  }

  /** The gravest relation of a row in [start, end); `equal` where it is nowhere known to differ. */
  gravest(row: number, start: number, end: number): Relation {
    let worst: Relation = 'equal'
    this.each(row, start, end, (_from, _to, relation) => {
      if (relation !== 'unknown' && RANK[relation] < RANK[worst]) worst = relation
    })
    return worst
  }

  /** Below the walk just made: what the version says of the page beside it. */
  #relation(row: number, page: number, own: LevelName, member: number): Relation {
    const now = this.#now
    if (now.found === 'unknown') return 'unknown'
    const rows = this.#rows
    const old = this.#old
    old.lo = rows.lo(row)
    old.hi = rows.hi(row)
    old.frame = frameOf(this.#geometry, old.lo, old.hi) + (page - rows.from(row))
    const isSpan = rows.pages(row) > member
    if (now.found === 'nothing') {
      // A member that there never was: the span is torn, and nothing was mapped there that could be stale.
      const isMissing = isSpan && this.#entries.slot(own, page - (page % member)) === undefined
      return isMissing ? 'unknown' : 'wrong-place'
    }
    // What limits the upper tables set, they set for both; a table that replaced the block is new.
    old.limits = this.#limitsAbove(page, own)
    now.frame = frameOf(this.#geometry, now.lo, now.hi) + (page - now.page)
    return relate(this.#geometry, old, now, now.pages === member && isSpan === isContiguous(now.hi))
  }

  /** Walks to the page; returns where what was found ends. */
  #walk(page: number): number {
    const now = this.#now
    now.limits = 0
    for (const level of WALK) {
      const pages = this.#sizes.of(level)
      const base = page - (page % pages)
      const slot = this.#entries.slot(level, base)
      if (slot === undefined) continue
      if (leadsToTable(level, slot.lo)) {
        now.limits |= slot.hi & TABLE_LIMITS
        continue
      }
      const isLegal = level !== 'pte' || (slot.lo & 2) !== 0
      now.found = (slot.lo & VALID) !== 0 && isLegal ? 'leaf' : 'nothing'
      now.level = level
      now.page = base
      now.pages = pages
      now.lo = slot.lo
      now.hi = slot.hi
      return base + pages
    }
    now.found = this.#isComplete && this.#isTableSeen(page) ? 'nothing' : 'unknown'
    return page - (page % this.#sizes.page) + this.#sizes.page
  }

  /** Some other entry of the page's last table is known: those of which nothing was said are empty. */
  #isTableSeen(page: number): boolean {
    const size = this.#sizes.page
    const table = this.#sizes.base('pmd', page)
    if (table === this.#seenTable) return this.#isSeen
    this.#seenTable = table
    this.#isSeen = false
    const end = table + this.#sizes.of('pmd')
    for (let at = table; at < end && !this.#isSeen; at += size) {
      this.#isSeen = this.#entries.slot('pte', at) !== undefined
    }
    return this.#isSeen
  }

  #limitsAbove(page: number, own: LevelName): number {
    let limits = 0
    for (const level of WALK) {
      if (level === own) return limits
      const slot = this.#entries.slot(level, this.#sizes.base(level, page))
      if (slot !== undefined && leadsToTable(level, slot.lo)) limits |= slot.hi & TABLE_LIMITS
    }
    return limits
  }

  /**
   * A table that is held: what it limits, by the leaves that there are, is compared with what the table of today
   * limits. Older versions of what lies below it have rows of their own.
   */
  #table(row: number, start: number, end: number, visit: HarmVisitor): void {
    const rows = this.#rows
    const level = LEVEL_NAMES[rows.level(row)]!
    const slot = this.#entries.slot(level, rows.base(row))
    if (slot === undefined || !leadsToTable(level, slot.lo)) return
    const from = Math.max(start, rows.base(row))
    const to = Math.min(end, rows.end(row))
    if (to <= from) return
    const above = this.#limitsAbove(rows.base(row), level)
    const old = above | (rows.hi(row) & TABLE_LIMITS)
    const now = above | (slot.hi & TABLE_LIMITS)
    if (old !== now) this.#below(level, from, to, old, now, visit)
  }

  /** The leaves below an entry as they are translated with the limits of then, beside those of now. */
  #below(
    above: LevelName,
    start: number,
    end: number,
    then: number,
    now: number,
    visit: HarmVisitor,
  ): void {
    const level = WALK[WALK.findIndex((name) => name === above) + 1]
    if (level === undefined) return
    const size = this.#sizes.of(level)
    for (let at = start - (start % size); at < end; at += size) {
      const slot = this.#entries.slot(level, at)
      if (slot === undefined || (slot.lo & VALID) === 0) continue
      const from = Math.max(start, at)
      const to = Math.min(end, at + size)
      if (leadsToTable(level, slot.lo)) {
        const own = slot.hi & TABLE_LIMITS
        this.#below(level, from, to, then | own, now | own, visit)
        continue
      }
      const { lo, hi } = slot
      const [old, current] = [then, now].map((limits) => ({ lo, hi, frame: 0, limits }))
      visit(from, to, relate(this.#geometry, old!, current!, true))
    }
  }
}

const RANK: Readonly<Record<Relation, number>> = {
  'wrong-place': 0,
  'too-much': 1,
  'too-little': 2,
  'other-size': 3,
  equal: 4,
  unknown: 5,
}

export const isGraver = (a: Relation, b: Relation): boolean => RANK[a] < RANK[b]
