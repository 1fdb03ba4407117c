import type { EventOf, Kind, TraceEvent } from './kinds.ts'

/** Functions in which a kernel flushes what others unmapped lazily, in all versions. */
export const FOREIGN_FUNCTIONS = [
  '_vm_unmap_aliases',
  '__purge_vmap_area_lazy',
  'vm_unmap_aliases',
  'purge_vmap_area_lazy',
] as const

const FOREIGN: ReadonlySet<string> = new Set(FOREIGN_FUNCTIONS)

/**
 * Whether a function works on what others left behind: how much that is depends on what ran before, and follows from
 * no argument of the call around it. Compilers add a suffix to a function's name (`.isra.0`).
 */
export function isForeign(fn: string | null | undefined): boolean {
  if (typeof fn !== 'string') return false
  const suffix = fn.indexOf('.')
  return FOREIGN.has(suffix < 0 ? fn : fn.slice(0, suffix))
}

/** The span of such a function begins or ends. */
export const isForeignSpan = (e: TraceEvent): e is EventOf<'span_begin'> | EventOf<'span_end'> =>
  (e.kind === 'span_begin' || e.kind === 'span_end') && isForeign(e.fn)

/**
 * What may come between two instructions of a flush without being part of it: an interrupt, a flag that was tested,
 * what the TLB does by itself.
 */
const PASSING: ReadonlySet<Kind> = new Set(['context', 'ftrace', 'tlb_fill', 'tlb_evict'])
export const isPassing = (kind: Kind): boolean => PASSING.has(kind)

/** What runs in a context interrupts what runs in one of a lower rank: a task, with bottom halves off or on, has 0. */
export const contextRank = (context: string | null): number =>
  context === 'irq' ? 2 : context === 'softirq' ? 1 : 0

/** The work-around of an erratum follows each TLBI up with one that has no address. */
export const isRepeat = ({ insn, va }: Pick<EventOf<'tlbi'>, 'insn' | 'va'>): boolean =>
  insn === 'vale1is' && va === null

/**
 * What an event is to the instructions before it:
 * - `head`: dsb(ishst), of which the next instruction shows what it belongs to;
 * - `barrier`: the isb after a head, both are one barrier;
 * - `first`: the TLBI after a head, a flush begins with both; `more`: a dsb or TLBI of it; `end`: the isb that ends it;
 * - `bare`: another dsb after a head, as in a flush of which no probe shows the TLBI, and the isb after that;
 * - `alone`: a dsb, TLBI or isb of none of these;
 * - `passing`: of no group, and an open one goes on; `other`: of no group, and an open one is over.
 */
export type Part =
  | 'head'
  | 'barrier'
  | 'first'
  | 'more'
  | 'end'
  | 'bare'
  | 'alone'
  | 'passing'
  | 'other'

/** What a {@link FlushGroup} has read. */
export interface SavedGroup {
  readonly state: 'none' | 'head' | 'flush' | 'bare'
  readonly before: number
}

/**
 * Reads the single instructions of a real kernel, of one task or CPU: `dsb ishst; isb` is a barrier, and
 * `dsb ishst; tlbi …; dsb ish; isb` is a flush (an erratum's second TLBI and DSB included), as __flush_tlb_range() and
 * emit_pte_barriers() of 6.12 to 7.3 have them. A flush function's own instructions belong to no group.
 */
export class FlushGroup {
  #state: SavedGroup['state'] = 'none'
  /** Seq of the dsb, whatever it waits for, that was the last instruction; -1: none was. */
  before = -1

  /** A dsb(ishst) still waits for what it belongs to. */
  get isOpen(): boolean {
    return this.#state === 'head'
  }

  save(): SavedGroup {
    return { state: this.#state, before: this.before }
  }

  load({ state, before }: SavedGroup): void {
    this.#state = state
    this.before = before
  }

  reset(): void {
    this.#state = 'none'
    this.before = -1
  }

  take(e: TraceEvent): Part {
    switch (e.kind) {
      case 'dsb':
        return this.#dsb(e)
      case 'tlbi':
        return this.#tlbi()
      case 'isb':
        return this.#isb()
      default:
        if (isPassing(e.kind)) return 'passing'
        if (this.before !== -1 || this.#state !== 'none') this.reset()
        return 'other'
    }
  }

  #dsb({ seq, scope }: EventOf<'dsb'>): Part {
    this.before = seq
    if (this.#state === 'flush') return 'more'
    if (scope === 'ishst') {
      this.#state = 'head'
      return 'head'
    }
    this.#state = this.#state === 'head' ? 'bare' : 'none'
    return this.#state === 'bare' ? 'bare' : 'alone'
  }

  #tlbi(): Part {
    if (this.#state === 'flush') return 'more'
    if (this.#state !== 'head') return 'alone'
    this.#state = 'flush'
    return 'first'
  }

  #isb(): Part {
    const state = this.#state
    this.reset()
    return ENDS[state]
  }
}

/** What an isb is, by what is open before it. */
const ENDS = { none: 'alone', head: 'barrier', flush: 'end', bare: 'bare' } as const
