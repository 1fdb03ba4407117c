import type { Kind } from '../event/kinds.ts'
import { COST_NAMES, type CostName, type Costs } from './costs.ts'

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

/** Whether a cost can be counted in a run that shows these kinds. */
export const knownCosts = (shown: ReadonlySet<Kind>): ((name: CostName) => boolean) => {
  const unknown = COST_NAMES.filter((name) => {
    const kinds = SHOWN_BY[name]
    return kinds !== undefined && !kinds.some((kind) => shown.has(kind))
  })
  const hidden = new Set(unknown)
  return (name) => !hidden.has(name)
}

/** No costs at all, for sums. */
export const noCosts = (): Costs =>
  Object.fromEntries(
    COST_NAMES.map((name) => [name, name === 'time' || name === 'reads' ? null : 0]),
  ) as Costs
