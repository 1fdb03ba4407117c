import { FlushGroup, isForeign, isForeignSpan, isRepeat, type Part } from '../event/flush-group.ts'
import type { TraceEvent } from '../event/kinds.ts'

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
const TIME = COST_NAMES.indexOf('time')
const READS = COST_NAMES.indexOf('reads')

/**
 * Null: the run does not show it. `atLeast` names those that it shows in part: what was counted is a lower bound, which
 * {@link exactly} keeps out of every comparison.
 */
export type Costs = { readonly [N in CostName]: number | null } & {
  readonly atLeast?: readonly CostName[]
}

/** The number, null where it is not known or only a lower bound. */
export const exactly = (costs: Costs, name: CostName): number | null =>
  costs.atLeast?.includes(name) === true ? null : costs[name]

/** Which costs a run shows: at all, and in splits, whose inner functions may have no probes. */
export interface CostEvidence {
  shows(name: CostName): boolean
  showsInSplits(name: CostName): boolean
}

/** Counts the events of one call, or those outside of calls; one task at a time, for what encloses what. */
export class CostCounter {
  private readonly counts: Record<CostName, number> = zeroCosts()
  private readonly pageSize: number
  /** What single instructions belong to. */
  private readonly group = new FlushGroup()
  /** Open functions that flush what others unmapped. */
  private foreign = 0
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
    const part = this.group.take(event)
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
        if (isForeignSpan(event)) this.foreign++
        break
      case 'span_end':
        if (isForeignSpan(event)) this.foreign = Math.max(0, this.foreign - 1)
        break
      default:
        this.maintenance(event, part)
    }
  }

  /** All that was counted, in the order of {@link COST_NAMES}; NaN: it is not known. */
  numbers(): Float64Array {
    const { counts, timed, sawRead } = this
    const numbers = new Float64Array(COST_NAMES.length)
    for (let i = 0; i < numbers.length; i++) numbers[i] = counts[COST_NAMES[i]!]
    if (!timed) numbers[TIME] = Number.NaN
    if (!sawRead) numbers[READS] = Number.NaN
    return numbers
  }

  /** What was counted, as far as the run shows it. */
  costs(evidence: CostEvidence): Costs {
    const costs: Record<CostName, number | null> = { ...this.counts }
    if (!this.timed) costs.time = null
    if (!this.sawRead) costs.reads = null
    return shownCosts(costs, evidence)
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

  /** Barriers and TLB maintenance; `part`: what a single instruction is to those before it. */
  private maintenance(event: TraceEvent, part: Part): void {
    const { counts } = this
    switch (event.kind) {
      case 'barrier':
        counts.barriers++
        break
      case 'dsb':
        if (part !== 'more') counts.dsb++
        break
      case 'isb':
        if (part !== 'barrier') break
        counts.dsb--
        counts.barriers++
        break
      case 'tlbi':
        // What a flush of others' areas takes, and what repeats a TLBI for an erratum, is not the call's.
        if (this.foreign === 0 && !isRepeat(event)) counts.tlbi++
        if (part === 'alone') break
        if (part === 'first') {
          counts.dsb--
          this.flush(event.va === null, 0, '')
        }
        if (event.va !== null) this.pages(event.pages ?? 1)
        break
      case 'tlb_flush': {
        const all = event.va === null || event.end === null
        const size = all ? 0 : Number(BigInt.asUintN(64, event.end! - event.va!))
        this.flush(all, Math.ceil(size / this.pageSize), event.by ?? '')
        this.ranged = !all
        break
      }
      default:
    }
  }

  private flush(all: boolean, pages: number, by: string): void {
    if (this.foreign > 0 || isForeign(by)) {
      this.counts.foreignFlushes++
      return
    }
    if (all) this.counts.fullFlushes++
    if (!all || !this.afterRanged) this.counts.flushes++
    this.pages(pages)
  }

  private pages(pages: number): void {
    if (this.foreign === 0) this.counts.flushedPages += pages
  }
}

/** Of what was counted, what the run shows. */
export function shownCosts(
  counted: Readonly<Record<CostName, number | null>>,
  evidence: CostEvidence,
): Costs {
  const costs: Record<CostName, number | null> = { ...counted }
  const atLeast: CostName[] = []
  for (const name of COST_NAMES) {
    if (!evidence.shows(name)) costs[name] = null
    else if ((counted.splits ?? 0) > 0 && !evidence.showsInSplits(name)) atLeast.push(name)
  }
  return atLeast.length === 0 ? costs : Object.assign(costs, { atLeast })
}

const ZERO = Object.fromEntries(COST_NAMES.map((name) => [name, 0])) as Record<CostName, number>

export const zeroCosts = (): Record<CostName, number> => ({ ...ZERO })

/**
 * Sum; unknown in one part is unknown in the whole. Times add up where they are known. Name by name: it is made for
 * each pair of calls, and a loop over names takes ten times as long.
 */
export function addCosts(a: Costs, b: Costs): Costs {
  const sum = addKnown(a, b)
  if (a.atLeast === undefined && b.atLeast === undefined) return sum
  return { ...sum, atLeast: [...new Set([...(a.atLeast ?? []), ...(b.atLeast ?? [])])] }
}

const addKnown = (a: Costs, b: Costs): Costs => ({
  events: both(a.events, b.events),
  walks: both(a.walks, b.walks),
  callbacks: both(a.callbacks, b.callbacks),
  callbacksPte: both(a.callbacksPte, b.callbacksPte),
  callbacksPmd: both(a.callbacksPmd, b.callbacksPmd),
  callbacksPud: both(a.callbacksPud, b.callbacksPud),
  callbacksUpper: both(a.callbacksUpper, b.callbacksUpper),
  holes: both(a.holes, b.holes),
  reads: known(a.reads, b.reads),
  writes: both(a.writes, b.writes),
  redundantWrites: both(a.redundantWrites, b.redundantWrites),
  lazySections: both(a.lazySections, b.lazySections),
  barriersQueued: both(a.barriersQueued, b.barriersQueued),
  barriers: both(a.barriers, b.barriers),
  dsb: both(a.dsb, b.dsb),
  flushes: both(a.flushes, b.flushes),
  flushedPages: both(a.flushedPages, b.flushedPages),
  fullFlushes: both(a.fullFlushes, b.fullFlushes),
  foreignFlushes: both(a.foreignFlushes, b.foreignFlushes),
  tlbi: both(a.tlbi, b.tlbi),
  splits: both(a.splits, b.splits),
  tablesAllocated: both(a.tablesAllocated, b.tablesAllocated),
  allocationsFailed: both(a.allocationsFailed, b.allocationsFailed),
  tablesFreed: both(a.tablesFreed, b.tablesFreed),
  locks: both(a.locks, b.locks),
  warnings: both(a.warnings, b.warnings),
  time: known(a.time, b.time),
})

const both = (x: number | null, y: number | null): number | null =>
  x === null || y === null ? null : x + y

const known = (x: number | null, y: number | null): number | null => (x === null ? y : x + (y ?? 0))
