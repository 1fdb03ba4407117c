import { PTE } from '@pagetrail/engine'
import { FewColumn } from './few-column.ts'
import { doubled } from './growing-buffer.ts'

/** Where {@link EntryTable.find} does not know a key. */
export const ABSENT = -1

/** The arrays of an {@link EntryTable} as they are saved: of its groups those in use. */
export interface SavedEntries {
  readonly pageShift: number
  readonly groupKeys: Float64Array<ArrayBuffer>
  readonly known: Uint16Array<ArrayBuffer>
  readonly words: Uint32Array<ArrayBuffer>
  readonly origins: {
    readonly seqs: Uint32Array<ArrayBuffer>
    readonly cpus: Uint16Array<ArrayBuffer>
  } | null
  readonly odd: ReadonlyMap<number, number>
}

/** Entries that follow each other lie together in groups of so many. */
const GROUP = 16
const GROUPS = 64
const LEVELS = 8
/** Levels beyond, contiguous spans, are found by pages too. */
const LAST_LEVEL = PTE
/** In the place of a group: it has none. */
const NO_GROUP = -1
/** `seq` of what is from the start state, as it is kept. */
const START = 0xffff_ffff

/** Level and address of an entry as one exact number: the page number's sign is the address's. */
export const entryKey = (level: number, address: number): number => (address / 4096) * 8 + level
export const keyLevel = (key: number): number => key - Math.floor(key / 8) * 8
export const keyAddress = (key: number): number => Math.floor(key / 8) * 4096

/** Descriptors by level and address: an {@link EntryTable}, or a snapshot with one on top. */
export interface Entries {
  readonly size: number
  find(key: number): number
  lo(place: number): number
  hi(place: number): number
  /** `seq`, `cpu`: the event that says so, -1 for the start state. */
  set(key: number, lo: number, hi: number, seq?: number, cpu?: number): void
  /** The same of an event that only shows what the entry holds. */
  see(key: number, lo: number, hi: number, seq: number, cpu: number): void
  forget(key: number): void
  sortedKeys(): Float64Array
  clone(): Entries
}

/** The event that an entry is known from, as columns beside it. */
interface Origins {
  seqs: Uint32Array<ArrayBuffer>
  readonly cpus: FewColumn
}

/**
 * Two words by a number - descriptors by level and address - in typed arrays: entries that follow each other in one
 * table lie in a group of {@link GROUP}, and groups are found by hash. A walk along a million entries finds its group
 * where it was last, and pays a few bytes an entry beside what it keeps.
 */
export class EntryTable implements Entries {
  readonly #pageShift: number
  /** Entries per 4K page of each level. */
  readonly #density = new Float64Array(LEVELS)
  /** Open addressing over numbers of groups: place in `groupKeys`, plus one; 0 is free. */
  #slots = new Int32Array(GROUPS * 2)
  #groupKeys = new Float64Array(GROUPS)
  /** A bit for each entry of a group that is known. */
  #known = new Uint16Array(GROUPS)
  /** Words of each place; of the upper ones null: all are 0. */
  #los = new Uint32Array(GROUPS * GROUP)
  #his: FewColumn | null = null
  #origins: Origins | null
  #groups = 0
  #size = 0
  /** Groups of keys whose address is not one that an entry of their level can have. */
  #odd = new Map<number, number>()
  /** Where each level was last. */
  readonly #lastKey = new Float64Array(LEVELS).fill(Number.NaN)
  readonly #lastGroup = new Int32Array(LEVELS)

  /** `withOrigins`: keeps {@link seq} and {@link cpu}. */
  constructor(pageShift = 12, withOrigins = false) {
    this.#pageShift = pageShift
    for (let level = 0; level < LEVELS; level++) {
      const upper = Math.max(0, LAST_LEVEL - level)
      this.#density[level] = 2 ** -(pageShift - 12 + upper * (pageShift - 3))
    }
    this.#origins = withOrigins
      ? { seqs: new Uint32Array(GROUPS * GROUP), cpus: new FewColumn(GROUPS * GROUP) }
      : null
  }

