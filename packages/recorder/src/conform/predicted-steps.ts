import { type Geometry, hexOf, type Hooks } from '@pagetrail/engine'

import { withoutAddress } from '../descriptor/bits.ts'
import { EventDrain } from '../record/event-drain.ts'
import type { EventOf, TraceEvent } from '../event/kinds.ts'
import { HookRecorder } from '../record/hook-recorder.ts'
import { tlbiStep } from './seen-steps.ts'
import { type Step, StepList, type Visible } from './steps.ts'

const SPLIT_LOCK = 'pgtable_split_lock'

const text = (value: bigint | string | null): string =>
  typeof value === 'bigint' ? hexOf(value) : (value ?? '?')

/** The steps that a call makes on the engine, as far as a stock kernel's probes would show them. */
export class PredictedSteps {
  readonly hooks: Hooks
  readonly #sink = new EventDrain((event) => this.#take(event))
  readonly #list = new StepList()
  readonly #visible: Visible
  readonly #geometry: Geometry
  /** In a callback: a store there is seen, one of a split is not. */
  #inCallback = false
  /** Under the lock of splits, so in their lazy section. */
  #splitting = false
  /** The block being split; contiguous spans have no function of their own that could be probed. */
  #split: { readonly level: string; readonly va: string } | null = null

  constructor(visible: Visible, geometry: Geometry) {
    this.#visible = visible
    this.#geometry = geometry
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
        return list.add(`walk ${text(e.fn)} ${text(e.va)}-${text(e.end)}`)
      case 'walk_end':
        return list.add(`walk returns ${String(e.ret)}`)
      case 'cb_enter':
        this.#inCallback = true
        return list.add(`${text(e.fn)} ${text(e.va)}-${text(e.end)}`)
      case 'cb_exit':
        this.#inCallback = false
        return list.add(`${text(e.fn)} returns ${String(e.ret)}`)
      case 'desc_write':
        return this.#write(e)
      case 'split':
        return this.#beginSplit(e)
      case 'lock':
      case 'unlock':
        if (e.fn === SPLIT_LOCK) this.#splitting = e.kind === 'lock'
        return
      case 'op_end':
        return list.add(`returns ${String(e.ret)}`)
      case 'tlb_flush':
        return this.#flush(e)
      case 'tlbi':
        if (this.#visible.flush !== 'instructions') return
        return list.add(tlbiStep(text(e.insn), e.va === null ? null : text(e.va)))
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
    const [level, va] = [text(e.level), text(e.va)]
    if (this.#inCallback) this.#list.add(`${level} ${va}: ${text(e.old)} -> ${text(e.new)}`)
    else if (this.#split?.level === level && this.#split.va === va) {
      this.#list.add(`split ${level} gives ${hexOf(withoutAddress(e.new ?? 0n, this.#geometry))}`)
    }
  }

  #beginSplit(e: EventOf<'split'>): void {
    const level = text(e.level)
    const isBlock = level === 'pmd' || level === 'pud'
    this.#split = isBlock ? { level, va: text(e.va) } : null
    if (isBlock) this.#list.add(`split ${level} ${text(e.va)}`)
  }

  #flush(e: EventOf<'tlb_flush'>): void {
    if (e.fn !== 'flush_tlb_kernel_range') return
    if (this.#visible.flush === 'instructions') this.#list.add('flush')
    if (this.#visible.flush === 'ranges') this.#list.add(`flush ${text(e.va)}-${text(e.end)}`)
  }
}
