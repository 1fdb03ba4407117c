import { many } from '../event/quantity.ts'
import { InputError } from '@pagetrail/engine'

import { COST_NAMES, type CostName, exactly } from '../cost/costs.ts'
import { didYouMean } from '../event/nearest.ts'
import { type Question, QUESTIONS } from './options.ts'
import type { Diff, Lone } from './result.ts'
import { answerIn } from './say/answer.ts'
import { hasCost } from '../cost/cost-text.ts'
import { WHOLE_RUN } from './align/call-stream.ts'
import {
  effectExample,
  effectText,
  mappingTexts,
  ownCalls,
  unlikeText,
  unseen,
  verdictText,
} from './say/wording.ts'
import type { Answer } from './pair-result.ts'

/** By how much a cost may grow: `+3`, or a part of what the baseline has, `+10%`; below 0: by how much it must fall. */
export interface CostBound {
  readonly name: CostName
  readonly by: number
  readonly unit: 'count' | 'percent'
}

/** What a change must leave alike, and what it may cost more. */
export interface Gate {
  readonly questions: readonly Question[]
  readonly maxCost: readonly CostBound[]
  /** What could not be decided closes nothing. */
  readonly allowUndecided: boolean
}

/** What one condition came to; `reasons` says why, a sentence each, where it is not `same`. */
export interface GateCheck {
  /** A question, or `cost NAME`; `calls`: each call has its counterpart; `whole`: both runs are complete. */
  readonly name: string
  readonly answer: Answer
  readonly reasons: readonly string[]
}

export interface GateResult {
  /** `different`: the gate is closed. `unknown`: nothing differs, but something could not be decided. */
  readonly answer: Answer
  readonly checks: readonly GateCheck[]
  /** `different` keeps it closed, and `unknown` where that is not allowed. */
  readonly passes: boolean
}

/** Differences named for one question; the rest are counted. */
const NAMED = 3

/** @throws InputError for what is not a question, and where none is named */
export function gateQuestions(names: readonly string[]): Question[] {
  const known = QUESTIONS.join(', ')
  // A variable of a CI that is not set must not open the gate.
  if (names.length === 0) throw new InputError(`--gate names no question; there are ${known}`)
  const wrong = names.find((name) => !isQuestion(name))
  if (wrong !== undefined)
    throw new InputError(`no question ${wrong}${didYouMean(wrong, QUESTIONS)}; there are ${known}`)
  return QUESTIONS.filter((question) => names.includes(question))
}

const isQuestion = (name: string): name is Question =>
  (QUESTIONS as readonly string[]).includes(name)

/** Parts of a percent that count. */
const PARTS = 100

/** `barriers=0`, `callbacks=+10%`, `flushes=-5%`. @throws InputError for another form, a cost unknown or named twice */
export function costBounds(texts: readonly string[]): CostBound[] {
  const known = COST_NAMES.join(', ')
  if (texts.length === 0) throw new InputError(`--max-cost names no cost; there are ${known}`)
  const bounds = texts.map((text) => {
    const match = /^(\w+)=([+-]?\d+(?:\.\d+)?)(%?)$/.exec(text)
    if (!match) {
      throw new InputError(
        `${text} is not a bound of a cost; write NAME=N or NAME=N%, by how much it may grow: barriers=0, callbacks=+10%, or must fall: flushes=-5%`,
      )
    }
    const [, wanted = '', by = '', percent] = match
    const name = COST_NAMES.find((cost) => cost === wanted)
    if (!name)
      throw new InputError(`no cost ${wanted}${didYouMean(wanted, COST_NAMES)}; there are ${known}`)
    const whole = percent === '%' ? Number(by) * PARTS : Number(by)
    if (!Number.isSafeInteger(Math.round(whole)) || /\.\d{3}/.test(by))
      throw new InputError(`${text}: ${by} is too large, or has more than two decimals`)
    if (percent === '' && !Number.isInteger(whole))
      throw new InputError(`${text}: a cost is a whole number, or a part of it with %`)
    return { name, by: Number(by), unit: percent === '%' ? 'percent' : 'count' } as const
  })
  const twice = bounds.find(({ name }, i) => bounds.findIndex((b) => b.name === name) !== i)
  if (twice) throw new InputError(`${twice.name} has two bounds; give it one`)
  return bounds
}

