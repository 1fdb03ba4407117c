import type { EventSource } from '../event/run.ts'
import type { LoneOnLeft, LoneOnRight } from './align/align-calls.ts'
import { WHOLE_RUN } from './align/call-stream.ts'
import type { SideCall } from './align/side.ts'
import { afterLoss, type ComparedPair, comparePair, withLoss } from './compare-pair.ts'
import { pairedCalls, type RunComparison } from './comparison.ts'
import { Losses } from './losses.ts'

/** Where events of each run are missing. */
export interface LossesOfBoth {
  readonly left: Losses
  readonly right: Losses
}

/** A pair of calls with what is known of it, or a call that one side shows, with the reason that is known. */
export type JudgedPair =
  | {
      readonly side: 'both'
      readonly left: SideCall
      readonly right: SideCall
      readonly compared: ComparedPair
    }
  | {
      readonly side: 'left' | 'right'
      readonly data: SideCall
      readonly pair: LoneOnLeft | LoneOnRight
    }

export const lossesOf = (a: EventSource, b: EventSource): LossesOfBoth => ({
  left: new Losses(a),
  right: new Losses(b),
})

/** The calls of both sides as they belong together. What missing events may explain is not a difference. */
export function* judgedPairs(
  comparison: RunComparison,
  losses: LossesOfBoth,
): Generator<JudgedPair> {
  for (const { pair, left, right } of pairedCalls(comparison)) {
    if (right === null)
      yield { side: 'left', data: left, pair: loneFor('left', left, pair, losses) }
    else if (left === null)
      yield { side: 'right', data: right, pair: loneFor('right', right, pair, losses) }
    else {
      const whole = comparePair(left, right, pair, comparison.context)
      yield { side: 'both', left, right, compared: asFarAsKnown(whole, left, right, losses) }
    }
  }
}

function loneFor<P extends LoneOnLeft | LoneOnRight>(
  side: 'left' | 'right',
  { call }: SideCall,
  pair: P,
  losses: LossesOfBoth,
): P {
  const other = losses[side === 'left' ? 'right' : 'left']
  // A run that lost the beginnings of its calls has none.
  const isRest = call.op === WHOLE_RUN.op && !losses[side].isWhole
  const isLost = isRest || (pair.reason !== 'rate' && other.mayHold())
  return isLost ? { ...pair, reason: 'loss' } : pair
}

/** A pair without the differences that missing events may be all of. */
function asFarAsKnown(
  pair: ComparedPair,
  left: SideCall,
  right: SideCall,
  losses: LossesOfBoth,
): ComparedPair {
  if (losses.left.within(left.call) || losses.right.within(right.call))
    return withLoss(pair, left, right)
  const isLater = losses.left.before(left.call) || losses.right.before(right.call)
  return isLater ? afterLoss(pair) : pair
}
