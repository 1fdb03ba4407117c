import {
  type HeldEntry,
  outputAddress,
  type PageState,
  rangeText,
  saysTheSame,
  shortText,
  type TlbFold,
  valueText,
  count,
} from '@pagetrail/recorder'
import type { LedgerLine } from './data.ts'

/** Entries listed one by one. */
const LISTED = 24

/**
 * What each CPU's TLB holds after an event; entries that say otherwise than the tables do now, and those that overlap,
 * stand out. `tables`: the page tables of that moment.
 */
export function tlbRows(fold: TlbFold, tables: () => PageState): LedgerLine[] {
  if (!fold.isModelled) return []
  const lines: LedgerLine[] = fold.pending.map((p) => ({
    text: `cpu ${p.cpu}: tlbi since #${count(p.seq)} awaits its dsb`,
    owed: true,
  }))
  if (fold.entries.length === 0) return [...lines, { text: 'TLBs are empty', owed: false }]
  const state = tables()
  const entries = fold.entries.map((entry) => entryLine(entry, fold.entries, state))
  const listed = entries.toSorted((a, b) => Number(b.owed) - Number(a.owed)).slice(0, LISTED)
  lines.push(...listed)
  const more = entries.length - listed.length
  if (more > 0) lines.push({ text: `and ${count(more)} more TLB entries`, owed: false })
  return lines
}

function entryLine(e: HeldEntry, all: readonly HeldEntry[], state: PageState): LedgerLine {
  const held = wordsOf(e.desc, e, state)
  const now = nowOf(e, state)
  const overlaps = all.some((x) => x !== e && x.cpu === e.cpu && x.va < e.end && e.va < x.end)
  const stale = saysTheSame(e, state) === false
  const text = `cpu ${e.cpu} TLB ${rangeText(e.va, e.end, state.geometry)} ${held}`
  const remark = stale ? `, tables say ${now}` : overlaps ? ', two sizes overlap' : ''
  return { text: text + remark, owed: stale || overlaps }
}

/** Size and span do not matter: an entry of either translates alike. */
const wordsOf = (desc: bigint, { level }: Pick<HeldEntry, 'level'>, state: PageState): string =>
  shortText(desc, level, state.geometry).replace('block ', '').replace(' CONT', '')

/** What the tables say of its first address; null: they were not seen. */
function nowOf(e: HeldEntry, state: PageState): string | null {
  const now = state.lookup(e.va)
  if (now.found === 'unknown') return null
  if (now.found === 'empty') return 'none'
  const words = wordsOf(now.desc, now, state)
  // The same words, elsewhere: the most dangerous of all.
  if (words !== wordsOf(e.desc, e, state)) return words
  return `${words} at ${valueText(outputAddress(now.desc, state.geometry))}`
}
