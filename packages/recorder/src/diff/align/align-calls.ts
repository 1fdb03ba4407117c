import { type Call, pageShiftOf, type RunGeometry } from '../../event/run.ts'
import { longestAscending } from './align.ts'
import { type CallKeys, callKeys, sameSize } from './call-keys.ts'
import type { CallTraits } from './call-traits.ts'
import {
  type AskedLanes,
  type CallLane,
  type LaneKind,
  laneMode,
  type LaneMode,
  lanesOf,
} from './lanes.ts'
import { type LaneMatch, matchLanes } from './match-lanes.ts'
import { type Match, pairByKey, pairInOrder, tiersOf } from './pair-lane.ts'
import type { RoleOf } from './roles.ts'
import { TextIds } from './text-ids.ts'
import type { Addressing } from './addresses.ts'

/** The calls of a run, and what distinguishes those of one function and size. */
export interface CallList {
  readonly calls: readonly Call[]
  readonly traits: readonly CallTraits[]
  readonly geometry: RunGeometry | null
}

/**
 * Why a call has no counterpart. `lane`: its task (or CPU) has none. `function`: its counterpart's lane never calls the
 * function with these arguments. `number`: it does, but not as often. `rate`: a timer decides how often. `loss`:
 * it may be among the events that the other run has lost.
 */
export const LONE_REASONS = ['lane', 'function', 'number', 'rate', 'loss'] as const
export type LoneReason = (typeof LONE_REASONS)[number]

export interface PairedCalls {
  readonly left: Call
  readonly right: Call
  /** Both were asked for a range of one size. */
  readonly sameInput: boolean
  /** In its lane it stands elsewhere than on the left. */
  readonly reordered: boolean
  readonly lane: string
}

interface Lone {
  readonly lane: string
  readonly reason: LoneReason
}
export type LoneOnLeft = Lone & { readonly left: Call; readonly right: null }
export type LoneOnRight = Lone & { readonly left: null; readonly right: Call }

/** One call beside its counterpart, or alone. */
export type CallPair = PairedCalls | LoneOnLeft | LoneOnRight

/** Two lanes as a reader sees them: null where one has no counterpart. */
export interface MatchedLane {
  readonly kind: LaneKind
  readonly left: string | null
  readonly right: string | null
  readonly leftCalls: number
  readonly rightCalls: number
  readonly paired: number
}

export interface CallAlignment {
  /** In the order of the left run; calls only on the right before the next pair of that run. */
  readonly pairs: readonly CallPair[]
  readonly minimal: boolean
  readonly mode: LaneMode
  readonly lanes: readonly MatchedLane[]
  /** Pairs that stand elsewhere among the other lanes' than on the left. */
  readonly moved: number
}

export interface AlignOptions {
  readonly lanes?: AskedLanes
  readonly addresses: Addressing
  readonly roleOf: RoleOf
  readonly budget: number
}

/** Pairs the calls of two runs lane by lane: each call is paired, or stands alone with the reason. */
export function alignCalls(left: CallList, right: CallList, options: AlignOptions): CallAlignment {
  const { addresses, roleOf, budget, lanes = 'auto' } = options
  const ids = new TextIds()
  const keysOf = ({ calls, traits }: CallList): CallKeys =>
    callKeys(calls, traits, addresses, roleOf, ids)
  const keys = [keysOf(left), keysOf(right)] as const
  const mode = laneMode(lanes, left.calls, right.calls)
  const sides = [left, right].map(({ calls, geometry }) =>
    lanesOf(calls, {
      mode,
      pageSize: 2 ** pageShiftOf({ geometry }),
      oneLayout: addresses === 'raw',
    }),
  )
  const tiers = tiersOf(...keys)
  const matched: MatchedLane[] = []
  const pairs: CallPair[] = []
  let minimal = true
  for (const match of matchLanes(sides[0]!, sides[1]!, ...keys)) {
    const [a, b] = [match.left?.calls ?? [], match.right?.calls ?? []]
    const sequential = laneOf(match).kind === 'sequential'
    const found = sequential ? pairInOrder(a, b, tiers, budget) : pairByKey(a, b, tiers)
    minimal &&= found.minimal
    matched.push(rowOf(match, found.matches.length))
    const paired = pairsOf(left.calls, right.calls, match, found.matches, keys)
    // Not spread: a lane may have more calls than a function takes arguments.
    for (const pair of paired) pairs.push(pair)
  }
  return { pairs: ordered(pairs), minimal, mode, lanes: matched, moved: movedOf(pairs) }
}

