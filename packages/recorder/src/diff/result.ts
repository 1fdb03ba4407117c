import type { Geometry } from '@pagetrail/engine'

import type { Kind, TraceEvent } from '../event/kinds.ts'
import type { RunOrigin } from '../event/run.ts'
import type { Costs } from '../cost/costs.ts'
import type { MappingDifference } from '../tables/compare-mappings.ts'
import type { LoneReason, MatchedLane } from './align/align-calls.ts'
import type { AskedLanes, LaneMode } from './align/lanes.ts'
import type { Addressing, Question } from './options.ts'
import type { PairList } from './pair-list.ts'

/** From the least to the greatest difference. */
export const VERDICTS = [
  'identical',
  'same effects by another path',
  'same outcome, different effects',
  'different outcome',
] as const
export type DiffVerdict = (typeof VERDICTS)[number]

/** `unknown`: a side cannot show what the answer needs. */
export type Answer = 'same' | 'different' | 'unknown'

export interface Side {
  readonly id: number
  readonly label: string
  readonly source: RunOrigin
  readonly flavour: string | null
  readonly kernel: string | null
  /** Which build of that kernel; null: the other is of the same build or another version, or a run does not say. */
  readonly build: string | null
  readonly scenario: string | null
  /** The file it was imported from. */
  readonly file: string | null
  readonly events: number
  readonly calls: number
  /** Events known to be missing. */
  readonly lost: number
  /** Kinds that the other run contains and this one could not show. */
  readonly cannotShow: readonly Kind[]
  /** Kinds that this one could not show either, but of which the other contains none. */
  readonly alsoUnknown: readonly Kind[]
}

