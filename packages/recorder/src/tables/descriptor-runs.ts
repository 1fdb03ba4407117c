import { PTE } from '@pagetrail/engine'

const LEVELS = PTE + 1
/** level and address, descriptor, count, whether the output address goes on: words of one run in {@link toWords}. */
const RUN_WORDS = 7

/** Where {@link DescriptorRuns.find} does not know an address. */
export const NOWHERE = -1

/**
 * Entries of page tables as runs: `count` entries that follow each other at one level, with the same descriptor or one
 * whose output address goes on by the entry's size. Sorted by level and address, immutable once built: what a snapshot
 * holds, and is read in place, so that loading one costs by its runs and not by its entries.
 */
export class DescriptorRuns {
  readonly pageShift: number
  /** Entries in all runs. */
  readonly entries: number
  readonly length: number
  /** First run of each level; the last is `length`. */
  private readonly starts: readonly number[]
  private readonly addresses: Float64Array
  private readonly counts: Uint32Array
  /** lo, hi of each run's first descriptor. */
  private readonly words: Uint32Array
  private readonly steps: Uint8Array
  /** Descriptor found last. */
  lo = 0
  hi = 0

  constructor(builder: RunsBuilder) {
    const { pageShift, length, starts } = builder
    this.pageShift = pageShift
    this.length = length
    this.starts = starts
    this.addresses = builder.addresses.slice(0, length)
    this.counts = builder.counts.slice(0, length)
    this.words = builder.words.slice(0, length * 2)
    this.steps = builder.steps.slice(0, length)
    this.entries = this.counts.reduce((sum, count) => sum + count, 0)
  }

  /** The run that holds the entry, or NOWHERE; sets {@link lo} and {@link hi}. */
  find(level: number, address: number): number {
    let low = this.starts[level]!
    let high = this.starts[level + 1]! - 1
    const { addresses } = this
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (addresses[middle]! <= address) low = middle
      else high = middle - 1
    }
    if (low > high) return NOWHERE
    const index = (address - addresses[low]!) / entrySize(this.pageShift, level)
    if (index < 0 || index >= this.counts[low]! || !Number.isInteger(index)) return NOWHERE
    this.read(low, level, index)
    return low
  }

  /** Visits the runs of a level by ascending address. */
  eachRun(
    level: number,
    visit: (address: number, count: number, lo: number, hi: number, steps: boolean) => void,
  ): void {
    for (let run = this.starts[level]!; run < this.starts[level + 1]!; run++) {
      const lo = this.words[run * 2]!
      const hi = this.words[run * 2 + 1]!
      visit(this.addresses[run]!, this.counts[run]!, lo, hi, this.steps[run] === 1)
    }
  }

  private read(run: number, level: number, index: number): void {
    const by = this.steps[run] === 1 ? index * entrySize(this.pageShift, level) : 0
    const sum = this.words[run * 2]! + by
    this.lo = sum >>> 0
    this.hi = (this.words[run * 2 + 1]! + Math.floor(sum / 2 ** 32)) >>> 0
  }

  /** All runs as little-endian words, {@link RUN_WORDS} each. */
  toWords(): Uint32Array<ArrayBuffer> {
    const out = new Uint32Array(this.length * RUN_WORDS)
    for (let level = 0, at = 0; level < LEVELS; level++) {
      this.eachRun(level, (address, count, lo, hi, steps) => {
        out[at++] = level
        out[at++] = address >>> 0
        out[at++] = Math.floor(address / 2 ** 32) >>> 0
        out[at++] = lo
        out[at++] = hi
        out[at++] = count
        out[at++] = steps ? 1 : 0
      })
    }
    return out
  }

  /** What {@link toWords} wrote; undefined for anything else. */
  static fromWords(pageShift: number, words: Uint32Array): DescriptorRuns | undefined {
    if (words.length % RUN_WORDS !== 0) return undefined
    const builder = new RunsBuilder(pageShift)
    for (let at = 0; at < words.length; at += RUN_WORDS) {
      const [level, low, high, lo, hi, count, steps] = words.subarray(at, at + RUN_WORDS)
      if (level! >= LEVELS || level! < builder.level || count === 0) return undefined
      builder.addRun(level!, (high! | 0) * 2 ** 32 + low!, lo!, hi!, count!, steps === 1)
    }
    return builder.build()
  }
}

/** By page shift and level: asked for each entry that is looked up. */
const SIZES = Float64Array.from(
  { length: 32 * 8 },
  (_, i) => 2 ** ((i >>> 3) + (PTE - (i & 7)) * ((i >>> 3) - 3)),
)

/** Bytes that one entry of a level translates. */
export const entrySize = (pageShift: number, level: number): number => SIZES[pageShift * 8 + level]!

/** Collects entries by ascending level and address, joining them to runs. */
export class RunsBuilder {
  readonly pageShift: number
  level = 0
  length = 0
  starts: number[] = [0]
  addresses = new Float64Array(64)
  counts = new Uint32Array(64)
  words = new Uint32Array(128)
  steps = new Uint8Array(64)

  constructor(pageShift: number) {
    this.pageShift = pageShift
  }

  /** Adds a run of entries behind what was added before. */
  addRun(
    level: number,
    address: number,
    lo: number,
    hi: number,
    count: number,
    steps: boolean,
  ): void {
    while (this.level < level) {
      this.level++
      this.starts.push(this.length)
    }
    if (this.joins(address, lo, hi, count, steps)) return
    if (this.length === this.addresses.length) this.grow()
    const run = this.length++
    this.addresses[run] = address
    this.words[run * 2] = lo
    this.words[run * 2 + 1] = hi
    this.counts[run] = count
    this.steps[run] = steps && count > 1 ? 1 : 0
  }

  build(): DescriptorRuns {
    while (this.starts.length <= LEVELS) this.starts.push(this.length)
    return new DescriptorRuns(this)
  }

  /** Whether the run goes on where the last one ends, in which case it is made part of it. */
  private joins(address: number, lo: number, hi: number, count: number, steps: boolean): boolean {
    const last = this.length - 1
    if (last < this.starts[this.level]!) return false
    const size = entrySize(this.pageShift, this.level)
    const held = this.counts[last]!
    if (address !== this.addresses[last]! + held * size) return false
    const firstLo = this.words[last * 2]!
    const firstHi = this.words[last * 2 + 1]!
    const same = lo === firstLo && hi === firstHi
    const sum = firstLo + held * size
    const next = lo === sum >>> 0 && hi === (firstHi + Math.floor(sum / 2 ** 32)) >>> 0
    // A single entry goes either way, a longer run only on as it began.
    const canStay = same && (held === 1 || this.steps[last] === 0) && (count === 1 || !steps)
    const canStep = next && (held === 1 || this.steps[last] === 1) && (count === 1 || steps)
    if (!canStay && !canStep) return false
    this.steps[last] = canStay ? 0 : 1
    this.counts[last] = held + count
    return true
  }

  private grow(): void {
    const capacity = this.addresses.length * 2
    const addresses = new Float64Array(capacity)
    addresses.set(this.addresses)
    this.addresses = addresses
    const counts = new Uint32Array(capacity)
    counts.set(this.counts)
    this.counts = counts
    const words = new Uint32Array(capacity * 2)
    words.set(this.words)
    this.words = words
    const steps = new Uint8Array(capacity)
    steps.set(this.steps)
    this.steps = steps
  }
}
