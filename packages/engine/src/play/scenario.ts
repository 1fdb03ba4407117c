/**
 * A scenario in the corpus's form, start state and calls as JSON, and its extension to several CPUs. Hexadecimal
 * strings end here.
 */
import type { Call } from '../kernel/calls/call-spec.ts'
import type { Area } from '../machine/cpu.ts'
import type { Constants, Features } from '../machine/features.ts'
import type { Flavour } from '../machine/flavour.ts'
import type { GeometryChoice } from '../arch/geometry.ts'
import type { Context } from '../machine/hooks.ts'
import type { MmStart } from './parse-mms.ts'
import type { ScheduleEntry } from './schedule-text.ts'
import type { InitRun } from '../machine/start-state.ts'

/** A scenario that has been checked. */
export interface Scenario {
  readonly id: string
  readonly flavour: Flavour
  readonly geometry: GeometryChoice
  readonly features: Partial<Features>
  readonly constants: Partial<Constants>
  readonly init: readonly InitRun[]
  readonly areas: readonly Area[]
  /** Address spaces besides init_mm. */
  readonly mms: readonly MmStart[]
  /** All calls; with several CPUs those of CPU 0 first, then those of CPU 1, … */
  readonly calls: readonly Call[]
  /** What runs interleaved; null for a plain run of `calls` on one CPU. */
  readonly interleaved: Interleaving | null
}

export interface Interleaving {
  readonly programs: readonly CpuProgram[]
  /** One entry a step; see runSchedule(). */
  readonly schedule: readonly ScheduleEntry[]
  /** An entry that cannot run is refused. */
  readonly exact: boolean
}

/** What one CPU does: part of the scenario's calls. */
export interface CpuProgram {
  /** Its calls are `count` of the scenario's from index `first` on. */
  readonly first: number
  readonly count: number
  /** It begins in this context, which is an event; null: as the features say, which is none. */
  readonly context: Context | null
  readonly interrupts: readonly InterruptProgram[]
}

/** Calls that are made once on top of what the CPU does, whenever the schedule says. */
export interface InterruptProgram {
  readonly first: number
  readonly count: number
  readonly context: Context
  /** The one before it once more, of `times`. */
  readonly isAgain: boolean
}
