import { CONT_PMD, LEVEL_NAMES, type LevelName, PGD, PMD, PTE } from '@pagetrail/engine'

import { ABSENT, type Entries, entryKey, EntryTable, keyAddress, keyLevel } from './entry-table.ts'
import { InputError } from '../event/errors.ts'
import type { EventOf, TraceEvent } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'
import { addressOf, addressToBigint, highWord, joinWords, lowWord, split } from '../event/words.ts'

/** Real traces tell no geometry: Debian's kernels, from which captures come, have 4K pages. */
const DEFAULT_PAGE_SHIFT = 12

/** The most entries that one `init` may list: 64 GB of 4K pages. More would only fill memory. */
const INIT_ENTRIES_MAX = 1 << 24

/** @throws InputError for an `init` that lists more entries than a fold can hold */
export function checkInitCount({ seq, count }: Pick<EventOf<'init'>, 'seq' | 'count'>): void {
  if (count === null || count <= INIT_ENTRIES_MAX) return
  throw new InputError(
    `event ${seq}: an init lists ${count} entries; at most ${INIT_ENTRIES_MAX} are folded`,
  )
}

/** What translates an address: `empty` is known to be so, `unknown` was never seen. */
export type Lookup =
  | {
      readonly found: 'entry'
      readonly level: LevelName
      readonly va: bigint
      readonly desc: bigint
    }
  | { readonly found: 'empty' }
  | { readonly found: 'unknown' }

/**
 * Kernel page tables as told by the events of a run: entries by level and address.
 *
 * A run that lists its start state (`init`) and every store knows everything: what was never written is empty. Of a
 * real kernel only what was seen is known ({@link complete} is false). Table entries of the start state are not
 * listed; below an entry that is known to be no table nothing is reachable.
 */
export class PageState {
  readonly pageShift: number
  readonly complete: boolean
  /** Stores whose address was not seen; they are in no entry. */
  unplaced = 0
  private entries: Entries

  /** `over`: the entries to begin with, for a state that goes on from a snapshot. */
  constructor(options: {
    readonly pageShift?: number
    readonly complete: boolean
    readonly over?: Entries
  }) {
    this.pageShift = options.pageShift ?? DEFAULT_PAGE_SHIFT
    this.complete = options.complete
    this.entries = options.over ?? new EntryTable()
  }

  /** The empty state that a run's events are folded into. */
  static of(run: Pick<Run, 'source' | 'geometry'>): PageState {
    return new PageState({
      pageShift: run.geometry?.pageShift ?? DEFAULT_PAGE_SHIFT,
      complete: run.source !== 'ftrace',
    })
  }

  /** Entries that are known, empty ones and tables included. */
  get size(): number {
    return this.entries.size
  }

  /** Folds one event; kinds that say nothing of the tables are ignored. */
  apply(event: TraceEvent): void {
    switch (event.kind) {
      case 'desc_write':
        if (event.new !== null) this.learn(event.level, event.va, event.new)
        break
      case 'cb_enter':
        // A walker's callback at a level folded away names that level; only real traces carry `val`, unfolded.
        if (event.val !== undefined && event.va !== null) {
          this.learn(event.level, this.entryBase(event.level, event.va), event.val)
        }
        break
      // Real traces tell what memory held when a split began and when it was done.
      case 'split': {
        const seen = event.cur ?? event.val
        if (seen !== undefined && event.va !== null) this.learn(event.level, event.va, seen)
        break
      }
      case 'split_end':
        if (event.val !== undefined && event.va !== null)
          this.learn(event.level, event.va, event.val)
        break
      case 'init':
        checkInitCount(event)
        this.init(event.level, event.va, event.new, event.count ?? 0, event.pa_step)
        break
      case 'table_alloc':
      case 'table_free':
        // Either way what lay in the old table of that span is no longer there.
        if (event.level !== null && event.va !== null)
          this.dropTable(levelNumber(event.level), addressOf(event.va))
        break
      default:
    }
  }

  /** One entry, from words: for folding rows that are no event objects. */
  setEntry(level: number, address: number, lo: number, hi: number): void {
    this.entries.set(entryKey(level, address), lo, hi)
  }

  /** The entry of a level that covers `va`; null: it was never seen. */
  entry(level: LevelName, va: bigint): { readonly va: bigint; readonly desc: bigint } | null {
    const number = levelNumber(level)
    const base = this.alignDown(number, addressOf(va))
    const place = this.entries.find(entryKey(number, base))
    if (place === ABSENT) return null
    const desc = joinWords(this.entries.lo(place), this.entries.hi(place))
    return { va: addressToBigint(base), desc }
  }

