import { decodeUtf8 } from '../bytes/utf8.ts'

/** log2 of the sizes that arm64 has. */
export type PageShift = 12 | 14 | 16

const SHIFTS: ReadonlyMap<bigint, PageShift> = new Map([
  [0x1000n, 12],
  [0x4000n, 14],
  [0x10000n, 16],
])

/** A PTE callback is for one page: from its address to the next, where it begins at one. */
const CALLBACK = /\bpageattr_pte_entry: .*\baddr=(0x[0-9a-f]+) next=(0x[0-9a-f]+)/g
/** So many pages, and below it so many bytes from the same address. */
const PAGES =
  /\bchange_memory_common: .*\baddr=(0x[0-9a-f]+) numpages=(\d+).*\n.*\b(?:update_range_prot|__change_memory_common|apply_to_page_range): .*\b(?:start|addr)=(0x[0-9a-f]+) size=(0x[0-9a-f]+)/g

/** Page size of the kernel of a trace as its first lines show it; null where they do not. */
export function pageSizeIn(bytes: Uint8Array): PageShift | null {
  const text = decodeUtf8(bytes)
  for (const [, from, to] of text.matchAll(CALLBACK)) {
    const shift = SHIFTS.get(BigInt(to!) - BigInt(from!))
    if (shift !== undefined && BigInt(from!) % (1n << BigInt(shift)) === 0n) return shift
  }
  for (const [, from, pages, start, size] of text.matchAll(PAGES)) {
    if (from !== start || pages === '0') continue
    const shift = SHIFTS.get(BigInt(size!) / BigInt(pages!))
    if (shift !== undefined) return shift
  }
  return null
}
