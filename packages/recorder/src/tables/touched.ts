import { entrySize } from './descriptor-runs.ts'
import { keyAddress, keyLevel } from './entry-table.ts'

/** level, address low and high, count: words of one range of neighbouring entries. */
const RANGE_WORDS = 4

/** Entries by their keys, ascending, as ranges: which of them were set or forgotten between two snapshots. */
export function touchedRanges(keys: Float64Array, pageShift: number): Uint32Array<ArrayBuffer> {
  const ranges: { level: number; address: number; count: number }[] = []
  /** Last range of each level: in the order of keys, entries of several levels alternate. */
  const last = new Map<number, (typeof ranges)[number]>()
  for (const key of keys) {
    const level = keyLevel(key)
    const address = keyAddress(key)
    const range = last.get(level)
    if (range && address === range.address + range.count * entrySize(pageShift, level)) {
      range.count++
      continue
    }
    const begun = { level, address, count: 1 }
    last.set(level, begun)
    ranges.push(begun)
  }
  const words = new Uint32Array(ranges.length * RANGE_WORDS)
  ranges.forEach(({ level, address, count }, i) => {
    const high = Math.floor(address / 2 ** 32) >>> 0
    words.set([level, address >>> 0, high, count], i * RANGE_WORDS)
  })
  return words
}

/** Whether one of the ranges holds the entry of a level at which `address` lies. */
export function touches(ranges: Uint32Array, pageShift: number, address: number): boolean {
  for (let at = 0; at < ranges.length; at += RANGE_WORDS) {
    const start = (ranges[at + 2]! | 0) * 2 ** 32 + ranges[at + 1]!
    const size = entrySize(pageShift, ranges[at]!) * ranges[at + 3]!
    if (address >= start && address < start + size) return true
  }
  return false
}
