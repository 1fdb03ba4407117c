import type { Kind } from '../../event/kinds.ts'
import type { Run } from '../../event/run.ts'

/** What a rule may need a run to show, and how a report names it when it is missing. */
const EVIDENCE = {
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
} as const

export type Evidence = keyof typeof EVIDENCE

/** Any of these kinds, seen once, shows that the recorder could see that sort of thing. */
const SHOWN_BY: Readonly<Record<Evidence, readonly Kind[]>> = {
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
}

/** The engine and modules running on its machine report everything; so does their interchange form. */
const isSimulated = (run: Run): boolean =>
  run.source === 'engine' || run.source === 'module' || run.facts['features'] !== undefined

/**
 * Which evidence a run lacks, by what it has shown. An imported trace in which something never occurs does not tell
 * whether it never happened or could not be seen, so it counts as missing.
 */
export function missingEvidence(
  run: Run,
  seen: ReadonlySet<Kind>,
  needs: readonly Evidence[],
): readonly string[] {
  if (isSimulated(run)) return []
  // The flags column of ftrace tells the context of every event.
  const hasContext = String(run.facts['format']).startsWith('ftrace')
  return needs
    .filter((need) => !(need === 'contexts' && hasContext))
    .filter((need) => !SHOWN_BY[need].some((kind) => seen.has(kind)))
    .filter((need) => !(need === 'lazy' && run.flavour === '6.12'))
    .map((need) => EVIDENCE[need])
}