/** A call as it is referred to: what a reader needs to look it up. */
export interface CallRef {
  readonly op: number
  readonly fn: string
  readonly va: bigint | null
  readonly end: bigint | null
  readonly ret: number | null
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

/** What differs between two recordings of the left run too, and so says nothing of the right one. */
export interface Noise {
  /** The second recording. */
  readonly label: string
  readonly pairs: number
  /** Calls without a counterpart. */
  readonly alone: number
  /** Differences of what happened outside of calls. */
  readonly outside: number
  /** Ranges of the final mapping; where it is judged call by call, they are in the pairs. */
  readonly ranges: number
  /** By function and verdict, the most frequent first. */
  readonly named: readonly { readonly what: string; readonly count: number }[]
}

/** Work of a timer, which two boots do at different times: how often is a rate, not a difference. */
export interface Rate {
  readonly lane: string
  readonly left: number
  readonly right: number
  readonly paired: number
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

/** Effects that differ in the same way in calls of one function. */
export interface EffectGroup {
  readonly fn: string
  readonly what: EffectKind
  /** Level of the entries, where it is about entries. */
  readonly level: string | null
  readonly left: string | null
  readonly right: string | null
  readonly count: number
  /** The first of them. */
  readonly example: EffectDifference & { readonly leftOp: number; readonly rightOp: number }
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
}

export interface PairDiff {
  readonly left: CallRef
  readonly right: CallRef
  /** Function and size agree; otherwise the calls were asked for different things. */
  readonly sameInput: boolean
  /** In its task (or CPU) it was made before or after other calls than on the left. */
  readonly reordered: boolean
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

/** Pairs that differ in the same way. */
export interface PairGroup {
  readonly fn: string
  readonly verdict: DiffVerdict
  readonly sameInput: boolean
  readonly count: number
  /** The first of them. */
  readonly example: { readonly left: CallRef; readonly right: CallRef }
  readonly leftCosts: Costs
  readonly rightCosts: Costs
}

export type RowStatus = 'same' | 'renamed' | 'changed' | 'left' | 'right'

/** `unknown`: the other side could not show it, or it concerns what others left behind. */
export type AlignedStatus = RowStatus | 'unknown'

export interface DivergenceRow {
  readonly status: RowStatus
  readonly left: TraceEvent | null
  readonly right: TraceEvent | null
}

export interface Divergence {
  readonly left: CallRef
  readonly right: CallRef
  /** The differing row with what stands around it. */
  readonly rows: readonly DivergenceRow[]
  /** Index in `rows` of the first that differs. */
  readonly at: number
}

/** A row of two call trees: a row of events, or equal rows that are folded, with the first of them. */
export type CallTreeRow =
  | {
      readonly row: 'events'
      readonly status: AlignedStatus
      readonly left: TraceEvent | null
      readonly right: TraceEvent | null
    }
  | { readonly row: 'fold'; readonly count: number; readonly left: number; readonly right: number }

/** The first pair of calls of a verdict, side by side from its beginning to its end. */
export interface CallTree {
  readonly verdict: DiffVerdict
  readonly left: CallRef
  readonly right: CallRef
  readonly rows: readonly CallTreeRow[]
  /** Rows beyond those that are kept. */
  readonly more: number
}

export interface Listed<T> {
  readonly items: readonly T[]
  /** How many there are; more than `items` where the limit was reached. */
  readonly total: number
}

/** Calls without a counterpart; `byFunction` counts all of them. */
export interface Lone extends Listed<LoneCall> {
  readonly byFunction: Readonly<Record<string, number>>
  readonly byReason: Readonly<Partial<Record<LoneReason, number>>>
}

/** Where the address bits of each side's descriptors lie; null: its run does not say. */
export interface Geometries {
  readonly left: Geometry | null
  readonly right: Geometry | null
}

/** What happened outside of calls, on both sides. */
export interface OutsideDiff {
  readonly path: PathCounts
  readonly pathDiffers: boolean
  readonly effects: readonly EffectDifference[]
  /** More happened than is kept for the comparison. */
  readonly isCut: boolean
}

export interface Diff {
  readonly left: Side
  readonly right: Side
  readonly geometries: Geometries
  readonly addresses: Addressing
  readonly verdict: DiffVerdict
  /** Why the answer is incomplete, a sentence each; empty: it is complete. */
  readonly incomplete: readonly string[]
  /** Kinds of events that neither run can show. */
  readonly neitherShows: readonly Kind[]
  readonly asked: {
    readonly by: Question | null
    readonly calls: string | null
    readonly filter: string | null
    readonly ignore: readonly string[]
    readonly map: Readonly<Record<string, string>>
    readonly lanes: AskedLanes
  }
  readonly calls: {
    /** Pairs with the same input, on which the verdict rests. */
    readonly paired: number
    readonly otherInput: number
    readonly byVerdict: Readonly<Record<DiffVerdict, number>>
    /** Pairs whose order within their task or CPU is exchanged. */
    readonly reordered: number
    readonly onlyLeft: Lone
    readonly onlyRight: Lone
    readonly rates: readonly Rate[]
    /** Set aside: counted neither as paired nor as alone. Null: no second recording was given. */
    readonly noise: Noise | null
  }
  readonly lanes: {
    /** What calls were aligned by. */
    readonly mode: LaneMode
    /** Each with its counterpart, those with most calls left alone first. */
    readonly matched: readonly MatchedLane[]
    /** Pairs that stand elsewhere among those of other lanes than on the left: no difference of what was done. */
    readonly interleaving: { readonly answer: Answer; readonly moved: number }
  }
  readonly outcome: {
    readonly answer: Answer
    readonly sameReturn: number
    readonly differentReturn: number
    readonly unknownReturn: number
    /** Pairs whose outcome differs. */
    readonly different: Listed<{ readonly left: CallRef; readonly right: CallRef }>
    readonly mapping: {
      /** `per call`: other addresses; judged by what each call made of the entries it wrote. */
      readonly compared: 'final state' | 'per call'
      readonly answer: Answer
      readonly ranges: Listed<MappingDifference>
      readonly unknownBytes: bigint
    }
  }
  readonly effect: {
    readonly answer: Answer
    readonly differentPairs: number
    readonly differences: Listed<
      EffectDifference & { readonly leftOp: number; readonly rightOp: number }
    >
    readonly groups: Listed<EffectGroup>
    /** Sorts of effects that one side cannot show. */
    readonly unknown: readonly EffectKind[]
  }
  readonly path: PathCounts & {
    readonly answer: Answer
    readonly first: Divergence | null
    /** Pairs aligned by the fallback, whose alignment may not be minimal. */
    readonly approximate: number
  }
  readonly cost: {
    /** The pairs with the same input: what can be compared. */
    readonly pairedLeft: Costs
    readonly pairedRight: Costs
    /** All calls of each run. */
    readonly left: Costs
    readonly right: Costs
    /** What happened outside of calls. */
    readonly outsideLeft: Costs
    readonly outsideRight: Costs
  }
  readonly groups: Listed<PairGroup>
  /** The first pair of each verdict but `identical`, the worst first: what to look at. */
  readonly trees: readonly CallTree[]
  /** Every pair and every call alone; null where they were not asked for. */
  readonly pairs: PairList | null
  /** Null: there are no calls, or only some were asked for. */
  readonly outside: OutsideDiff | null
}