/** A match has a lane on one side at least. */
function laneOf({ left, right }: LaneMatch): CallLane {
  const lane = left ?? right
  if (!lane) throw new Error('a match without a lane')
  return lane
}

const rowOf = (match: LaneMatch, paired: number): MatchedLane => ({
  kind: laneOf(match).kind,
  left: match.left?.name ?? null,
  right: match.right?.name ?? null,
  leftCalls: match.left?.calls.length ?? 0,
  rightCalls: match.right?.calls.length ?? 0,
  paired,
})

function pairsOf(
  leftCalls: readonly Call[],
  rightCalls: readonly Call[],
  match: LaneMatch,
  matches: readonly Match[],
  keys: readonly [CallKeys, CallKeys],
): CallPair[] {
  const lane = laneOf(match).name
  const pairs = matches.map(({ left, right, reordered }): CallPair => {
    const [a, b] = [leftCalls[left]!, rightCalls[right]!]
    return { left: a, right: b, sameInput: sameSize(a, b), reordered, lane }
  })
  const taken = [new Set<number>(), new Set<number>()] as const
  for (const { left, right } of matches) {
    taken[0].add(left)
    taken[1].add(right)
  }
  const made = [new Set<number>(), new Set<number>()] as const
  match.left?.calls.forEach((i) => made[0].add(keys[0].asked[i]!))
  match.right?.calls.forEach((j) => made[1].add(keys[1].asked[j]!))
  const reasonOf = (call: number, side: 0 | 1): LoneReason => {
    if (laneOf(match).kind === 'timer') return 'rate'
    if (match.left === null || match.right === null) return 'lane'
    return made[side === 0 ? 1 : 0].has(keys[side].asked[call]!) ? 'number' : 'function'
  }
  for (const i of match.left?.calls ?? []) {
    if (taken[0].has(i)) continue
    pairs.push({ left: leftCalls[i]!, right: null, lane, reason: reasonOf(i, 0) })
  }
  for (const j of match.right?.calls ?? []) {
    if (taken[1].has(j)) continue
    pairs.push({ left: null, right: rightCalls[j]!, lane, reason: reasonOf(j, 1) })
  }
  return pairs
}

/** As the left run has them; what only the right one has, before the pair that follows it there. */
function ordered(pairs: readonly CallPair[]): CallPair[] {
  const left = pairs.filter((pair) => pair.left !== null).toSorted((p, q) => p.left.op - q.left.op)
  const right = pairs
    .filter((pair) => pair.left === null)
    .toSorted((p, q) => p.right.op - q.right.op)
  const all: CallPair[] = []
  let at = 0
  for (const pair of left) {
    for (; pair.right && at < right.length && right[at]!.right.op < pair.right.op; at++)
      all.push(right[at]!)
    all.push(pair)
  }
  return [...all, ...right.slice(at)]
}

/** Pairs that a longest sequence with one order in both runs leaves out. */
function movedOf(pairs: readonly CallPair[]): number {
  const both: { left: number; right: number }[] = []
  for (const pair of pairs) {
    if (pair.left && pair.right && !pair.reordered)
      both.push({ left: pair.left.op, right: pair.right.op })
  }
  both.sort((p, q) => p.left - q.left)
  return both.length - longestAscending(both.map(({ right }) => right)).length
}
