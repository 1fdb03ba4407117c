import type { Geometry, Hooks } from '@pagetrail/engine'

import { EventDrain } from '../record/event-drain.ts'
import type { EventOf, TraceEvent } from '../event/kinds.ts'
import { HookRecorder } from '../record/hook-recorder.ts'
import { splitStep, type Step, StepList, type Visible } from './steps.ts'

const SPLIT_LOCK = 'pgtable_split_lock'

/** The steps that a call makes on the engine, as far as a stock kernel's probes would show them. */
export class PredictedSteps {
  readonly hooks: Hooks
  readonly #sink = new EventDrain((event) => this.#take(event))
  readonly #list: StepList
  readonly #visible: Visible
  readonly #geometry: Geometry
  /** In a callback: a store there is seen, one of a split is not. */
  #inCallback = false
  /** Under the lock of splits, so in their lazy section. */
  #splitting = false
  /** The block being split; contiguous spans have no function of their own that could be probed. */
  #split: EventOf<'split'> | null = null

  constructor(visible: Visible, geometry: Geometry) {
    this.#visible = visible
    this.#geometry = geometry
    this.#list = new StepList(geometry)
    this.hooks = new HookRecorder(this.#sink)
  }

  get steps(): readonly Step[] {
    this.#sink.flush()
    return this.#list.steps
  }

  #take(e: TraceEvent): void {
    const list = this.#list
    switch (e.kind) {
      case 'walk_begin':
      case 'walk_end':
      case 'op_end':
        return list.take(e)
      case 'cb_enter':
      case 'cb_exit':
        this.#inCallback = e.kind === 'cb_enter'
        return list.take(e)
      case 'desc_write':
        return this.#write(e)
      case 'split':
        return this.#beginSplit(e)
      case 'lock':
      case 'unlock':
        if (e.fn === SPLIT_LOCK) this.#splitting = e.kind === 'lock'
        return
      case 'tlb_flush':
        return this.#flush(e)
      case 'tlbi':
        if (this.#visible.flush === 'instructions') list.take(e)
        return
      default:
        if (this.#visible.lazy) this.#barriers(e)
    }
  }

  #barriers(e: TraceEvent): void {
    const list = this.#list
    switch (e.kind) {
      case 'lazy_mmu_enter':
        if (e.ignored !== true) list.add('lazy enter')
        return
      case 'lazy_mmu_leave':
        this.#split = null
        if (e.ignored !== true) list.leave()
        return
      case 'barrier_queue':
        return list.queue(this.#inCallback || this.#split !== null)
      case 'barrier':
        return list.barrier(!this.#splitting || this.#visible.splitBarrier)
      case 'dsb':
        return list.add('dsb')
      default:
    }
  }

  #write(e: EventOf<'desc_write'>): void {
    if (this.#inCallback) this.#list.take(e)
    else if (this.#split?.level === e.level && this.#split.va === e.va) {
      this.#list.add(splitStep(e.level, e.new, this.#geometry))
    }
  }

  #beginSplit(e: EventOf<'split'>): void {
    const isBlock = e.level === 'pmd' || e.level === 'pud'
    this.#split = isBlock ? e : null
    if (isBlock) this.#list.take(e)
  }

  #flush(e: EventOf<'tlb_flush'>): void {
    if (e.fn !== 'flush_tlb_kernel_range') return
    if (this.#visible.flush === 'instructions') this.#list.add('flush')
    if (this.#visible.flush === 'ranges') this.#list.take(e)
  }
}
