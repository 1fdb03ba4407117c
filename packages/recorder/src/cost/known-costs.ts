import { type Evidence, showsIn } from '../event/evidence.ts'
import type { Kind } from '../event/kinds.ts'
import { COST_NAMES, type CostEvidence, type CostName, type Costs, zeroCosts } from './costs.ts'

/** The kinds of which a run has to show one, or a cost is unknown. */
const SHOWN_BY: Readonly<Partial<Record<CostName, readonly Kind[]>>> = {
  walks: ['walk_begin'],
  callbacks: ['cb_enter'],
  callbacksPte: ['cb_enter'],
  callbacksPmd: ['cb_enter'],
  callbacksPud: ['cb_enter'],
  callbacksUpper: ['cb_enter'],
  holes: ['hole'],
  reads: ['desc_read'],
  writes: ['desc_write'],
  redundantWrites: ['desc_write'],
  lazySections: ['lazy_mmu_enter'],
  barriersQueued: ['barrier_queue'],
  // Of instructions shown one by one, dsb(ishst) with isb is one.
  barriers: ['barrier', 'dsb'],
  dsb: ['dsb'],
  flushes: ['tlb_flush'],
  flushedPages: ['tlb_flush'],
  // A ranged flush that was carried out as one of everything is shown by its TLBI alone.
  fullFlushes: ['tlbi'],
  foreignFlushes: ['tlb_flush'],
  tlbi: ['tlbi'],
  splits: ['split'],
  tablesAllocated: ['table_alloc'],
  allocationsFailed: ['table_alloc_fail'],
  tablesFreed: ['table_free'],
  locks: ['lock'],
  warnings: ['warn'],
}

/**
 * What splits cost, by the functions in them that do it: the stores are those of the new table and of its link, the
 * last barrier is that of the lazy section which the outer function leaves.
 */
const IN_SPLITS: Readonly<Partial<Record<CostName, string>>> = {
  writes: 'split_pmd',
  redundantWrites: 'split_pmd',
  barriersQueued: 'split_pmd',
  barriers: 'split_kernel_leaf_mapping',
  dsb: 'split_kernel_leaf_mapping',
  lazySections: 'split_kernel_leaf_mapping',
}

/** Which costs a run with this evidence shows; `shown`: the kinds that are asked for, all by default. */
export function knownCosts(
  evidence: Evidence,
  shown: ReadonlySet<Kind> = evidence.kinds,
): CostEvidence {
  const hidden = new Set<CostName>()
  const inSplits = new Set<CostName>()
  for (const name of COST_NAMES) {
    const kinds = SHOWN_BY[name]
    if (kinds === undefined) continue
    if (!kinds.some((kind) => shown.has(kind))) hidden.add(name)
    const fn = IN_SPLITS[name]
    if (fn !== undefined && !kinds.some((kind) => showsIn(evidence, kind, fn))) inSplits.add(name)
  }
  return {
    shows: (name) => !hidden.has(name),
    showsInSplits: (name) => !inSplits.has(name),
  }
}

/** No costs at all, for sums. */
export const noCosts = (): Costs => ({ ...zeroCosts(), time: null, reads: null })
