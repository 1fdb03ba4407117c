import type { Question } from '../options.ts'
import type { Answer } from '../pair-result.ts'
import type { Diff } from '../result.ts'
import { costRows, hasOwnCalls, unseen, verdictText } from './wording.ts'

/** What a comparison answers, and why: what an exit status is made of. */
export interface DiffAnswer {
  /** `unknown`: the same as far as both sides show, and something that was asked for cannot be. */
  readonly answer: 'same' | 'different' | 'unknown'
  /** One sentence. */
  readonly reason: string
}

/**
 * The answer to the question that was asked; without one to all four. The same only where everything that was asked for
 * was compared: calls without counterpart are a difference, what a side cannot show is unknown.
 */
export function answerTo(diff: Diff, by: Question | null = diff.asked.by): DiffAnswer {
  const answer = by === null ? ofAll(diff) : ofOne(diff, by)
  if (answer.answer === 'same' && diff.incomplete.length > 0) {
    return { answer: 'unknown', reason: diff.incomplete[0]! }
  }
  return answer
}

function ofAll(diff: Diff): DiffAnswer {
  const reason = verdictText(diff)
  const isOwn = hasOwnCalls(diff)
  if (diff.verdict === 'unknown' && !isOwn) return { answer: 'unknown', reason }
  if (diff.verdict !== 'identical' || isOwn) return { answer: 'different', reason }
  const { outcome, effect, left, right } = diff
  const hidden = left.cannotShow.length + right.cannotShow.length > 0
  const isOpen = outcome.answer === 'unknown' || effect.answer === 'unknown' || hidden
  if (isOpen || unseen(diff).length > 0) return { answer: 'unknown', reason }
  return { answer: 'same', reason }
}

function ofOne(diff: Diff, by: Question): DiffAnswer {
  const isOwn = hasOwnCalls(diff)
  const scope = isOwn ? `, and some calls have no counterpart` : ''
  if (by === 'cost') {
    const rows = costRows(diff.cost.pairedLeft, diff.cost.pairedRight)
    const unlike = rows.filter((row) => row.change !== '=' && row.name !== 'time')
    if (unlike.some((row) => row.change !== '?') || isOwn) {
      return { answer: 'different', reason: `cost: different${scope}` }
    }
    const isOpen = unlike.length > 0
    return {
      answer: isOpen ? 'unknown' : 'same',
      reason: `cost: ${isOpen ? 'not all of it known' : 'the same'}`,
    }
  }
  const answer = answerIn(diff, by)
  const isDifferent = answer === 'different' || isOwn
  return {
    answer: isDifferent ? 'different' : answer,
    reason: `${by}: ${answer}${scope}`,
  }
}

/** The same where all that the question is about is to be seen; what neither run shows may differ. */
export function answerIn(diff: Diff, by: Exclude<Question, 'cost'>): Answer {
  const { answer } = diff[by]
  return answer === 'same' && by !== 'outcome' && unseen(diff).length > 0 ? 'unknown' : answer
}
