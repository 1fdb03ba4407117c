import { PTE } from '@pagetrail/engine'

import { DescriptorRuns, entrySize, NOWHERE, RunsBuilder } from './descriptor-runs.ts'
import { ABSENT, type Entries, entryKey, EntryTable, keyAddress, keyLevel } from './entry-table.ts'

/** Place of an entry that is found in the base: its words are those found last. */
const IN_BASE = -2

/**
 * Entries as a snapshot has them, with what changed since on top. The snapshot is shared and never changed; a table of
 * the entries set since covers it, and one of those forgotten hides it.
 */
export class LayeredTable implements Entries {
  private readonly base: DescriptorRuns
  private readonly above: EntryTable
  /** Keys that were known and are no longer; what of them is in the base is hidden. */
  private readonly gone: Set<number>
  private known: number
  /** Keys that were set or forgotten, where that is noted, each with the parts in which it was: a bit each. */
  readonly noted = new Map<number, number>()
  /** The part that is at hand; 0: it is not noted. */
  part = 0

  constructor(
    base: DescriptorRuns,
    above = new EntryTable(base.pageShift),
    gone = new Set<number>(),
  ) {
    this.base = base
    this.above = above
    this.gone = gone
    this.known = base.entries
  }

  get size(): number {
    return this.known
  }

  find(key: number): number {
    const place = this.above.find(key)
    return place === ABSENT && this.inBase(key) ? IN_BASE : place
  }

  lo(place: number): number {
    return place === IN_BASE ? this.base.lo : this.above.lo(place)
  }

  hi(place: number): number {
    return place === IN_BASE ? this.base.hi : this.above.hi(place)
  }

  set(key: number, lo: number, hi: number): void {
    const before = this.above.size
    if (this.part !== 0) this.note(key)
    this.above.set(key, lo, hi)
    if (this.above.size > before && !this.inBase(key)) this.known++
  }

  /** Seeing again what is known touches nothing: each callback sees the tables above it. */
  see(key: number, lo: number, hi: number): void {
    const place = this.find(key)
    if (place === ABSENT || this.lo(place) !== lo || this.hi(place) !== hi) this.set(key, lo, hi)
  }

  forget(key: number): void {
    if (this.find(key) === ABSENT) return
    if (this.part !== 0) this.note(key)
    this.known--
    this.above.forget(key)
    this.gone.add(key)
  }

  sortedKeys(): Float64Array {
    const keys = new Float64Array(this.known)
    let at = 0
    this.eachBaseEntry((key) => {
      if (this.above.find(key) === ABSENT && !this.gone.has(key)) keys[at++] = key
    })
    keys.set(this.above.sortedKeys(), at)
    // oxlint-disable-next-line unicorn/no-array-sort -- in place: of a million keys a copy is 8 MB
    return keys.sort()
  }

  clone(): LayeredTable {
    const copy = new LayeredTable(this.base, this.above.clone(), new Set(this.gone))
    copy.known = this.known
    return copy
  }

  /** Keys of the entries that were set or forgotten since the base, ascending. */
  touched(): Float64Array {
    return Float64Array.from(new Set([...this.above.sortedKeys(), ...this.gone])).toSorted()
  }

  /** All of it as runs: what the next snapshot holds, and the base of what follows. */
  compacted(): DescriptorRuns {
    const { base, above } = this
    const builder = new RunsBuilder(base.pageShift)
    const changed = this.touched()
    for (let level = 0; level <= PTE; level++) {
      const size = entrySize(base.pageShift, level)
      const keys = changed.filter((key) => keyLevel(key) === level)
      let next = 0
      /** Adds the changed entries below this address. */
      const addChanged = (until: number) => {
        for (; next < keys.length && keyAddress(keys[next]!) < until; next++) {
          const place = above.find(keys[next]!)
          if (place === ABSENT) continue
          builder.addRun(level, keyAddress(keys[next]!), above.lo(place), above.hi(place), 1, false)
        }
      }
      base.eachRun(level, (address, count, lo, hi, steps) => {
        addChanged(address)
        const end = address + count * size
        let from = address
        while (from < end) {
          const cut = next < keys.length ? Math.min(end, keyAddress(keys[next]!)) : end
          if (cut > from) {
            const sum = lo + (steps ? from - address : 0)
            const high = (hi + Math.floor(sum / 2 ** 32)) >>> 0
            builder.addRun(level, from, sum >>> 0, high, (cut - from) / size, steps)
          }
          // The entry at the cut is a changed one, unless the run ends here.
          addChanged(Math.min(end, cut + size))
          from = cut + size
        }
      })
      addChanged(Number.POSITIVE_INFINITY)
    }
    return builder.build()
  }

  private note(key: number): void {
    this.noted.set(key, (this.noted.get(key) ?? 0) | this.part)
  }

  private inBase(key: number): boolean {
    if (this.base.find(keyLevel(key), keyAddress(key)) === NOWHERE) return false
    return this.gone.size === 0 || !this.gone.has(key)
  }

  private eachBaseEntry(visit: (key: number) => void): void {
    for (let level = 0; level <= PTE; level++) {
      const size = entrySize(this.base.pageShift, level)
      this.base.eachRun(level, (address, count) => {
        for (let i = 0; i < count; i++) visit(entryKey(level, address + i * size))
      })
    }
  }
}
