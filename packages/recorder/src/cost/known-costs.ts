import type { Kind } from '../event/kinds.ts'
import { COST_NAMES, type CostName, type Costs } from './costs.ts'

/** The kind without which a cost is unknown. */
const TOLD_BY: Readonly<Partial<Record<CostName, Kind>>> = {
  walks: 'walk_begin',
  holes: 'hole',
  reads: 'desc_read',
  lazySections: 'lazy_mmu_enter',
  barriersQueued: 'barrier_queue',
  barriers: 'barrier',
  dsb: 'dsb',
  flushes: 'tlb_flush',
  flushedPages: 'tlb_flush',
  // A ranged flush that was carried out as one of everything is told by its TLBI alone.
  fullFlushes: 'tlbi',
  foreignFlushes: 'tlb_flush',
  tlbi: 'tlbi',
  splits: 'split',
  tablesAllocated: 'table_alloc',
  allocationsFailed: 'table_alloc_fail',
  tablesFreed: 'table_free',
  locks: 'lock',
  warnings: 'warn',
}

/** Whether a run that shows these kinds can tell a cost. */
export const knownCosts = (shown: ReadonlySet<Kind>): ((name: CostName) => boolean) => {
  const unknown = new Set(COST_NAMES.filter((name) => TOLD_BY[name] && !shown.has(TOLD_BY[name])))
  return (name) => !unknown.has(name)
}

/** No costs at all, for sums. */
export const noCosts = (): Costs =>
  Object.fromEntries(
    COST_NAMES.map((name) => [name, name === 'time' || name === 'reads' ? null : 0]),
  ) as Costs
