import type {
  CountedSteps,
  Machine,
  SavedClasses,
  SavedSample,
  SavedStates,
  ScheduleEntry,
  StateCounts,
  ShrunkSchedule,
} from '@pagetrail/engine'
import type { Never } from './never.ts'
import type { Outcome, SavedOutcomes } from './outcomes.ts'
import type { Property } from './properties.ts'
import type { LockOrder } from './scenario-watch.ts'

/** What a search is asked, and what it answers. */
export const EXPLORE_MODES = ['auto', 'states', 'dpor', 'bounded', 'pct', 'random'] as const

export type ExploreMode = (typeof EXPLORE_MODES)[number]

export interface ExploreOptions {
  readonly mode?: ExploreMode
  /** Of `bounded`, and of `auto` where there are too many states: preemptions a schedule may have. Default 2. */
  readonly preemptions?: number
  readonly properties?: readonly Property[]
  readonly steps?: CountedSteps
  /** Of `pct` and `random`. Defaults 1 and 100,000. */
  readonly seed?: number
  readonly runs?: number
  readonly maxStates?: number
  /** Of a user's module: what is wrong with how a schedule ended. */
  readonly property?: ((machine: Machine) => string | null) | undefined
  /** What must not happen. */
  readonly never?: Never | undefined
  /** End at the first finding. */
  readonly first?: boolean
  /** Of `dpor`, which `auto` then is: of so many classes, those found first, the schedules are kept. Default 0. */
  readonly classes?: number
  /** Make what is found as small as can be. Default true. */
  readonly shrink?: boolean
  /** Where an earlier search of the same was stopped: it goes on from there. */
  readonly saved?: SavedSearch | undefined
  /** A search that does not come to its end is to be saved. */
  readonly keeps?: boolean
}

/** A search that was stopped, in values that a structured clone holds. */
export type SavedSearch = {
  readonly orders: readonly LockOrder[]
  readonly outcomes: SavedOutcomes
} & (
  | { readonly kind: 'states'; readonly search: SavedStates; readonly bound?: number }
  | { readonly kind: 'dpor'; readonly search: SavedClasses }
  | { readonly kind: 'samples'; readonly search: SavedSample; readonly made: number }
)

export interface ExploreFinding extends Omit<ShrunkSchedule, 'preemptions'> {
  readonly property: Property
  /** Schedules that break it: all of them, or of those that were tried. */
  readonly failing: bigint
  /** Of `lost-update`: schedules at whose end something is missing; in the others it was made anew. Else null. */
  readonly atEnd: bigint | null
  /** Fewest preemptions, or those of the schedule that was found; null where the search does not say. */
  readonly preemptions: number | null
}

/** Schedules that differ in the order of independent steps only. */
export interface ScheduleClass {
  /** One of them. */
  readonly entries: readonly ScheduleEntry[]
  /** What each of them breaks, of what is looked for. */
  readonly broken: readonly Property[]
}

/** The counts are 0 where the search does not have them. */
export interface ExploreResult extends Pick<
  StateCounts,
  'states' | 'edges' | 'ends' | 'longest' | 'bytes'
> {
  readonly mode: Exclude<ExploreMode, 'auto'>
  /** Everything was covered that the mode is to cover. */
  readonly complete: boolean
  /** What ended the search before that. */
  readonly limit: string | null
  /** Schedules, those not counted that reach the bound of a retry loop; runs or classes in other modes. */
  readonly schedules: bigint
  readonly gaveUp: bigint
  /** Schedules in which a CPU waits for a lock. */
  readonly waited: bigint
  readonly cpus: number
  /** Which steps were counted. */
  readonly counted: CountedSteps
  /** Accesses, fills and flushes were looked at. */
  readonly hasTlb: boolean
  readonly findings: readonly ExploreFinding[]
  /** Nothing broke these; proved if the search is complete and its mode covers all schedules. */
  readonly unbroken: readonly Property[]
  /** Two locks that are taken in both orders. */
  readonly inversions: readonly LockOrder[]
  /** Different ends of schedules that were covered: what calls return, what the tables hold. */
  readonly outcomes: readonly Outcome[]
  /** There are so many that not all were looked at. */
  readonly outcomesAreCut: boolean
  /** Those whose schedules were to be kept: by mode `dpor`, in the order in which they were found. */
  readonly classes: readonly ScheduleClass[]
  /** By bound of preemptions, from 0: what the schedules within it came to. */
  readonly bounds: readonly BoundAnswer[]
  /** Where it was stopped, if that was to be kept; null: it came to its end. */
  readonly saved: SavedSearch | null
}

/** How far a search is. */
export interface ExploreProgress extends Pick<StateCounts, 'states' | 'depth' | 'schedules'> {
  readonly findings: number
}

/** What the search is to do next: go on, or end with what it knows, and why. */
export type StopReason = string | null

export const isBroken = ({ findings, inversions }: ExploreResult): boolean =>
  findings.length > 0 || inversions.length > 0

/** What the schedules with at most that many preemptions came to. */
export interface BoundAnswer {
  readonly preemptions: number
  /** All of them were covered; else the numbers are lower bounds. */
  readonly complete: boolean
  readonly schedules: bigint
  readonly states: number
  /** By name of the property that they break: how many. */
  readonly failing: readonly (readonly [string, bigint])[]
}
