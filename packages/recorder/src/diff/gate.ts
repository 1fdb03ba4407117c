import { many } from '../event/quantity.ts'
import { InputError } from '@pagetrail/engine'

import { COST_NAMES, type CostName, exactly } from '../cost/costs.ts'
import { didYouMean } from '../event/nearest.ts'
import { type Question, QUESTIONS } from './options.ts'
import type { Diff } from './result.ts'
import { effectExample, effectText, mappingTexts, callText, unseen } from './say/wording.ts'
import type { Answer } from './pair-result.ts'

/** By how much a cost may grow: `+3`, or a part of what the baseline has, `+10%`. */
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

/** @throws InputError for what is not a question */
export function gateQuestions(names: readonly string[]): Question[] {
  const wrong = names.find((name) => !isQuestion(name))
  if (wrong !== undefined) {
    const known = QUESTIONS.join(', ')
    throw new InputError(`no question ${wrong}${didYouMean(wrong, QUESTIONS)}; there are ${known}`)
  }
  return QUESTIONS.filter((question) => names.includes(question))
}

const isQuestion = (name: string): name is Question =>
  (QUESTIONS as readonly string[]).includes(name)

/** `barriers=0`, `callbacks=+10%`. @throws InputError for another form or an unknown cost */
export function costBounds(texts: readonly string[]): CostBound[] {
  return texts.map((text) => {
    const match = /^(\w+)=\+?(\d+(?:\.\d+)?)(%?)$/.exec(text)
    if (!match) {
      throw new InputError(
        `${text} is not a bound of a cost; write NAME=N or NAME=N%, by how much it may grow: barriers=0, callbacks=+10%`,
      )
    }
    const [, wanted = '', by = '', percent] = match
    const name = COST_NAMES.find((cost) => cost === wanted)
    if (!name) {
      const known = COST_NAMES.join(', ')
      throw new InputError(`no cost ${wanted}${didYouMean(wanted, COST_NAMES)}; there are ${known}`)
    }
    if (percent === '' && !Number.isSafeInteger(Number(by)))
      throw new InputError(`${text}: a cost is a whole number, or a part of it with %`)
    return { name, by: Number(by), unit: percent === '%' ? 'percent' : 'count' }
  })
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
  cost: (diff) => {
    const checks = COST_NAMES.filter((name) => name !== 'time' && known(diff, name)).map((name) =>
      costCheck(diff, { name, by: 0, unit: 'count' }),
    )
    const reasons = checks.flatMap((check) => check.reasons)
    const grown = checks.some((check) => check.answer === 'different')
    return { name: 'cost', answer: grown ? 'different' : 'same', reasons }
  },
}

const known = ({ cost }: Diff, name: CostName): boolean =>
  exactly(cost.pairedLeft, name) !== null && exactly(cost.pairedRight, name) !== null

function outcomeCheck({ outcome, geometries }: Diff): GateCheck {
  const { answer, different, mapping, unknownReturn } = outcome
  const reasons: string[] = []
  for (const { left, right } of different.items.slice(0, NAMED)) {
    const calls = `${callText(left, geometries.left)} | ${callText(right, geometries.right)}`
    reasons.push(`call ${left.op} | ${right.op}: ${calls}`)
  }
  if (different.total > NAMED) reasons.push(`and ${many(different.total - NAMED, 'more call')}`)
  const translated = mapping.ranges.items.filter(({ change }) => change === 'translation')
  for (const range of translated.slice(0, NAMED)) reasons.push(mappingTexts(range).join('; '))
  if (answer === 'unknown' && unknownReturn > 0)
    reasons.push(`${many(unknownReturn, 'pair')} of calls did not both return`)
  if (answer === 'unknown' && mapping.answer === 'unknown')
    reasons.push('part of the final mapping is not known')
  return { name: 'outcome', answer, reasons }
}

function effectCheck(diff: Diff): GateCheck {
  const { groups, unknown } = diff.effect
  const hidden = unseen(diff)
  const answer = diff.effect.answer === 'same' && hidden.length > 0 ? 'unknown' : diff.effect.answer
  const reasons = groups.items
    .slice(0, NAMED)
    .map((group) => `${effectText(group)} (first: ${effectExample(group)})`)
  if (groups.total > NAMED) reasons.push(`and ${many(groups.total - NAMED, 'more sort')}`)
  const kinds = hidden.length > 0 ? hidden : unknown
  if (answer === 'unknown' && kinds.length > 0)
    reasons.push(`a run does not show ${kinds.join(', ')}`)
  if (answer === 'unknown' && diff.calls.torn > 0)
    reasons.push(`${many(diff.calls.torn, 'pair')} of calls with lost events`)
  return { name: 'effect', answer, reasons }
}

function pathCheck({ path, calls, outside }: Diff): GateCheck {
  const { answer, changed, onlyLeft, onlyRight, renamed, first } = path
  if (answer !== 'different') return { name: 'path', answer, reasons: [] }
  const where = first === null ? '' : `, first in call ${first.left.op} | ${first.right.op}`
  const rows = `${many(changed, 'event')} changed, ${onlyLeft} only in the baseline, ${onlyRight} only in the new run${where}`
  const reasons = changed + onlyLeft + onlyRight > 0 ? [rows] : []
  if (renamed > 0) reasons.push(`${many(renamed, 'event')} under another name`)
  if (calls.reordered > 0)
    reasons.push(
      `${many(calls.reordered, 'pair')} of calls in another order within one task or CPU`,
    )
  if (outside?.pathDiffers === true) reasons.push('outside of calls something else happened')
  return { name: 'path', answer, reasons }
}

function costCheck({ cost }: Diff, { name, by, unit }: CostBound): GateCheck {
  const [was, is] = [exactly(cost.pairedLeft, name), exactly(cost.pairedRight, name)]
  const title = `cost ${name}`
  const bound = `at most +${by}${unit === 'percent' ? '%' : ''}`
  if (was === null || is === null) {
    const side = was === null ? 'baseline' : 'new run'
    const least = (was === null ? cost.pairedLeft : cost.pairedRight)[name]
    const how = least === null ? `does not show ${name}` : `shows ${name} in part, ${least} of them`
    return { name: title, answer: 'unknown', reasons: [`the ${side} ${how}`] }
  }
  const most = unit === 'percent' ? was + (was * by) / 100 : was + by
  const answer = is > most ? 'different' : 'same'
  return { name: title, answer, reasons: [`${name} ${was} → ${is}, ${bound}`] }
}

/** A call that the verdict does not speak of is not the same, nor is one that was lost perhaps: nobody saw it. */
function callsCheck({ calls }: Diff): GateCheck {
  const reasons: string[] = []
  for (const [lone, what] of [
    [calls.onlyLeft, 'missing from the new run'],
    [calls.onlyRight, 'in the new run only'],
  ] as const) {
    if (lone.total === 0) continue
    const named = Object.entries(lone.byFunction).map(([fn, n]) => `${n} ${fn}`)
    const [first] = lone.items
    const where = first === undefined || first.op < 0 ? '' : ` (first: call ${first.op})`
    reasons.push(`${many(lone.total, 'call')} ${what}: ${named.join(', ')}${where}`)
  }
  if (calls.otherInput > 0)
    reasons.push(`${many(calls.otherInput, 'pair')} of calls of another size`)
  return { name: 'calls', answer: reasons.length > 0 ? 'different' : 'same', reasons }
}

const wholeCheck = ({ incomplete }: Diff): GateCheck => ({
  name: 'whole',
  answer: incomplete.length > 0 ? 'unknown' : 'same',
  reasons: incomplete,
})
