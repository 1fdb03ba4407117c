import { entrySize } from './descriptor-runs.ts'
import { keyAddress, keyLevel } from './entry-table.ts'

/** level, address low and high, count, parts: words of one range of neighbouring entries. */
const RANGE_WORDS = 5

/**
 * Entries as ranges: which of them were set or forgotten between two snapshots, by their keys, and in which parts of
 * the events between (a bit each).
 */
export function touchedRanges(
  touched: ReadonlyMap<number, number>,
  pageShift: number,
): Uint32Array<ArrayBuffer> {
  const ranges: { level: number; address: number; count: number; parts: number }[] = []
  /** Last range of each level: in the order of keys, entries of several levels alternate. */
  const last = new Map<number, (typeof ranges)[number]>()
  for (const key of Float64Array.from(touched.keys()).toSorted()) {
    const level = keyLevel(key)
    const address = keyAddress(key)
    const parts = touched.get(key)!
    const range = last.get(level)
    const next = range && range.address + range.count * entrySize(pageShift, level)
    if (range && address === next && parts === range.parts) {
      range.count++
      continue
    }
    const begun = { level, address, count: 1, parts }
    last.set(level, begun)
    ranges.push(begun)
  }
  const words = new Uint32Array(ranges.length * RANGE_WORDS)
  ranges.forEach(({ level, address, count, parts }, i) => {
    const high = Math.floor(address / 2 ** 32) >>> 0
    words.set([level, address >>> 0, high, count, parts], i * RANGE_WORDS)
  })
  return words
}

/** The parts in which an entry was touched, of whichever level, that covers `address`: a bit each. */
export function touchingParts(ranges: Uint32Array, pageShift: number, address: number): number {
  let parts = 0
  for (let at = 0; at < ranges.length; at += RANGE_WORDS) {
    const start = (ranges[at + 2]! | 0) * 2 ** 32 + ranges[at + 1]!
    const size = entrySize(pageShift, ranges[at]!) * ranges[at + 3]!
    if (address >= start && address < start + size) parts |= ranges[at + 4]!
  }
  return parts
}