  /** What translates `va`, from the top: the first entry that is not a table, or a PTE. */
  lookup(va: bigint): Lookup {
    const address = addressOf(va)
    let seen = this.complete
    for (let level = PGD; level <= PTE; level++) {
      const base = this.alignDown(level, address)
      const place = this.entries.find(entryKey(level, base))
      if (place === ABSENT) continue
      const lo = this.entries.lo(place)
      const hi = this.entries.hi(place)
      if (isTable(level, lo)) continue
      if (lo === 0 && hi === 0) {
        seen = true
        // Folded names share a slot: an empty upper entry ends the walk.
        break
      }
      const name = LEVEL_NAMES[level] ?? 'pte'
      return { found: 'entry', level: name, va: addressToBigint(base), desc: joinWords(lo, hi) }
    }
    return { found: seen ? 'empty' : 'unknown' }
  }

  /**
   * Every non-zero entry that is no table and is reachable, in ascending signed order (kernel addresses ascend).
   * Invalid ones are included: bit 0 of `lo` tells.
   */
  eachLeaf(visit: (level: number, address: number, lo: number, hi: number) => void): void {
    const { entries } = this
    const blockedAt = new Float64Array(PTE + 1).fill(Number.NaN)
    for (const key of entries.sortedKeys()) {
      const level = keyLevel(key)
      const address = keyAddress(key)
      const place = entries.find(key)
      const lo = entries.lo(place)
      const hi = entries.hi(place)
      if (isTable(level, lo)) continue
      // Sorted order visits an upper entry before all that lies below it.
      blockedAt[level] = address
      if ((lo !== 0 || hi !== 0) && this.isReachable(level, address, blockedAt)) {
        visit(level, address, lo, hi)
      }
    }
  }

  /** Every known entry, tables and empty ones included, by ascending key. */
  eachEntry(visit: (level: number, address: number, lo: number, hi: number) => void): void {
    const { entries } = this
    for (const key of entries.sortedKeys()) {
      const place = entries.find(key)
      visit(keyLevel(key), keyAddress(key), entries.lo(place), entries.hi(place))
    }
  }

  /** Whether an address lies below or in an entry that is known. */
  knows(address: number): boolean {
    if (this.complete) return true
    for (let level = PTE; level >= PGD; level--) {
      const place = this.entries.find(entryKey(level, this.alignDown(level, address)))
      if (place !== ABSENT) return !isTable(level, this.entries.lo(place))
    }
    return false
  }

  clone(): PageState {
    const copy = new PageState(this)
    copy.unplaced = this.unplaced
    copy.entries = this.entries.clone()
    return copy
  }

  /** Bytes that one entry of a level translates. */
  entrySize(level: number): number {
    return 2 ** (this.pageShift + (PTE - level) * (this.pageShift - 3))
  }

  private alignDown(level: number, address: number): number {
    const size = this.entrySize(level)
    return Math.floor(address / size) * size
  }

  private entryBase(level: LevelName | null, va: bigint): bigint {
    return addressToBigint(this.alignDown(levelNumber(level), addressOf(va)))
  }

  private learn(level: LevelName | null, va: bigint | null, desc: bigint): void {
    if (level === null || va === null) {
      this.unplaced++
      return
    }
    const address = addressOf(va)
    split(desc)
    this.entries.set(entryKey(levelNumber(level), address), lowWord(), highWord())
  }

  private init(
    level: LevelName | null,
    va: bigint | null,
    desc: bigint | null,
    count: number,
    step: bigint | null,
  ): void {
    if (level === null || va === null || desc === null) return
    const number = levelNumber(level)
    const size = this.entrySize(number)
    let address = addressOf(va)
    split(step ?? 0n)
    const stepLo = lowWord()
    const stepHi = highWord()
    split(desc)
    let lo = lowWord()
    let hi = highWord()
    for (let i = 0; i < count; i++) {
      this.entries.set(entryKey(number, address), lo, hi)
      address += size
      const sum = lo + stepLo
      hi = (hi + stepHi + (sum >= 2 ** 32 ? 1 : 0)) >>> 0
      lo = sum >>> 0
    }
  }

  private dropTable(level: number, address: number): void {
    if (level > PTE) return
    const size = this.entrySize(level)
    const base = this.alignDown(level - 1, address)
    for (let i = 0; i < 2 ** (this.pageShift - 3); i++) {
      this.entries.forget(entryKey(level, base + i * size))
    }
  }

  /** No entry above is known to be something else than a table. `ended` holds the last such entry of each level. */
  private isReachable(level: number, address: number, ended: Float64Array): boolean {
    for (let upper = level - 1; upper >= PGD; upper--) {
      if (ended[upper] === this.alignDown(upper, address)) return false
    }
    return true
  }
}

/** A contiguous span is of its entries' level. */
function levelNumber(level: LevelName | null): number {
  const number = level === null ? PTE : LEVEL_NAMES.indexOf(level)
  return number <= PTE ? number : number === CONT_PMD ? PMD : PTE
}

const isTable = (level: number, lo: number): boolean => level < PTE && (lo & 3) === 3
