import type { Geometry } from '@pagetrail/engine'

import { FlushGroup, isForeign, isRepeat, type Part } from '../event/flush-group.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { type Step, StepList, type Visible } from './steps.ts'

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
    } else if (e.kind === 'span_begin' && isForeign(e.fn)) inside = e.nest
    else yield e
  }
}

class SeenSteps {
  readonly list: StepList
  readonly #visible: Visible
  readonly #group = new FlushGroup()

  constructor(visible: Visible, geometry: Geometry) {
    this.#visible = visible
    this.list = new StepList(geometry)
  }

  take(e: TraceEvent): void {
    const { isOpen } = this.#group
    const part = this.#group.take(e)
    // What a flag was when it was tested: no step, and no other thing done between a dsb and its isb.
    if (part === 'passing') return
    if (isOpen && (part === 'head' || part === 'other')) this.list.add('dsb')
    if (e.kind === 'dsb') {
      if (part === 'bare') this.list.add('flush')
    } else if (e.kind === 'isb') this.#instructionBarrier(part)
    else if (e.kind === 'tlbi') {
      if (part === 'first') this.list.add('flush')
      if (!isRepeat(e)) this.list.take(e)
    } else this.#other(e)
  }

  /** A dsb(ishst) that nothing followed up. */
  settle(): void {
    if (this.#group.isOpen) this.list.add('dsb')
  }

  #instructionBarrier(part: Part): void {
    if (part === 'barrier') this.list.barrier()
    else if (part === 'alone') this.list.add('isb')
  }

  #other(e: TraceEvent): void {
    const { list } = this
    if (e.kind === 'lazy_mmu_enter') list.add('lazy enter')
    else if (e.kind === 'lazy_mmu_leave') list.leave()
    else if (e.kind === 'barrier_queue') list.queue()
    else if (e.kind !== 'tlb_flush' || this.#visible.flush === 'ranges') list.take(e)
  }
}