/** Whether the right run may take the place of the left one, the baseline. */
export function judge(diff: Diff, gate: Gate): GateResult {
  const checks = [
    ...gate.questions.map((question) => QUESTION_CHECKS[question](diff)),
    ...gate.maxCost.map((bound) => costCheck(diff, bound)),
    callsCheck(diff),
    wholeCheck(diff),
  ]
  const has = (answer: Answer): boolean => checks.some((check) => check.answer === answer)
  const answer = has('different') ? 'different' : has('unknown') ? 'unknown' : 'same'
  const passes = answer === 'same' || (answer === 'unknown' && gate.allowUndecided)
  return { answer, checks, passes }
}

const QUESTION_CHECKS: Readonly<Record<Question, (diff: Diff) => GateCheck>> = {
  outcome: outcomeCheck,
  effect: effectCheck,
  path: pathCheck,
  cost: costsCheck,
}

function outcomeCheck(diff: Diff): GateCheck {
  const { answer, different, mapping, unknownReturn } = diff.outcome
  const reasons: string[] = []
  for (const { left, right } of different.items.slice(0, NAMED))
    reasons.push(`call ${left.op} | ${right.op}: ${unlikeText(left, right, diff)}`)
  if (different.total > NAMED) reasons.push(`and ${many(different.total - NAMED, 'more call')}`)
  const translated = mapping.ranges.items.filter(({ change }) => change === 'translation')
  for (const range of translated.slice(0, NAMED)) reasons.push(mappingTexts(range).join('; '))
  if (answer === 'unknown') {
    if (unknownReturn > 0)
      reasons.push(`${many(unknownReturn, 'pair')} of calls did not both return`)
    if (mapping.answer === 'unknown') reasons.push('part of the final mapping is not known')
  }
  if (reasons.length === 0 && answer === 'different')
    reasons.push('a call that only one run made is a difference of outcome')
  return { name: 'outcome', answer, reasons }
}

function effectCheck(diff: Diff): GateCheck {
  const { groups } = diff.effect
  const answer = answerIn(diff, 'effect')
  const reasons = groups.items
    .slice(0, NAMED)
    .map((group) => `${effectText(group)} (first: ${effectExample(group)})`)
  if (groups.total > NAMED) reasons.push(`and ${many(groups.total - NAMED, 'more sort')}`)
  if (answer === 'unknown') reasons.push(...openReasons(diff))
  return { name: 'effect', answer, reasons }
}

function pathCheck(diff: Diff): GateCheck {
  const { path, calls, outside } = diff
  const { changed, onlyLeft, onlyRight, renamed, first } = path
  const answer = answerIn(diff, 'path')
  if (answer !== 'different')
    return { name: 'path', answer, reasons: answer === 'unknown' ? openReasons(diff) : [] }
  const where = first === null ? '' : `, first in call ${first.left.op} | ${first.right.op}`
  const rows = `${many(changed, 'event')} changed, ${onlyLeft} only in the baseline, ${onlyRight} only in the new run${where}`
  const reasons = changed + onlyLeft + onlyRight > 0 ? [rows] : []
  if (renamed > 0) reasons.push(`${many(renamed, 'event')} under another name`)
  if (calls.reordered > 0)
    reasons.push(
      `${many(calls.reordered, 'pair')} of calls in another order within one task or CPU`,
    )
  if (outside?.pathDiffers === true) reasons.push('outside of calls something else happened')
  if (reasons.length === 0)
    reasons.push(`what is compared without its order differs: ${verdictText(diff)}`)
  return { name: 'path', answer, reasons }
}

/** Why what happened in calls could not be compared in full. */
function openReasons(diff: Diff): string[] {
  const { calls, incomplete } = diff
  if (calls.paired === 0) return [NO_PAIR]
  const reasons: string[] = []
  if (calls.torn > 0) reasons.push(`${many(calls.torn, 'pair')} of calls with lost events`)
  for (const [side, name] of SIDES) {
    const { cannotShow } = diff[side]
    if (cannotShow.length > 0) reasons.push(`the ${name} cannot show ${cannotShow.join(', ')}`)
  }
  const hidden = unseen(diff)
  if (reasons.length === 0 && hidden.length > 0)
    reasons.push(`neither run shows ${hidden.join(' and ')}`)
  if (reasons.length === 0) reasons.push(...incomplete)
  return reasons.length > 0 ? reasons : ['what is left of earlier calls is not known']
}

