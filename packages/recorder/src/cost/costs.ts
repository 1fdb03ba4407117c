import type { EventOf, TraceEvent } from '../event/kinds.ts'

/** What a call or a run cost, each by name and in the words of a table's row. */
export const COST_LABELS = {
  events: 'events',
  walks: 'walks',
  callbacks: 'callbacks',
  callbacksPte: '  at pte',
  callbacksPmd: '  at pmd',
  callbacksPud: '  at pud',
  callbacksUpper: '  at p4d, pgd',
  holes: 'holes',
  reads: 'descriptor reads',
  writes: 'descriptor writes',
  redundantWrites: '  redundant (old = new)',
  lazySections: 'lazy MMU sections',
  barriersQueued: 'barriers queued',
  barriers: 'barriers (dsb ishst, isb)',
  dsb: 'other dsb',
  flushes: 'TLB flushes',
  flushedPages: '  pages asked for',
  fullFlushes: '  of everything',
  foreignFlushes: 'flushes of lazily freed areas',
  tlbi: 'TLBI instructions',
  splits: 'splits',
  tablesAllocated: 'tables allocated',
  allocationsFailed: 'allocations failed',
  tablesFreed: 'tables freed',
  locks: 'locks taken',
  warnings: 'warnings',
  time: 'time (ns)',
} as const

export type CostName = keyof typeof COST_LABELS
export const COST_NAMES = Object.keys(COST_LABELS) as readonly CostName[]

/** Null: the run cannot tell. */
export type Costs = { readonly [N in CostName]: number | null }

const ENVIRONMENT = /^_*(?:vm_unmap_aliases|purge_vmap_area_lazy)/

/** Counts the events of one call, or those outside of calls; one task at a time, for what encloses what. */
export class CostCounter {
  private readonly counts: Record<CostName, number> = zeroCosts()
  private readonly pageSize: number
  /** A dsb(ishst) that may be half of a barrier or the start of a flush. */
  private pending: 'none' | 'dsb' | 'flush' = 'none'
  private environment = 0
  private started: number | null = null
  private timed = false
  private sawRead = false
  /** The event before was a ranged flush: a flush of everything now is how that one is carried out. */
  private ranged = false
  private afterRanged = false

  constructor(pageShift: number) {
    this.pageSize = 2 ** pageShift
  }

  add(event: TraceEvent): void {
    const { counts } = this
    counts.events++
    this.afterRanged = this.ranged
    this.ranged = false
    switch (event.kind) {
      case 'op_begin':
        this.started = event.ts
        break
      case 'op_end':
        this.took(event.ts)
        break
      case 'walk_begin':
        counts.walks++
        break
      case 'cb_enter':
        this.callback(event.level)
        break
      case 'hole':
        counts.holes++
        break
      case 'desc_read':
        counts.reads++
        this.sawRead = true
        break
      case 'desc_write':
        counts.writes++
        if (event.old !== null && event.old === event.new) counts.redundantWrites++
        break
      case 'lazy_mmu_enter':
        if (!event.ignored && !event.api) counts.lazySections++
        break
      case 'barrier_queue':
        counts.barriersQueued++
        break
      case 'split':
        counts.splits++
        break
      case 'table_alloc':
        counts.tablesAllocated++
        break
      case 'table_alloc_fail':
        counts.allocationsFailed++
        break
      case 'table_free':
        counts.tablesFreed++
        break
      case 'lock':
        counts.locks++
        break
      case 'warn':
        if (event.fired !== false) counts.warnings++
        break
      case 'span_begin':
        if (ENVIRONMENT.test(event.fn ?? '')) this.environment++
        break
      case 'span_end':
        if (ENVIRONMENT.test(event.fn ?? '')) this.environment = Math.max(0, this.environment - 1)
        break
      default:
        this.maintenance(event)
    }
  }

  /** What was counted; what the run cannot show becomes null through `known`. */
  costs(known: (name: CostName) => boolean): Costs {
    const costs: Record<CostName, number | null> = { ...this.counts }
    for (const name of COST_NAMES) if (!known(name)) costs[name] = null
    if (!this.timed) costs.time = null
    if (!this.sawRead) costs.reads = null
    return costs
  }

  private took(ts: number | null): void {
    if (ts === null || this.started === null) return
    this.counts.time += ts - this.started
    this.timed = true
    this.started = null
  }

  private callback(level: string | null): void {
    const { counts } = this
    counts.callbacks++
    if (level === 'pte') counts.callbacksPte++
    else if (level === 'pmd') counts.callbacksPmd++
    else if (level === 'pud') counts.callbacksPud++
    else counts.callbacksUpper++
  }

  /** Barriers and TLB maintenance; single instructions of real kernels are taken together as the diff does. */
  private maintenance(event: TraceEvent): void {
    const { counts } = this
    switch (event.kind) {
      case 'barrier':
        counts.barriers++
        break
      case 'dsb':
        if (this.pending === 'flush') break
        counts.dsb++
        this.pending = event.scope === 'ishst' ? 'dsb' : 'none'
        return
      case 'isb':
        if (this.pending === 'dsb') {
          counts.dsb--
          counts.barriers++
        }
        this.pending = 'none'
        break
      case 'tlbi':
        // What a flush of others' areas takes, and what repeats a TLBI for an erratum, is not the call's.
        if (this.environment === 0 && !isRepeat(event)) counts.tlbi++
        if (this.pending === 'dsb') {
          this.pending = 'flush'
          counts.dsb--
          this.flush(event.va === null, 0, '')
        }
        if (this.pending === 'flush' && event.va !== null) this.pages(event.pages ?? 1)
        return
      case 'tlb_flush': {
        const all = event.va === null || event.end === null
        const size = all ? 0 : Number(BigInt.asUintN(64, event.end! - event.va!))
        this.flush(all, Math.ceil(size / this.pageSize), event.by ?? '')
        this.ranged = !all
        break
      }
      case 'context':
      case 'ftrace':
        // An interrupt between two instructions of a flush, a flag that was tested: the flush goes on.
        return
      default:
    }
    if (event.kind !== 'dsb') this.pending = 'none'
  }

  private flush(all: boolean, pages: number, by: string): void {
    if (this.environment > 0 || ENVIRONMENT.test(by)) {
      this.counts.foreignFlushes++
      return
    }
    if (all) this.counts.fullFlushes++
    if (!all || !this.afterRanged) this.counts.flushes++
    this.pages(pages)
  }

  private pages(pages: number): void {
    if (this.environment === 0) this.counts.flushedPages += pages
  }
}

/** The work-around of an erratum follows each TLBI up with one that has no address. */
const isRepeat = (event: EventOf<'tlbi'>): boolean => event.insn === 'vale1is' && event.va === null

export function zeroCosts(): Record<CostName, number> {
  const zero: Partial<Record<CostName, number>> = {}
  for (const name of COST_NAMES) zero[name] = 0
  return zero as Record<CostName, number>
}

/** Sum; unknown in one part is unknown in the whole. Times add up where they are known. */
export function addCosts(a: Costs, b: Costs): Costs {
  const sum: Record<CostName, number | null> = zeroCosts()
  for (const name of COST_NAMES) {
    const x = a[name]
    const y = b[name]
    if (name === 'time' || name === 'reads') sum[name] = x === null ? y : x + (y ?? 0)
    else sum[name] = x === null || y === null ? null : x + y
  }
  return sum
}
