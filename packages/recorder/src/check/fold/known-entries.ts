import { LEVEL_NAMES, type LevelName, PTE } from '@pagetrail/engine'
import type { TraceEvent } from '../../event/kinds.ts'
import type { Run } from '../../event/run.ts'
import { ABSENT, entryKey, EntryTable } from '../../tables/entry-table.ts'
import { levelNumber, PageState } from '../../tables/page-state.ts'
import { PAGE_LIMIT, type PageSizes } from './page.ts'

/** What is known of one entry. A copy: storing to it changes nothing. */
export interface KnownEntry {
  readonly lo: number
  readonly hi: number
  /** Event that told: its last store, or the callback that read it; -1: the start state. */
  readonly seq: number
  readonly cpu: number
}

export interface KnownLeaf {
  readonly level: LevelName
  readonly page: number
  readonly pages: number
  readonly slot: KnownEntry
}

/** The signed address of a page; see event/words.ts. */
const addressOfPage = (page: number): number =>
  (page < PAGE_LIMIT / 2 ? page : page - PAGE_LIMIT) * 4096

/** The page tables of a run as far as its events have shown them, by pages, with the event that each entry is from. */
export class KnownEntries {
  readonly #run: Pick<Run, 'source' | 'geometry' | 'facts'>
  readonly #sizes: PageSizes
  #table = new EntryTable(1024, true)
  #state: PageState

  constructor(run: Pick<Run, 'source' | 'geometry' | 'facts'>, sizes: PageSizes) {
    this.#run = run
    this.#sizes = sizes
    this.#state = PageState.of(run, this.#table)
  }

  apply(e: TraceEvent): void {
    this.#state.apply(e)
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

  /** After a gap nothing that was learnt is certain. */
  forget(): void {
    this.#table = new EntryTable(1024, true)
    this.#state = PageState.of(this.#run, this.#table)
  }
}
