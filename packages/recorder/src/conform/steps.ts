import { type Geometry, hexOf } from '@pagetrail/engine'

import { withoutAddress } from '../descriptor/bits.ts'
import { kernelShows } from '../event/kernel-shows.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'

/**
 * What a call was seen to do, or is predicted to do, in the words that both sides have: one line of text a step. Table
 * addresses are in none of them, nor is what no probe on a stock kernel shows.
 */
export type Step = string

/** Steps of one call in order, with what merely depends on where a probe sits evened out. */
export class StepList {
  readonly steps: Step[] = []
  readonly #geometry: Geometry
  #pending = false

  constructor(geometry: Geometry) {
    this.#geometry = geometry
  }

  /** Adds an event that is a step by itself. */
  take(e: TraceEvent): void {
    const step = stepOf(e, this.#geometry)
    if (step !== null) this.add(step)
  }

  add(step: Step): void {
    this.steps.push(step)
  }

  /** A deferred barrier. Kernels look first whether one is pending, and only the first sets it: one step a section. */
  queue(isVisible = true): void {
    if (!this.#pending && isVisible) this.add('queue')
    this.#pending = true
  }

  /** dsb(ishst); isb(). 7.3 counts its section down before the barrier, the others leave after it. */
  barrier(isVisible = true): void {
    this.#pending = false
    if (!isVisible) return
    if (this.steps.at(-1) === LEAVE) this.steps.splice(-1, 0, 'barrier')
    else this.add('barrier')
  }

  /** Nothing is pending after it, whether or not a probe showed the barrier. */
  leave(): void {
    this.#pending = false
    this.add(LEAVE)
  }
}

const LEAVE = 'lazy leave'

/** What the probes of a run show of a call, besides walks, callbacks, descriptors and splits. */
export interface Visible {
  /** Lazy sections, deferred barriers and barriers. */
  readonly lazy: boolean
  /** The barrier that ends the section of a split: 7.3's sits where it cannot be distinguished. */
  readonly splitBarrier: boolean
  /** 6.12 inlines its flushes: their TLBI are seen. Later ones show the flushed range. */
  readonly flush: 'none' | 'instructions' | 'ranges'
}

/** Entries and returns of functions alone (`lean`) show neither barriers nor flushes. */
export function visibleIn(run: Run): Visible {
  const { inlinesFlushes, splitBarrier } = kernelShows(run)
  if (run.facts['definitions'] !== 'full')
    return { lazy: false, splitBarrier: false, flush: 'none' }
  return {
    lazy: true,
    splitBarrier,
    flush: inlinesFlushes ? 'instructions' : 'ranges',
  }
}

const at = (value: bigint | null): string => (value === null ? '?' : hexOf(value))

/**
 * An event as a step, where it is one by itself. Of a descriptor that a split made, its address is left out: tables lie
 * elsewhere.
 */
function stepOf(e: TraceEvent, geometry: Geometry): Step | null {
  switch (e.kind) {
    case 'walk_begin':
      return `walk ${e.fn} ${at(e.va)}-${at(e.end)}`
    case 'walk_end':
      return `walk returns ${e.ret}`
    case 'cb_enter':
      return `${e.fn} ${at(e.va)}-${at(e.end)}`
    case 'cb_exit':
      return `${e.fn} returns ${e.ret}`
    case 'desc_write':
      return `${e.level} ${at(e.va)}: ${at(e.old)} -> ${at(e.new)}`
    case 'split':
      return `split ${e.level} ${at(e.va)}`
    case 'split_end':
      return splitStep(e.level, e.val, geometry)
    case 'tlb_flush':
      return `flush ${at(e.va)}-${at(e.end)}`
    case 'tlbi':
      return e.va === null ? `tlbi ${e.insn}` : `tlbi ${e.insn} ${at(e.va)}`
    case 'op_end':
      return `returns ${e.ret}`
    default:
      return null
  }
}

/** What a split put in the place of its block. */
export const splitStep = (
  level: string | null,
  made: bigint | null | undefined,
  geometry: Geometry,
): Step =>
  `split ${level} gives ${at(made === undefined || made === null ? null : withoutAddress(made, geometry))}`
