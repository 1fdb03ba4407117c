import type { Geometry } from '@pagetrail/engine'

import type { CostEvidence } from '../cost/costs.ts'
import type { Call } from '../event/run.ts'
import type { PairedCalls } from './align/align-calls.ts'
import { type CallData, WHOLE_RUN } from './align/call-stream.ts'
import type { KnownPairs } from './align/known-pairs.ts'
import type { SideCall } from './align/side.ts'
import {
  aftersDiffer,
  compareEffects,
  type EffectComparison,
  effectsMayDiffer,
  effectsOf,
} from './effects.ts'

import { type RowWays, rowWays } from './repeated-rows.ts'
import { differs, type RowScript } from './align/row-script.ts'
import type { Addressing } from './align/addresses.ts'
import type {
  Answer,
  CallRef,
  EffectDifference,
  EffectKind,
  PairDiff,
  RestOfBoth,
  DiffVerdict,
} from './pair-result.ts'

/** What both sides of every pair have in common. */
export interface PairContext {
  readonly addresses: Addressing
  readonly budget: number
  readonly known: KnownPairs
  readonly leftGeometry: Geometry | null
  readonly rightGeometry: Geometry | null
  readonly leftKnown: CostEvidence
  readonly rightKnown: CostEvidence
  /** Sorts of effects that a side cannot show. */
  readonly unknown: ReadonlySet<EffectKind>
  /** Listed effects of one pair. */
  readonly limit: number
}

export interface ComparedPair {
  readonly diff: PairDiff
  readonly script: RowScript
  /** What is compared without rows, where it differs. */
  readonly rest: RestOfBoth | null
  /** All of them; the diff of the pair lists the first few. */
  readonly effects: readonly EffectDifference[]
  /** The ways in which its rows differ; made when they are asked for. */
  readonly ways: () => RowWays
}

/** The sorts of which the sides have different numbers; null: none. */
export const restOf = (left: string, right: string): RestOfBoth | null =>
  left === right ? null : { left: beyond(left, right), right: beyond(right, left) }

function beyond(sorts: string, others: string): string {
  const known = new Set(others.split(', '))
  return sorts
    .split(', ')
    .filter((sort) => !known.has(sort))
    .join(', ')
}

const NO_DIFFERENCES: EffectComparison = { differences: [], translation: false, otherStart: 0 }

export function comparePair(
  left: SideCall,
  right: SideCall,
  { sameInput, reordered, lane }: Pick<PairedCalls, 'sameInput' | 'reordered' | 'lane'>,
  context: PairContext,
): ComparedPair {
  const pair = context.known.of(left, right)
  const { script, path: rows } = pair
  const rest = restOf(left.tokens.rest, right.tokens.rest)
  const path = {
    ...rows,
    asideLeft: left.tokens.asides,
    asideRight: right.tokens.asides,
    restDiffers: rest === null ? 0 : 1,
  }
  const effects = context.known.effects(left, right, () => {
    const { any, stores } = effectsMayDiffer(script, left.tokens, right.tokens)
    if (!any && !aftersDiffer(left.after, right.after)) return NO_DIFFERENCES
    return compareEffects(
      effectsOf(left.tokens, context.leftGeometry, left.after, stores),
      effectsOf(right.tokens, context.rightGeometry, right.after, stores),
      context.addresses,
      context.unknown,
    )
  })
  const outcome = outcomeOf(left, right, effects, context.addresses)
  const effect: Answer = effects.differences.length > 0 ? 'different' : 'same'
  const samePath = !differs(path) && path.renamed === 0 && !reordered && rest === null
  return {
    script,
    rest,
    ways: () => (pair.ways ??= rowWays(script, left.tokens, right.tokens)),
    effects: effects.differences,
    diff: {
      left: refOf(left.call, left.endedBy),
      right: refOf(right.call, right.endedBy),
      sameInput,
      reordered,
      isWhole: true,
      lane,
      verdict: verdictOf(outcome, effect, samePath),
      outcome,
      effect,
      path,
      effects: effects.differences.slice(0, context.limit),
      effectsTotal: effects.differences.length,
      leftCosts: left.costs.costs(context.leftKnown),
      rightCosts: right.costs.costs(context.rightKnown),
    },
  }
}

/** Effects that follow from what earlier events left. */
const BY_EARLIER: ReadonlySet<EffectKind> = new Set(['held', 'ended', 'barrier', 'lazy', 'lock'])

/** The same pair where events before a call are missing: what it left because of them is not known. */
export function afterLoss(pair: ComparedPair): ComparedPair {
  const effects = pair.effects.filter(({ what }) => !BY_EARLIER.has(what))
  if (effects.length === pair.effects.length) return pair
  const { diff } = pair
  const effect: Answer = effects.length > 0 ? 'different' : 'unknown'
  const known = verdictOf(diff.outcome, effect, true)
  return {
    ...pair,
    effects,
    diff: {
      ...diff,
      verdict: known === 'identical' ? 'unknown' : known,
      effect,
      effects: effects.slice(0, diff.effects.length),
      effectsTotal: effects.length,
    },
  }
}

/** The same pair where events of a call are missing: all that is known of it is how both calls ended. */
export function withLoss(pair: ComparedPair, left: CallData, right: CallData): ComparedPair {
  const { changed, onlyLeft, onlyRight, asideLeft, asideRight } = pair.diff.path
  const outcome = sameReturn(left, right) === 'different' ? 'different' : 'unknown'
  return {
    ...pair,
    rest: null,
    effects: [],
    diff: {
      ...pair.diff,
      isWhole: false,
      verdict: outcome === 'different' ? 'different outcome' : 'unknown',
      outcome,
      effect: 'unknown',
      path: {
        ...pair.diff.path,
        changed: 0,
        onlyLeft: 0,
        onlyRight: 0,
        asideLeft: asideLeft + changed + onlyLeft,
        asideRight: asideRight + changed + onlyRight,
        restDiffers: 0,
      },
      effects: [],
      effectsTotal: 0,
    },
  }
}

/**
 * Return value, or how the call ended without one. Where final states cannot be laid side by side (addresses of
 * different boots), also what the call made of the entries that it wrote.
 */
function outcomeOf(
  left: CallData,
  right: CallData,
  effects: EffectComparison,
  addresses: Addressing,
): Answer {
  const returned = sameReturn(left, right)
  if (returned === 'different') return 'different'
  if (addresses === 'relative' && effects.translation) return 'different'
  return returned
}

export function sameReturn(left: CallData, right: CallData): Answer {
  const a = left.call.ret
  const b = right.call.ret
  if (left.call === WHOLE_RUN && right.call === WHOLE_RUN) return 'same'
  if (a !== null && b !== null) return a === b ? 'same' : 'different'
  if (left.endedBy !== null || right.endedBy !== null) {
    return left.endedBy === right.endedBy && a === b ? 'same' : 'different'
  }
  return 'unknown'
}

/** An outcome that is unknown does not make a verdict worse; the answer stands beside it. */
export function verdictOf(outcome: Answer, effect: Answer, samePath: boolean): DiffVerdict {
  if (outcome === 'different') return 'different outcome'
  if (effect === 'different') return 'same outcome, different effects'
  return samePath ? 'identical' : 'same effects by another path'
}

export const refOf = (call: Call, endedBy: string | null): CallRef => ({
  op: call.op,
  fn: call.fn,
  va: call.va,
  end: call.end,
  ret: call.ret,
  endedBy,
  seq: call.first,
})