  /** Entries that are known, empty ones included. */
  get size(): number {
    return this.#size
  }

  /** Place of a known entry, or ABSENT. Valid for good: nothing moves. */
  find(key: number): number {
    const place = this.#locate(key, false)
    if (place === ABSENT) return ABSENT
    return ((this.#known[place >>> 4]! >> (place & (GROUP - 1))) & 1) === 1 ? place : ABSENT
  }

  lo(place: number): number {
    return this.#los[place]!
  }

  hi(place: number): number {
    return this.#his === null ? 0 : this.#his.at(place)
  }

  /** The event that the entry is known from; -1: the start state. */
  seq(place: number): number {
    const seq = this.#origins?.seqs[place] ?? START
    return seq === START ? -1 : seq
  }

  cpu(place: number): number {
    return this.#origins?.cpus.at(place) ?? 0
  }

  set(key: number, lo: number, hi: number, seq = -1, cpu = 0): void {
    const place = this.#locate(key, true)
    const bit = 1 << (place & (GROUP - 1))
    const group = place >>> 4
    if ((this.#known[group]! & bit) === 0) {
      this.#known[group]! |= bit
      this.#size++
    }
    this.#los[place] = lo
    if (hi !== 0) this.#his ??= new FewColumn(this.#los.length)
    if (this.#his !== null) this.#his.set(place, hi)
    if (this.#origins === null) return
    this.#origins.seqs[place] = seq
    this.#origins.cpus.set(place, cpu)
  }

  see(key: number, lo: number, hi: number, seq: number, cpu: number): void {
    this.set(key, lo, hi, seq, cpu)
  }

  forget(key: number): void {
    const place = this.find(key)
    if (place === ABSENT) return
    this.#known[place >>> 4]! &= ~(1 << (place & (GROUP - 1)))
    this.#size--
  }

  /** Keys of all known entries, ascending: by signed address, at the same address the upper level first. */
  sortedKeys(): Float64Array {
    const keys = new Float64Array(this.#size)
    const odd = new Map([...this.#odd].map(([key, group]) => [group, key]))
    let at = 0
    for (let group = 0; group < this.#groups; group++) {
      const known = this.#known[group]!
      const first = odd.get(group)
      for (let i = 0; known >>> i !== 0; i++) {
        if (((known >>> i) & 1) === 1) keys[at++] = first ?? this.#keyOf(this.#groupKeys[group]!, i)
      }
    }
    // oxlint-disable-next-line unicorn/no-array-sort -- in place: of a million keys a copy is 8 MB
    return keys.sort()
  }

  save(): SavedEntries {
    const groups = this.#groups
    const places = groups * GROUP
    const words = new Uint32Array(places * 2)
    for (let place = 0; place < places; place++) {
      words[place * 2] = this.lo(place)
      words[place * 2 + 1] = this.hi(place)
    }
    return {
      pageShift: this.#pageShift,
      groupKeys: this.#groupKeys.slice(0, groups),
      known: this.#known.slice(0, groups),
      words,
      origins: this.#origins && {
        seqs: this.#origins.seqs.slice(0, places),
        cpus: Uint16Array.from({ length: places }, (_, place) => this.cpu(place)),
      },
      odd: new Map(this.#odd),
    }
  }

  /** One that goes on from what was saved. */
  static from({ pageShift, groupKeys, known, words, origins, odd }: SavedEntries): EntryTable {
    const table = new EntryTable(pageShift, origins !== null)
    const oddGroups = new Set(odd.values())
    for (const [group, groupKey] of groupKeys.entries()) {
      if (oddGroups.has(group)) table.#addGroup(Number.NaN)
      else table.#groupOf(groupKey, true)
    }
    table.#known.set(known)
    table.#his = new FewColumn(table.#los.length)
    for (let place = 0; place * 2 < words.length; place++) {
      table.#los[place] = words[place * 2]!
      table.#his.set(place, words[place * 2 + 1]!)
      table.#origins?.cpus.set(place, origins!.cpus[place]!)
    }
    table.#origins?.seqs.set(origins!.seqs)
    table.#odd = new Map(odd)
    table.#size = known.reduce((size, bits) => size + bitsIn(bits), 0)
    return table
  }

  clone(): EntryTable {
    const copy = new EntryTable(this.#pageShift)
    copy.#slots = this.#slots.slice()
    copy.#groupKeys = this.#groupKeys.slice()
    copy.#known = this.#known.slice()
    copy.#los = this.#los.slice()
    copy.#his = this.#his && this.#his.clone()
    copy.#origins = this.#origins && {
      seqs: this.#origins.seqs.slice(),
      cpus: this.#origins.cpus.clone(),
    }
    copy.#groups = this.#groups
    copy.#size = this.#size
    copy.#odd = new Map(this.#odd)
    return copy
  }

  /** Place of a key, known or not; ABSENT where it has none and none is to be made. */
  #locate(key: number, isMade: boolean): number {
    const page = Math.floor(key / 8)
    const level = key - page * 8
    const entry = page * this.#density[level]!
    const base = Math.floor(entry / GROUP)
    const index = entry - base * GROUP
    if (index !== Math.floor(index)) return this.#oddPlace(key, isMade)
    const groupKey = base * 8 + level
    let group = this.#lastGroup[level]!
    if (this.#lastKey[level] !== groupKey) {
      group = this.#groupOf(groupKey, isMade)
      if (group === NO_GROUP) return ABSENT
      this.#lastKey[level] = groupKey
      this.#lastGroup[level] = group
    }
    return group * GROUP + index
  }

  #oddPlace(key: number, isMade: boolean): number {
    let group = this.#odd.get(key)
    if (group === undefined) {
      if (!isMade) return ABSENT
      group = this.#addGroup(Number.NaN)
      this.#odd.set(key, group)
    }
    return group * GROUP
  }

  #keyOf(groupKey: number, index: number): number {
    const base = Math.floor(groupKey / 8)
    const level = groupKey - base * 8
    return ((base * GROUP + index) / this.#density[level]!) * 8 + level
  }

  #groupOf(groupKey: number, isMade: boolean): number {
    let slot = this.#probe(groupKey)
    const found = this.#slots[slot]! - 1
    if (found !== NO_GROUP || !isMade) return found
    if (this.#groups * 10 >= this.#slots.length * 6) {
      this.#rehash()
      slot = this.#probe(groupKey)
    }
    const group = this.#addGroup(groupKey)
    this.#slots[slot] = group + 1
    return group
  }

  #addGroup(groupKey: number): number {
    const group = this.#groups++
    if (group === this.#groupKeys.length) this.#grow()
    this.#groupKeys[group] = groupKey
    return group
  }

  /** Slot of the group, or the free slot where it would go. */
  #probe(groupKey: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    const high = Math.floor(groupKey / 2 ** 32)
    let hash = Math.imul((groupKey >>> 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
    hash ^= hash >>> 15
    let slot = hash & mask
    while (slots[slot] !== 0 && this.#groupKeys[slots[slot]! - 1] !== groupKey) {
      slot = (slot + 1) & mask
    }
    return slot
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let group = 0; group < this.#groups; group++) {
      const groupKey = this.#groupKeys[group]!
      if (!Number.isNaN(groupKey)) this.#slots[this.#probe(groupKey)] = group + 1
    }
  }

  #grow(): void {
    this.#groupKeys = new Float64Array(doubled(this.#groupKeys))
    this.#known = new Uint16Array(doubled(this.#known))
    this.#los = new Uint32Array(doubled(this.#los))
    this.#his?.grow()
    if (this.#origins === null) return
    this.#origins.seqs = new Uint32Array(doubled(this.#origins.seqs))
    this.#origins.cpus.grow()
  }
}

function bitsIn(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}
