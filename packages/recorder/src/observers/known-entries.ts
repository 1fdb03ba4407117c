import { LEVEL_NAMES, type LevelName, PTE } from '@pagetrail/engine'
import type { EventOf, TraceEvent } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'
import { ABSENT, entryKey, EntryTable, type SavedEntries } from '../tables/entry-table.ts'
import { levelNumber, PageState } from '../tables/page-state.ts'
import { PAGE_LIMIT, pageOf, type PageSizes } from './page-numbers.ts'

/** What is known of one entry. A copy: storing to it changes nothing. */
export interface KnownEntry {
  readonly lo: number
  readonly hi: number
  /** The event that showed it: its last store, or the callback that read it; -1: the start state. */
  readonly seq: number
  readonly cpu: number
}

/** An entry as the run had it, of which it says something else now; `seq`: which event said so, -1: the start. */
export interface Contradicted {
  readonly level: LevelName
  readonly page: number
  readonly seq: number
  readonly lo: number
  readonly hi: number
}

export interface KnownLeaf {
  readonly level: LevelName
  readonly page: number
  readonly pages: number
  readonly slot: KnownEntry
}

const ABOVE: Readonly<Partial<Record<LevelName, LevelName>>> = {
  pte: 'pmd',
  pmd: 'pud',
  pud: 'p4d',
  p4d: 'pgd',
}

/** The signed address of a page; see event/words.ts. */
const addressOfPage = (page: number): number =>
  (page < PAGE_LIMIT / 2 ? page : page - PAGE_LIMIT) * 4096

/** Its inverse; the address after the last page is 0. */
const pageOfAddress = (address: number): number =>
  address < 0
    ? PAGE_LIMIT + Math.floor(address / 4096)
    : address === 0
      ? PAGE_LIMIT
      : Math.ceil(address / 4096)

/** The page tables of a run as far as its events have shown them, by pages, with the event that each entry is from. */
export class KnownEntries {
  readonly #run: Pick<Run, 'source' | 'flavour' | 'geometry' | 'facts'>
  readonly #sizes: PageSizes
  #table: EntryTable
  #state: PageState

  constructor(run: Pick<Run, 'source' | 'flavour' | 'geometry' | 'facts'>, sizes: PageSizes) {
    this.#run = run
    this.#sizes = sizes
    this.#table = new EntryTable(sizes.shift, true)
    this.#state = PageState.of(run, this.#table)
  }

  apply(e: TraceEvent): void {
    if (e.kind === 'table_alloc') this.#allocated(e)
    else this.#state.apply(e)
  }

  /**
   * A table was allocated: what an older one held is gone. What was stored since the entry above changed is the new
   * one's, where its allocation is reported when it is complete.
   */
  #allocated(e: EventOf<'table_alloc'>): void {
    const above = e.level === null || e.va === null ? undefined : ABOVE[e.level]
    const parent =
      above === undefined || e.va === null
        ? undefined
        : this.slot(above, this.#sizes.base(above, pageOf(e.va)))
    if (above === undefined || parent === undefined || (parent.lo & 3) === 3) {
      this.#state.apply(e)
      return
    }
    const level = e.level!
    const base = this.#sizes.base(above, pageOf(e.va!))
    const size = this.#sizes.of(level)
    const filled: { page: number; slot: KnownEntry }[] = []
    for (let page = base; page < base + this.#sizes.of(above); page += size) {
      const slot = this.slot(level, page)
      if (slot !== undefined && slot.seq > parent.seq) filled.push({ page, slot })
    }
    this.#state.apply(e)
    for (const { page, slot } of filled) {
      const key = entryKey(levelNumber(level), addressOfPage(page))
      this.#table.set(key, slot.lo, slot.hi, slot.seq, slot.cpu)
    }
  }

  /** What is known of the entry at exactly this page; undefined: nothing. */
  slot(level: LevelName, page: number): KnownEntry | undefined {
    const table = this.#table
    const place = table.find(entryKey(levelNumber(level), addressOfPage(page)))
    if (place === ABSENT) return undefined
    return {
      lo: table.lo(place),
      hi: table.hi(place),
      seq: table.seq(place),
      cpu: table.cpu(place),
    }
  }

  /** The known leaf, or former leaf, that covers a page; undefined where there is none or it is not known. */
  leafAt(page: number): KnownLeaf | undefined {
    const number = this.#state.leafLevel(addressOfPage(page))
    if (number < 0 || number > PTE) return undefined
    const level = LEVEL_NAMES[number]!
    const base = this.#sizes.base(level, page)
    return { level, page: base, pages: this.#sizes.of(level), slot: this.slot(level, base)! }
  }

  /** The entry that is known to be empty where a walk to the page ends; undefined where there is another, or none. */
  emptyAt(page: number): { readonly page: number } | undefined {
    for (let number = 0; number <= PTE; number++) {
      const level = LEVEL_NAMES[number]!
      const base = this.#sizes.base(level, page)
      const slot = this.slot(level, base)
      if (slot === undefined || (level !== 'pte' && (slot.lo & 3) === 3)) continue
      return (slot.lo | slot.hi) === 0 ? { page: base } : undefined
    }
    return undefined
  }

  /** Pages of which nothing is known after this event of a capture; null: it changes nothing of that. */
  unmappedBy(e: TraceEvent): { readonly start: number; readonly end: number } | null {
    const range = this.#state.unmappedBy(e)
    return range && { start: pageOfAddress(range.start), end: pageOfAddress(range.end) }
  }

  /** Entries that are known, empty ones included. */
  get size(): number {
    return this.#table.size
  }

  save(): SavedEntries {
    return this.#table.save()
  }

  load(saved: SavedEntries): void {
    this.#table = EntryTable.from(saved)
    this.#state = PageState.of(this.#run, this.#table)
  }

  /** After a gap nothing that was learnt is certain. */
  forget(): void {
    this.#table = new EntryTable(this.#sizes.shift, true)
    this.#state = PageState.of(this.#run, this.#table)
  }
}
