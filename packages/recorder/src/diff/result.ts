import type { Geometry } from '@pagetrail/engine'

import type { Kind, TraceEvent } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'
import type { Costs } from '../cost/costs.ts'
import type { MappingDifference } from '../tables/compare-mappings.ts'
import type { LoneReason, MatchedLane } from './align/align-calls.ts'
import type { AskedLanes, LaneMode } from './align/lanes.ts'
import type { Question } from './options.ts'
import type { PairList } from './pair-list.ts'
import type { Addressing } from './align/addresses.ts'
import type {
  DiffVerdict,
  Answer,
  CallRef,
  LoneCall,
  EffectKind,
  EffectDifference,
  PathCounts,
  RowStatus,
  DivergenceRow,
  PairDiff,
  RestOfBoth,
} from './pair-result.ts'

type SideRow = 'id' | 'label' | 'source' | 'flavour' | 'kernel' | 'scenario' | 'events' | 'calls'

export interface Side extends Pick<Run, SideRow | 'lost'> {
  /** Which build of that kernel; null: the other is of the same build or another version, or a run does not say. */
  readonly build: string | null
  /** The file it was imported from. */
  readonly file: string | null
  /** Kinds that the other run contains and this one could not show. */
  readonly cannotShow: readonly Kind[]
  /** Kinds that this one could not show either, but of which the other contains none. */
  readonly alsoUnknown: readonly Kind[]
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

/**
 * `unknown`: the other side could not show it, or it concerns what others left behind; `lost`: events of the call are
 * missing, or the other side may lack the call for that.
 */
export type AlignedStatus = RowStatus | 'unknown' | 'lost'

export interface Divergence {
  readonly left: CallRef
  readonly right: CallRef
  /** The differing row with what stands around it. */
  readonly rows: readonly DivergenceRow[]
  /** Index in `rows` of the first that differs. */
  readonly at: number
}

/** A row of two aligned calls, or equal rows that are folded: how many, and the numbers of the first events. */
export type RowOf<E> =
  | {
      readonly row: 'events'
      readonly status: AlignedStatus
      readonly left: E | null
      readonly right: E | null
    }
  | { readonly row: 'fold'; readonly count: number; readonly left: number; readonly right: number }

export type CallTreeRow = RowOf<TraceEvent>

/** The rows above, so many, come so many times more; `left`, `right`: the first event of that part. */
export interface RepeatRow {
  readonly row: 'repeat'
  readonly times: number
  readonly rows: number
  readonly left: number | null
  readonly right: number | null
}

/** An address of each side by its place in the call, as it is compared: `+0x3000`, `alias of +0x0`, `linear page 2`. */
export interface RowPlaces {
  readonly left: string | null
  readonly right: string | null
}

/** A pair of calls, or one that the other side lacks, with the reason. */
export type AlignedCall = {
  readonly row: 'call'
  readonly left: CallRef | null
  readonly right: CallRef | null
} & (
  | { readonly pair: PairDiff; readonly alone: null }
  | { readonly pair: null; readonly alone: LoneReason }
)

/** What a screen shows in one line: a call, a row of two events, or a folded part. */
export type AlignedRow =
  | Extract<CallTreeRow, { readonly row: 'fold' }>
  /** `places`: those of the events; null where addresses are compared as they are. */
  | (Extract<CallTreeRow, { readonly row: 'events' }> & { readonly places: RowPlaces | null })
  | AlignedCall
  | RepeatRow

/** The first pair of calls of a verdict, side by side from its beginning to its end. */
export interface PairTree {
  readonly verdict: DiffVerdict
  readonly left: CallRef
  readonly right: CallRef
  readonly rows: readonly (CallTreeRow | RepeatRow)[]
  /** Rows beyond those that are kept; of parts that repeat, all are counted. */
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

/** The first pair in which what is compared without rows of its own differs: each side's, by sort. */
export interface UnlikeRest {
  readonly fn: string
  readonly leftOp: number
  readonly rightOp: number
  readonly left: string
  readonly right: string
}

/** What happened outside of calls, on both sides. */
export interface OutsideDiff {
  readonly path: PathCounts
  readonly pathDiffers: boolean
  readonly effects: readonly EffectDifference[]
  /** What is compared without rows of its own, where it differs. */
  readonly rest: RestOfBoth | null
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
    /** Pairs in which events of a call are missing: of `paired` those whose verdict is unknown, or rests on returns. */
    readonly torn: number
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
    readonly rest: UnlikeRest | null
    /** How many events of each sort concern what others left behind, in all calls, where the numbers differ. */
    readonly others: RestOfBoth | null
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
  readonly trees: readonly PairTree[]
  /** Every pair and every call alone; null where they were not asked for. */
  readonly pairs: PairList | null
  /** Null: there are no calls, or only some were asked for. */
  readonly outside: OutsideDiff | null
}
