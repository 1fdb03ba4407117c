import {
  alignDown,
  bigintOf,
  CONT_PMD,
  fromVa,
  type Geometry,
  InputError,
  LEVEL_NAMES,
  type LevelName,
  LO,
  PGD,
  physOf,
  PMD,
  PTE,
} from '@pagetrail/engine'

import { entrySize } from './descriptor-runs.ts'
import { ABSENT, type Entries, entryKey, EntryTable, keyAddress, keyLevel } from './entry-table.ts'
import { readableGeometry } from '../descriptor/bits.ts'
import { runGeometry } from '../descriptor/run-geometry.ts'
import { type EventOf, KINDS, type TraceEvent } from '../event/kinds.ts'
import { evidenceOf, showsAll } from '../event/evidence.ts'
import type { Run } from '../event/run.ts'
import { shownValue } from './shown-value.ts'
import { signedVa, highWord, lowWord, take } from '../event/words.ts'
import { isUnmapping, MOST_UNMAPPED, unmappedSpan } from './unmapped.ts'

/** The most entries that one `init` may list: 64 GB of 4K pages. More would only fill memory. */
const INIT_ENTRIES_MAX = 1 << 24

/** @throws InputError for an `init` that lists more entries than a fold can hold */
export function checkInitCount({ seq, count }: Pick<EventOf<'init'>, 'seq' | 'count'>): void {
  if (count === null || count <= INIT_ENTRIES_MAX) return
  throw new InputError(
    `event ${seq}: an init lists ${count} entries; at most ${INIT_ENTRIES_MAX} are folded`,
  )
}

/** Where {@link PageState.leafLevel} finds no leaf: known to be empty, or never seen. */
export const EMPTY = -1
export const UNKNOWN = -2

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
 * Kernel page tables as the events of a run show them: entries by level and address.
 *
 * A run that lists its start state (`init`) and every store knows everything: what was never written is empty. Of a
 * real kernel only what was seen is known ({@link complete} is false). Table entries of the start state are not
 * listed; below an entry that is known to be no table nothing is reachable.
 */
export class PageState {
  readonly pageShift: number
  /** Where the address bits of its descriptors lie; null: the run does not say. */
  readonly geometry: Geometry | null
  readonly complete: boolean
  /** Stores whose address was not seen; they are in no entry. */
  unplaced = 0
  private entries: Entries

  /** `over`: the entries to begin with, for a state that goes on from a snapshot. */
  constructor(options: {
    readonly geometry: Geometry | null
    readonly complete: boolean
    readonly over?: Entries
  }) {
    this.geometry = options.geometry
    this.pageShift = readableGeometry(options.geometry).pageShift
    this.complete = options.complete
    this.entries = options.over ?? new EntryTable(this.pageShift)
  }

  /** The empty state that a run's events are folded into. */
  static of(
    run: Pick<Run, 'source' | 'flavour' | 'geometry' | 'facts'>,
    over?: Entries,
  ): PageState {
    return new PageState({
      geometry: runGeometry(run),
      complete: run.source !== 'ftrace' && showsAll(evidenceOf(run), 'desc_write'),
      ...(over && { over }),
    })
  }

  /** Entries that are known, empty ones and tables included. */
  get size(): number {
    return this.entries.size
  }

  /** Folds one event; kinds that say nothing of the tables are ignored. */
  apply(event: TraceEvent): void {
    switch (event.kind) {
      case 'init':
        checkInitCount(event)
        this.init(event.level, event.va, event.new, event.count ?? 0, event.pa_step)
        break
      case 'table_alloc':
      case 'table_free':
        this.dropTable(event.level, event.va, event.pa)
        break
      case 'desc_write':
      case 'cb_enter':
      case 'split':
      case 'split_end': {
        const value = shownValue(event)
        if (value === null) break
        const { seq, cpu, level, va } = event
        const address = va === null ? null : signedVa(va)
        take(value)
        const number = level === null ? null : LEVEL_NAMES.indexOf(level)
        this.applyRow(seq, KINDS[event.kind].id, number, address, lowWord(), highWord(), cpu)
        break
      }
      case 'op_begin':
      case 'span_begin': {
        const range = this.unmappedBy(event)
        if (range !== null) this.forget(range.start, range.end)
        break
      }
      default:
    }
  }

  /**
   * Signed addresses of what is not known any more after this event, which unmaps memory by stores that nobody shows;
   * null: it does no such thing. vfree() shows only where its area begins: its guard page, of which nothing is known,
   * ends it.
   */
  unmappedBy(event: TraceEvent): { readonly start: number; readonly end: number } | null {
    if (this.complete || !isUnmapping(event)) return null
    const span = unmappedSpan(event)
    if (span === null) return null
    const { start } = span
    return { start, end: span.end ?? this.endOfArea(start) }
  }

  /** Where the known entries that follow each other from an address on end. */
  private endOfArea(start: number): number {
    let end = start
    while (end - start < MOST_UNMAPPED) {
      const level = this.leafLevel(end)
      if (level < 0) break
      end = this.alignDown(level, end) + this.entrySize(level)
    }
    return end
  }

