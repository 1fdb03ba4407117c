/** Where {@link EntryTable.find} does not know a key. */
export const ABSENT = -1

const FREE = 0
const KNOWN = 1
/** Was known, and its table is gone: the place stays taken so that probing goes on behind it. */
const FORGOTTEN = 2

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
  readonly seqs: Float64Array
  readonly cpus: Uint16Array
}

const originsOf = (capacity: number): Origins => ({
  seqs: new Float64Array(capacity),
  cpus: new Uint16Array(capacity),
})

/**
 * Two words by a number - descriptors by level and address - in an open-addressed table over typed arrays, so that
 * folding a run of a million stores allocates only when it doubles.
 */
export class EntryTable implements Entries {
  private keys: Float64Array
  private states: Uint8Array
  /** lo, hi of each place. */
  private words: Uint32Array
  private origins: Origins | null
  private mask: number
  private used = 0
  private known = 0

  /** `withOrigins`: keeps {@link seq} and {@link cpu}. */
  constructor(capacity = 1024, withOrigins = false) {
    this.keys = new Float64Array(capacity)
    this.states = new Uint8Array(capacity)
    this.words = new Uint32Array(capacity * 2)
    this.origins = withOrigins ? originsOf(capacity) : null
    this.mask = capacity - 1
  }

  /** Entries that are known, empty ones included. */
  get size(): number {
    return this.known
  }

  /** Place of a known entry, or ABSENT. Valid until the next {@link set}. */
  find(key: number): number {
    const place = this.probe(key)
    return this.states[place] === KNOWN ? place : ABSENT
  }

  lo(place: number): number {
    return this.words[place * 2]!
  }

  hi(place: number): number {
    return this.words[place * 2 + 1]!
  }

  /** The event that the entry is known from; -1: the start state. */
  seq(place: number): number {
    return this.origins?.seqs[place] ?? -1
  }

  cpu(place: number): number {
    return this.origins?.cpus[place] ?? 0
  }

  set(key: number, lo: number, hi: number, seq = -1, cpu = 0): void {
    let place = this.probe(key)
    if (this.states[place] === FREE) {
      if (this.used * 10 >= this.keys.length * 6) {
        this.rebuild()
        place = this.probe(key)
      }
      this.keys[place] = key
      this.used++
    }
    if (this.states[place] !== KNOWN) {
      this.states[place] = KNOWN
      this.known++
    }
    this.words[place * 2] = lo
    this.words[place * 2 + 1] = hi
    if (this.origins === null) return
    this.origins.seqs[place] = seq
    this.origins.cpus[place] = cpu
  }

  see(key: number, lo: number, hi: number, seq: number, cpu: number): void {
    this.set(key, lo, hi, seq, cpu)
  }

  forget(key: number): void {
    const place = this.probe(key)
    if (this.states[place] !== KNOWN) return
    this.states[place] = FORGOTTEN
    this.known--
  }

  /** Keys of all known entries, ascending: by signed address, at the same address the upper level first. */
  sortedKeys(): Float64Array {
    const keys = new Float64Array(this.known)
    let at = 0
    for (let place = 0; place <= this.mask; place++) {
      if (this.states[place] === KNOWN) keys[at++] = this.keys[place]!
    }
    return keys.toSorted()
  }

  clone(): EntryTable {
    const copy = new EntryTable(1)
    copy.keys = this.keys.slice()
    copy.states = this.states.slice()
    copy.words = this.words.slice()
    copy.origins = this.origins && {
      seqs: this.origins.seqs.slice(),
      cpus: this.origins.cpus.slice(),
    }
    copy.mask = this.mask
    copy.used = this.used
    copy.known = this.known
    return copy
  }

  /** Place of the key, or the free place where it would go. */
  private probe(key: number): number {
    const { keys, states, mask } = this
    const high = Math.floor(key / 2 ** 32)
    let hash = Math.imul((key >>> 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
    hash ^= hash >>> 15
    let place = hash & mask
    while (states[place] !== FREE && keys[place] !== key) place = (place + 1) & mask
    return place
  }

  /** Makes room: twice the places for what is known; what was forgotten is dropped. */
  private rebuild(): void {
    const { keys, states, words } = this
    const capacity = Math.max(1024, 2 ** Math.ceil(Math.log2(this.known * 4 + 1)))
    const grown = new EntryTable(capacity, this.origins !== null)
    for (let place = 0; place < keys.length; place++) {
      if (states[place] !== KNOWN) continue
      const lo = words[place * 2]!
      const hi = words[place * 2 + 1]!
      grown.set(keys[place]!, lo, hi, this.seq(place), this.cpu(place))
    }
    this.keys = grown.keys
    this.states = grown.states
    this.words = grown.words
    this.origins = grown.origins
    this.mask = grown.mask
    this.used = grown.used
  }
}
