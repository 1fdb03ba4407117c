import type { Geometry } from '@pagetrail/engine'

import type { CostEvidence } from '../cost/costs.ts'
import type { Call } from '../event/run.ts'
import type { PairedCalls } from './align/align-calls.ts'
import { type CallData, WHOLE_RUN } from './align/call-stream.ts'
import {
  aftersDiffer,
  compareEffects,
  type EffectComparison,
  effectsMayDiffer,
  effectsOf,
} from './effects.ts'
import type { Addressing } from './options.ts'
import type {
  Answer,
  CallRef,
  EffectDifference,
  EffectKind,
  PairDiff,
  DiffVerdict,
} from './result.ts'
import type { KnownScripts } from './align/known-scripts.ts'
import { countRows, differs, type RowScript } from './align/rows.ts'

/** What both sides of every pair have in common. */
export interface PairContext {
  readonly addresses: Addressing
  readonly budget: number
  readonly scripts: KnownScripts
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
  /** All of them; the diff of the pair lists the first few. */
  readonly effects: readonly EffectDifference[]
}

export function comparePair(
  left: CallData,
  right: CallData,
  { sameInput, reordered, lane }: Pick<PairedCalls, 'sameInput' | 'reordered' | 'lane'>,
  context: PairContext,
): ComparedPair {
  const script = context.scripts.of(left.tokens, right.tokens)
  const path = countRows(script, left.tokens, right.tokens)
  const mayDiffer =
    effectsMayDiffer(script, left.tokens, right.tokens) || aftersDiffer(left.after, right.after)
  const effects: EffectComparison = mayDiffer
    ? compareEffects(
        effectsOf(left.tokens, context.leftGeometry, left.after),
        effectsOf(right.tokens, context.rightGeometry, right.after),
        context.addresses,
        context.unknown,
      )
    : { differences: [], translation: false, otherStart: 0 }
  const outcome = outcomeOf(left, right, effects, context.addresses)
  const effect: Answer = effects.differences.length > 0 ? 'different' : 'same'
  const samePath = !differs(path) && path.renamed === 0 && !reordered
  return {
    script,
    effects: effects.differences,
    diff: {
      left: refOf(left.call, left.endedBy),
      right: refOf(right.call, right.endedBy),
      sameInput,
      reordered,
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