  /** Entries that lie in [start, end) are not known any more. */
  private forget(start: number, end: number): void {
    for (let level = PGD; level <= PTE; level++) {
      const size = this.entrySize(level)
      const first = Math.ceil(start / size) * size
      if ((end - first) / size > this.entries.size) {
        for (const key of this.entries.sortedKeys()) {
          const address = keyAddress(key)
          if (keyLevel(key) === level && address >= start && address + size <= end) {
            this.entries.forget(key)
          }
        }
        continue
      }
      for (let at = first; at + size <= end; at += size) this.entries.forget(entryKey(level, at))
    }
  }

  /** {@link apply} of an event that shows what one entry holds, from the words of its row. */
  applyRow(
    seq: number,
    kind: number,
    level: number | null,
    va: number | null,
    lo: number,
    hi: number,
    cpu = 0,
  ): void {
    const stores = kind === KINDS.desc_write.id
    if (level === null || va === null) {
      if (stores) this.unplaced++
      return
    }
    const entry = entryLevel(level)
    if (stores) this.entries.set(entryKey(entry, va), lo, hi, seq, cpu)
    else {
      const address = kind === KINDS.cb_enter.id ? this.alignDown(entry, va) : va
      this.entries.see(entryKey(entry, address), lo, hi, seq, cpu)
    }
  }

  /** The entry of a level that covers `va`; null: it was never seen. */
  entry(level: LevelName, va: bigint): { readonly va: bigint; readonly desc: bigint } | null {
    const number = levelNumber(level)
    const base = this.alignDown(number, signedVa(va))
    const place = this.entries.find(entryKey(number, base))
    if (place === ABSENT) return null
    const desc = bigintOf(this.entries.lo(place), this.entries.hi(place))
    return { va: fromVa(base), desc }
  }

  /** What translates `va`, from the top: the first entry that is not a table, or a PTE. */
  lookup(va: bigint): Lookup {
    const level = this.leafLevel(signedVa(va))
    if (level < 0) return { found: level === EMPTY ? 'empty' : 'unknown' }
    const name = LEVEL_NAMES[level]!
    return { found: 'entry', level: name, ...this.entry(name, va)! }
  }

  /** Level of the entry that {@link lookup} finds; EMPTY or UNKNOWN. */
  leafLevel(address: number): number {
    const { entries } = this
    for (let level = PGD; level <= PTE; level++) {
      const place = entries.find(entryKey(level, this.alignDown(level, address)))
      if (place === ABSENT) continue
      const lo = entries.lo(place)
      if (isTable(level, lo)) continue
      // Folded names share a slot: an empty upper entry ends the walk.
      return lo === 0 && entries.hi(place) === 0 ? EMPTY : level
    }
    return this.complete ? EMPTY : UNKNOWN
  }

  /**
   * Every non-zero entry that is not a table and is reachable, in ascending signed order (kernel addresses ascend).
   * Invalid ones are included: see bit 0 of `lo`.
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
    return entrySize(this.pageShift, level)
  }

  private alignDown(level: number, address: number): number {
    const size = this.entrySize(level)
    return Math.floor(address / size) * size
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
    let address = signedVa(va)
    take(step ?? 0n)
    const stepLo = lowWord()
    const stepHi = highWord()
    take(desc)
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

  /**
   * A table was allocated or freed: either way what lay in the old table of that span is no longer there. Not so where
   * another table is known to be linked: then this one loses, or lost, the race to be.
   */
  private dropTable(name: LevelName | null, va: bigint | null, pa: bigint | null): void {
    if (name === null || va === null) return
    const level = LEVEL_NAMES.indexOf(name)
    if (level > PTE) return
    const size = this.entrySize(level)
    const base = this.alignDown(level - 1, signedVa(va))
    if (this.complete && pa !== null && this.linksAnother(level - 1, base, pa)) return
    for (let i = 0; i < 2 ** (this.pageShift - 3); i++) {
      this.entries.forget(entryKey(level, base + i * size))
    }
  }

  /** Whether an entry points to a table that is not the one at `pa`, up to the page. */
  private linksAnother(level: number, address: number, pa: bigint): boolean {
    const place = this.entries.find(entryKey(level, address))
    if (place === ABSENT || !isTable(level, this.entries.lo(place))) return false
    const geometry = readableGeometry(this.geometry)
    const table = physOf(geometry, this.entries.lo(place), this.entries.hi(place))
    return table !== alignDown(Number(pa), geometry.pageSize)
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
const entryLevel = (level: number): number =>
  level <= PTE ? level : level === CONT_PMD ? PMD : PTE

export const levelNumber = (level: LevelName): number => entryLevel(LEVEL_NAMES.indexOf(level))

const isTable = (level: number, lo: number): boolean =>
  level < PTE && (lo & LO.TYPE_MASK) === LO.TYPE_TABLE
