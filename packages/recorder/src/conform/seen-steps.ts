import type { Geometry } from '@pagetrail/engine'

import type { EventOf, TraceEvent } from '../event/kinds.ts'
import { type Step, StepList, type Visible } from './steps.ts'

/** vm_unmap_aliases() flushes what others unmapped lazily: its doings follow from no argument of the call. */
const NOT_OURS = '_vm_unmap_aliases'

/** The steps of a real call, from its events. */
export function seenSteps(
  events: readonly TraceEvent[],
  visible: Visible,
  geometry: Geometry,
): Step[] {
  const seen = new SeenSteps(visible, geometry)
  for (const event of own(events)) seen.take(event)
  seen.settle()
  return seen.list.steps
}

/** Events of the call itself. */
export function* own(events: Iterable<TraceEvent>): Generator<TraceEvent> {
  let inside: number | null = null
  for (const e of events) {
    if (inside !== null) {
      if (e.kind === 'span_end' && e.nest === inside) inside = null
    } else if (e.kind === 'span_begin' && e.fn === NOT_OURS) inside = e.nest
    else yield e
  }
}

class SeenSteps {
  readonly list: StepList
  readonly #visible: Visible
  /** A dsb(ishst) of which the next event tells what it belongs to. */
  #dsb = false
  /** Between the head of an inlined flush and its isb. */
  #flushing = false

  constructor(visible: Visible, geometry: Geometry) {
    this.#visible = visible
    this.list = new StepList(geometry)
  }

  take(e: TraceEvent): void {
    if (e.kind === 'dsb') return this.#barrier(e)
    if (e.kind === 'isb') return this.#instructionBarrier()
    if (e.kind === 'tlbi') return this.#invalidate(e)
    // What a flag was when it was tested: no step, and no other thing done between a dsb and its isb.
    if (e.kind === 'ftrace' || e.kind === 'context') return
    this.settle()
    const { list } = this
    if (e.kind === 'lazy_mmu_enter') list.add('lazy enter')
    else if (e.kind === 'lazy_mmu_leave') list.leave()
    else if (e.kind === 'barrier_queue') list.queue()
    else if (e.kind !== 'tlb_flush' || this.#visible.flush === 'ranges') list.take(e)
  }

  /** A dsb(ishst) that nothing followed up. */
  settle(): void {
    if (this.#dsb) this.list.add('dsb')
    this.#dsb = false
  }

  #barrier(e: EventOf<'dsb'>): void {
    if (e.scope === 'ishst') {
      this.settle()
      this.#dsb = true
    } else if (this.#dsb) this.#beginFlush()
  }

  #instructionBarrier(): void {
    if (this.#dsb) {
      this.#dsb = false
      this.list.barrier()
    } else if (!this.#flushing) this.list.add('isb')
    this.#flushing = false
  }

  #invalidate(e: EventOf<'tlbi'>): void {
    if (this.#dsb) this.#beginFlush()
    // The work-around of an erratum repeats each flush with a TLBI of no address.
    if (e.va === null && e.insn === 'vale1is') return
    this.list.take(e)
  }

  #beginFlush(): void {
    this.#dsb = false
    this.#flushing = true
    this.list.add('flush')
  }
}