const NO_PAIR = 'no call of one run has a counterpart in the other'

const SIDES = [
  ['left', 'baseline'],
  ['right', 'new run'],
] as const

/** No count may grow. */
function costsCheck(diff: Diff): GateCheck {
  const { pairedLeft, pairedRight } = diff.cost
  const checks = COST_NAMES.filter(
    (name) => name !== 'time' && (hasCost(pairedLeft, name) || hasCost(pairedRight, name)),
  ).map((name) => costCheck(diff, { name, by: 0, unit: 'count' }))
  const of = (answer: Answer): string[] =>
    checks.filter((check) => check.answer === answer).flatMap(({ reasons }) => reasons)
  const [grown, open] = [of('different'), of('unknown')]
  if (grown.length > 0) return { name: 'cost', answer: 'different', reasons: grown }
  if (checks.length === 0) return { name: 'cost', answer: 'unknown', reasons: openReasons(diff) }
  return { name: 'cost', answer: open.length > 0 ? 'unknown' : 'same', reasons: open }
}

function costCheck(diff: Diff, { name, by, unit }: CostBound): GateCheck {
  const { cost, calls } = diff
  const [was, is] = [exactly(cost.pairedLeft, name), exactly(cost.pairedRight, name)]
  const title = `cost ${name}`
  // Pairs with lost events cost nothing that is known.
  if (calls.paired === calls.torn)
    return { name: title, answer: 'unknown', reasons: openReasons(diff) }
  const bound = `at most ${by < 0 ? '' : '+'}${by}${unit === 'percent' ? '%' : ''}`
  if (was === null || is === null) {
    const side = was === null ? 'baseline' : 'new run'
    const least = (was === null ? cost.pairedLeft : cost.pairedRight)[name]
    const how = least === null ? `does not show ${name}` : `shows ${name} in part, ${least} of them`
    return { name: title, answer: 'unknown', reasons: [`the ${side} ${how}`] }
  }
  const answer = isOver(was, is, by, unit) ? 'different' : 'same'
  return { name: title, answer, reasons: [`${name} ${was} → ${is}, ${bound}`] }
}

/** In whole numbers: a percent of a count has no rounding to argue about. */
function isOver(was: number, is: number, by: number, unit: CostBound['unit']): boolean {
  if (unit === 'count') return is - was > by
  return BigInt(is - was) * BigInt(100 * PARTS) > BigInt(was) * BigInt(Math.round(by * PARTS))
}

/**
 * The gate does not open over a call of the baseline that was not seen again, also where it may be among the events
 * that the new run lost. What the baseline may have lost, or where no call was compared, nobody knows.
 */
function callsCheck(diff: Diff): GateCheck {
  const { onlyLeft, onlyRight, otherInput, paired } = diff.calls
  const reasons = [
    ...loneReasons(onlyLeft, 'missing from the new run', ['baseline', 'new run']),
    ...loneReasons(onlyRight, 'in the new run only', ['new run', 'baseline']),
    ...(otherInput > 0 ? [`${many(otherInput, 'pair')} of calls of another size`] : []),
  ]
  const isMissing = paired > 0 && onlyLeft.total > 0
  const answer =
    isMissing || ownCalls(diff) > 0 ? 'different' : reasons.length > 0 ? 'unknown' : 'same'
  return { name: 'calls', answer, reasons }
}

function loneReasons(
  { total, items, byFunction, byReason }: Lone,
  what: string,
  [mine, other]: readonly [string, string],
): string[] {
  if (total === 0) return []
  if (WHOLE_RUN.fn in byFunction) return [`the ${mine} has no calls`]
  const named = Object.entries(byFunction).map(([fn, n]) => `${n} ${fn}`)
  const [first] = items
  const where = first === undefined ? '' : ` (first: call ${first.op})`
  const { loss = 0 } = byReason
  const part = loss === total ? '' : `${loss} of them `
  const lost = loss > 0 ? `, ${part}perhaps among the events that the ${other} lost` : ''
  return [`${many(total, 'call')} ${what}: ${named.join(', ')}${where}${lost}`]
}

const wholeCheck = ({ incomplete }: Diff): GateCheck => ({
  name: 'whole',
  answer: incomplete.length > 0 ? 'unknown' : 'same',
  reasons: incomplete,
})
