import type { EventOf } from '../event/kinds.ts'
import { endPageOf, PAGE_LIMIT, pageOf } from './page-numbers.ts'

/** MAX_TLBI_RANGE_PAGES of 6.17 to 7.3: more pages of the granule become flush_tlb_all() on every machine. */
const ALWAYS_ALL = 2097152

/** What a TLBI removes, on whom. Pages are 4K. */
export interface Covered {
  readonly start: number
  readonly end: number
  /** Walk-cache entries too. */
  readonly tables: boolean
  /** On all CPUs, not only on its own. */
  readonly broadcast: boolean
}

/**
 * What of the kernel's a TLBI instruction removes; null: nothing. By ASID and by address 0 with an ASID (the second
 * TLBI of an erratum's work-around) it is nothing.
 */
export function coveredBy(
  { insn, va, pages }: Pick<EventOf<'tlbi'>, 'insn' | 'va' | 'pages'>,
  pagesOfGranule: number,
): Covered | null {
  const name = (insn ?? '').replace(/nxs$/, '')
  const broadcast = name.endsWith('is') || name.endsWith('os')
  const op = broadcast ? name.slice(0, -2) : name
  if (op.startsWith('vmall') || op.startsWith('alle1')) {
    return { start: 0, end: PAGE_LIMIT, tables: true, broadcast }
  }
  if (!/^r?va/.test(op) || va === null || (va === 0n && !op.includes('vaa'))) return null
  const start = pageOf(va)
  const end = start + Math.max(1, pages ?? 1) * pagesOfGranule
  return { start, end, tables: !op.includes('le1'), broadcast }
}

/** A flush: a function of the kernel's, or a group of instructions where they stand alone. Pages are 4K. */
export interface Flush {
  /** Of the function's event, or of the first instruction of the group. */
  readonly seq: number
  /** `tlbi` for a group of instructions. */
  readonly fn: string
  /** Who called it, or what the instructions are part of. */
  readonly by: string | null
  /** Call that it belongs to, -1: none. */
  readonly op: number
  readonly nest: number
  start: number
  end: number
  /** All entries; `start` and `end` then mean nothing. */
  all: boolean
  /** Its range is not known: it says nothing of any page. */
  readonly isUnknown: boolean
  /** Whether something in its range could be held when it began. */
  isOwed: boolean
  hasTlbi: boolean
  readonly isGroup: boolean
  /** Seq of the last of its instructions. */
  last: number
}

/** The flush that the event of a flush function begins. */
export function flushOf(e: EventOf<'tlb_flush'>, pagesOfGranule: number): Flush {
  const fn = e.fn ?? ''
  const hasRange = e.va !== null && e.end !== null
  const start = hasRange ? pageOf(e.va) : 0
  // flush_tlb_kernel_range() rounds both ends out to pages of the granule (6.17 and later).
  const first = start - (start % pagesOfGranule)
  const last = hasRange ? endPageOf(e.end) : 0
  const end = Math.ceil(last / pagesOfGranule) * pagesOfGranule
  const isLong = hasRange && (end - first) / pagesOfGranule > ALWAYS_ALL
  const isAll = e.va === null && (fn === 'flush_tlb_all' || fn === '')
  return {
    seq: e.seq,
    fn,
    by: e.by ?? null,
    op: e.op ?? -1,
    nest: e.nest,
    start: first,
    end,
    all: isAll || isLong,
    isUnknown: !isAll && !hasRange,
    isOwed: false,
    hasTlbi: false,
    isGroup: false,
    last: e.seq,
  }
}

/** The flush that a TLBI outside of any flush function begins; `seq`: of the dsb before it, or its own. */
export const groupOf = (e: EventOf<'tlbi'>, seq: number): Flush => ({
  seq,
  fn: 'tlbi',
  by: e.by ?? null,
  op: e.op ?? -1,
  nest: e.nest,
  start: PAGE_LIMIT,
  end: 0,
  all: false,
  isUnknown: false,
  isOwed: false,
  hasTlbi: true,
  isGroup: true,
  last: e.seq,
})

/** Takes one more instruction into the range of a flush. */
export function widen(flush: Flush, covered: Covered, seq: number): void {
  flush.last = seq
  if (!flush.isGroup) return
  if (covered.end === PAGE_LIMIT && covered.start === 0) flush.all = true
  flush.start = Math.min(flush.start, covered.start)
  flush.end = Math.max(flush.end, covered.end)
}

/** What a flush function does where its instructions are not shown; null: nothing is known of it, or it is empty. */
export function standsFor(flush: Flush): Covered | null {
  if (flush.isUnknown) return null
  if (flush.all) return { start: 0, end: PAGE_LIMIT, tables: true, broadcast: true }
  if (flush.end <= flush.start) return null
  const tables = flush.fn === '__flush_tlb_kernel_pgtable'
  return { start: flush.start, end: flush.end, tables, broadcast: true }
}

/** What a dsb waits for: stores, so that walkers see them; and all, so that a TLBI before it has ended. */
export function dsbOf(operand: string | null): { stores: boolean; all: boolean } {
  switch (operand) {
    case 'ish':
    case 'sy':
    case 'osh':
      return { stores: true, all: true }
    case 'ishst':
    case 'st':
    case 'oshst':
      return { stores: true, all: false }
    default:
      // Of loads, or not beyond this CPU.
      return { stores: false, all: false }
  }
}
