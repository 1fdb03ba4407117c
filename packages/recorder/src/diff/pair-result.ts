/** What is said of a pair of calls: the words, and what a report lists of it. */
import type { Call } from '../event/run.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { Costs } from '../cost/costs.ts'
import type { LoneReason } from './align/align-calls.ts'

/** From the least to the greatest difference; `unknown`: events are missing that may be all that differs. */
export const VERDICTS = [
  'identical',
  'same effects by another path',
  'unknown',
  'same outcome, different effects',
  'different outcome',
] as const

export type DiffVerdict = (typeof VERDICTS)[number]

/** `unknown`: a side cannot show what the answer needs. */
export type Answer = 'same' | 'different' | 'unknown'

/** A call as it is referred to: what a reader needs to look it up. */
export interface CallRef extends Pick<Call, 'op' | 'fn' | 'va' | 'end' | 'ret'> {
  /** Kind of the event that ended it instead of a return. */
  readonly endedBy: string | null
  /** seq of op_begin. */
  readonly seq: number
}

/** A call without a counterpart, and why. */
export interface LoneCall extends CallRef {
  /** The task, CPU or pool whose call it is. */
  readonly lane: string
  readonly reason: LoneReason
}

/**
 * What a call leaves: the change of each entry (`descriptor`) and what it passed through (`transient`), harm that older
 * versions may still do (`held`) or that is over (`ended`), barriers owed, lazy sections and locks left, tables and
 * warnings.
 */
export type EffectKind =
  | 'descriptor'
  | 'transient'
  | 'held'
  | 'ended'
  | 'barrier'
  | 'lazy'
  | 'lock'
  | 'allocation'
  | 'free'
  | 'warning'

/** One effect that the sides do not share, in words that stand for themselves. */
export interface EffectDifference {
  readonly what: EffectKind
  /** Level and address, the latter relative to the call where the runs are of different boots. */
  readonly where: string
  /** Null: nothing of the sort. */
  readonly left: string | null
  readonly right: string | null
  /** seq of the last event concerned. */
  readonly leftSeq: number | null
  readonly rightSeq: number | null
}

/** What is compared without rows, of both sides: `dsb ish ×2, tlbi vale1is ×1`. */
export interface RestOfBoth {
  readonly left: string
  readonly right: string
}

export interface PathCounts {
  readonly same: number
  /** Same but for the names of functions with one role; included in `same`. */
  readonly renamed: number
  readonly changed: number
  readonly onlyLeft: number
  readonly onlyRight: number
  /** Events that the other side could not show, or that concern what others left behind. */
  readonly asideLeft: number
  readonly asideRight: number
  /** Pairs in which what is compared without rows differs, by its sorts and how many there are of each. */
  readonly restDiffers: number
}

export interface PairDiff {
  readonly left: CallRef
  readonly right: CallRef
  /** Function and size agree; otherwise the calls were asked for different things. */
  readonly sameInput: boolean
  /** In its task (or CPU) it was made before or after other calls than on the left. */
  readonly reordered: boolean
  /** No events of either call are known to be missing. */
  readonly isWhole: boolean
  /** The task, CPU or pool that made it on the left. */
  readonly lane: string
  readonly verdict: DiffVerdict
  readonly outcome: Answer
  readonly effect: Answer
  readonly path: PathCounts
  /** The first few, and how many there are. */
  readonly effects: readonly EffectDifference[]
  readonly effectsTotal: number
  readonly leftCosts: Costs
  readonly rightCosts: Costs
}

export type RowStatus = 'same' | 'renamed' | 'changed' | 'left' | 'right'

export interface DivergenceRow {
  readonly status: RowStatus
  readonly left: TraceEvent | null
  readonly right: TraceEvent | null
}
