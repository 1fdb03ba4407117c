import { evidenceOf } from '../../event/evidence.ts'
import { kernelShows } from '../../event/kernel-shows.ts'
import type { Kind } from '../../event/kinds.ts'
import type { Run } from '../../event/run.ts'

/** What a rule may need a run to show, and how a report names it when it is missing. */
const EVIDENCE = {
  calls: 'calls with their ends (op_begin, op_end)',
  walks: 'walks with their ends (walk_begin, walk_end)',
  warnings: 'WARN sites (warn)',
  stores: 'stores to page-table entries (desc_write)',
  callbacks: 'callbacks of the walk (cb_enter, cb_exit)',
  flushes: 'TLB flushes (tlb_flush or tlbi)',
  tlbi: 'TLBI instructions (tlbi)',
  barriers: 'barriers (barrier, dsb, isb)',
  lazy: 'lazy MMU sections (lazy_mmu_enter, lazy_mmu_leave)',
  allocations: 'table allocations (table_alloc)',
  frees: 'freed tables (table_free)',
  contexts: 'interrupt contexts (context)',
  start: 'the page tables before the first call (init)',
  accesses: 'memory accesses (access), which only simulations show',
} as const

export type EvidenceName = keyof typeof EVIDENCE

/** Any of these kinds, seen once, shows that the recorder could see that sort of thing. */
const SHOWN_BY: Readonly<Record<EvidenceName, readonly Kind[]>> = {
  calls: ['op_end'],
  walks: ['walk_end'],
  warnings: ['warn'],
  stores: ['desc_write'],
  callbacks: ['cb_enter'],
  flushes: ['tlb_flush', 'tlbi'],
  tlbi: ['tlbi'],
  barriers: ['barrier', 'dsb', 'isb', 'barrier_queue'],
  lazy: ['lazy_mmu_enter', 'lazy_mmu_leave'],
  allocations: ['table_alloc', 'table_alloc_fail'],
  frees: ['table_free'],
  contexts: ['context'],
  start: ['init'],
  accesses: ['access'],
}

/** No kernel does one of these without the other: a capture with one alone had no probe where the other happens. */
const PAIRS: Readonly<Partial<Record<EvidenceName, readonly [Kind, Kind]>>> = {
  lazy: ['lazy_mmu_enter', 'lazy_mmu_leave'],
  barriers: ['dsb', 'isb'],
}

const isHalfShown = (need: EvidenceName, seen: ReadonlySet<Kind>): boolean => {
  const pair = PAIRS[need]
  return pair !== undefined && seen.has(pair[0]) !== seen.has(pair[1])
}

/**
 * Which evidence a run lacks. A capture in which something never occurs does not show whether it never happened or had
 * no probe where it did, so there it counts as missing until it was seen once.
 */
export function missingEvidence(
  run: Run,
  seen: ReadonlySet<Kind>,
  needs: readonly EvidenceName[],
): readonly string[] {
  const isCapture = run.source === 'ftrace'
  const shown = isCapture ? seen : evidenceOf(run).kinds
  // The flags column of ftrace shows the context of every event.
  const hasContext = String(run.facts['format']).startsWith('ftrace')
  return needs
    .filter((need) => !(need === 'contexts' && hasContext))
    .filter(
      (need) =>
        !SHOWN_BY[need].some((kind) => shown.has(kind)) || (isCapture && isHalfShown(need, seen)),
    )
    .filter((need) => need !== 'lazy' || kernelShows(run).hasLazy)
    .map((need) => EVIDENCE[need])
}
