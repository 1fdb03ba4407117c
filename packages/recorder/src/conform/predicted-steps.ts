import type { Geometry, Hooks } from '@pagetrail/engine'

import { CorpusEvents, type CorpusEvent } from './corpus-events.ts'
import { withoutAddress } from '../descriptor/bits.ts'
import { hex } from '../event/field-codec.ts'
import { tlbiStep } from './seen-steps.ts'
import { type Step, StepList, type Visible } from './steps.ts'

const SPLIT_LOCK = 'pgtable_split_lock'

const text = (value: unknown): string => (typeof value === 'string' ? value : '?')

/** The steps that a call makes on the engine, as far as a stock kernel's probes would show them. */
export class PredictedSteps {
  readonly hooks: Hooks
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
    this.hooks = new CorpusEvents((event) => this.#take(event))
  }

  get steps(): readonly Step[] {
    return this.#list.steps
  }

  #take(e: CorpusEvent): void {
    const list = this.#list
    switch (e['kind']) {
      case 'walk_begin':
        return list.add(`walk ${text(e['fn'])} ${text(e['va'])}-${text(e['end'])}`)
      case 'walk_end':
        return list.add(`walk returns ${String(e['ret'])}`)
      case 'cb_enter':
        this.#inCallback = true
        return list.add(`${text(e['fn'])} ${text(e['va'])}-${text(e['end'])}`)
      case 'cb_exit':
        this.#inCallback = false
        return list.add(`${text(e['fn'])} returns ${String(e['ret'])}`)
      case 'desc_write':
        return this.#write(e)
      case 'split':
        return this.#beginSplit(e)
      case 'lock':
      case 'unlock':
        if (e['fn'] === SPLIT_LOCK) this.#splitting = e['kind'] === 'lock'
        return
      case 'op_end':
        return list.add(`returns ${String(e['ret'])}`)
      case 'tlb_flush':
        return this.#flush(e)
      case 'tlbi':
        if (this.#visible.flush !== 'instructions') return
        return list.add(tlbiStep(text(e['insn']), e['va'] === null ? null : text(e['va'])))
      default:
        if (this.#visible.lazy) this.#barriers(e)
    }
  }

  #barriers(e: CorpusEvent): void {
    const list = this.#list
    switch (e['kind']) {
      case 'lazy_mmu_enter':
        if (e['ignored'] !== true) list.add('lazy enter')
        return
      case 'lazy_mmu_leave':
        this.#split = null
        if (e['ignored'] !== true) list.leave()
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

  #write(e: CorpusEvent): void {
    const [level, va, value] = [text(e['level']), text(e['va']), text(e['new'])]
    if (this.#inCallback) this.#list.add(`${level} ${va}: ${text(e['old'])} -> ${value}`)
    else if (this.#split?.level === level && this.#split.va === va) {
      this.#list.add(`split ${level} gives ${hex(withoutAddress(BigInt(value), this.#geometry))}`)
    }
  }

  #beginSplit(e: CorpusEvent): void {
    const level = text(e['level'])
    const isBlock = level === 'pmd' || level === 'pud'
    this.#split = isBlock ? { level, va: text(e['va']) } : null
    if (isBlock) this.#list.add(`split ${level} ${text(e['va'])}`)
  }

  #flush(e: CorpusEvent): void {
    if (e['fn'] !== 'flush_tlb_kernel_range') return
    if (this.#visible.flush === 'instructions') this.#list.add('flush')
    if (this.#visible.flush === 'ranges') this.#list.add(`flush ${text(e['va'])}-${text(e['end'])}`)
  }
}
