import type { Costs } from '../cost/costs.ts'
import type { Question } from '../diff/options.ts'
import { answerTo } from '../diff/say/answer.ts'
import type { ScenarioResult } from './compare-trees.ts'
import type { Answer, PathCounts } from '../diff/pair-result.ts'

/**
 * What one scenario answers to each of the four questions, with the figures of it. Counts are of the calls that both
 * sides made. A side that was not seen to its end answers nothing: all four are `unknown`.
 */
export interface ByQuestion {
  /** Calls without a counterpart of the same input: for these alone every question is `different`. */
  readonly lone: number
  readonly outcome: {
    readonly answer: Answer
    /** Calls that return otherwise; ranges of the final mapping that differ. */
    readonly returns: number
    readonly ranges: number
  }
  readonly effect: { readonly answer: Answer; readonly differences: number }
  readonly path: Pick<PathCounts, 'changed' | 'onlyLeft' | 'onlyRight' | 'renamed'> & {
    readonly answer: Answer
  }
  readonly cost: { readonly answer: Answer; readonly left: Costs; readonly right: Costs }
}

export function byQuestion({ diff, incomplete }: ScenarioResult): ByQuestion {
  const answer = (question: Question): Answer =>
    incomplete.length > 0 ? 'unknown' : answerTo(diff, question).answer
  const { calls, outcome, effect, path, cost } = diff
  return {
    lone: calls.otherInput + calls.onlyLeft.total + calls.onlyRight.total,
    outcome: {
      answer: answer('outcome'),
      returns: outcome.differentReturn,
      ranges: outcome.mapping.ranges.total,
    },
    effect: { answer: answer('effect'), differences: effect.differences.total },
    path: {
      answer: answer('path'),
      changed: path.changed,
      onlyLeft: path.onlyLeft,
      onlyRight: path.onlyRight,
      renamed: path.renamed,
    },
    cost: { answer: answer('cost'), left: cost.pairedLeft, right: cost.pairedRight },
  }
}
