import { many } from '../../event/quantity.ts'
import { type Annotation, annotationLines, xmlText } from '../../say/ci-text.ts'
import { escapeControls } from '../../say/value.ts'
import type { GateResult } from '../gate.ts'
import type { Diff } from '../result.ts'
import { askedTexts, verdictText } from './wording.ts'
import type { Answer } from '../pair-result.ts'

const VERBS: Readonly<Record<Answer, string>> = {
  same: 'passed',
  different: 'failed',
  unknown: 'not decided',
}

/** `passed`, also where what could not be decided is allowed; `failed`, `not decided`. */
export const gateWords = ({ answer, passes }: Pick<GateResult, 'answer' | 'passes'>): string =>
  VERBS[passes ? 'same' : answer]

/** `gate passed: NEW against BASELINE: identical; outcome, effect the same in 93 pairs of calls`: one line. */
export function gateLine(diff: Diff, { answer, checks, passes }: GateResult): string {
  const names = `${diff.right.label} against ${diff.left.label}`
  const head = `gate ${gateWords({ answer, passes })}: ${names}: ${verdictText(diff)}`
  if (!passes) return escapeControls([head, ...askedTexts(diff)].join('; '))
  const asked = checks.filter((check) => check.answer === 'same' && !OF_RUNS.has(check.name))
  const same = asked.filter(({ name }) => !name.startsWith('cost ')).map(({ name }) => name)
  const costs = asked.filter(({ name }) => name.startsWith('cost ')).flatMap((c) => c.reasons)
  const pairs = `${many(diff.calls.paired, 'pair')} of calls`
  const open = checks.filter((check) => check.answer === 'unknown')
  const parts = [
    head,
    ...askedTexts(diff),
    ...(same.length > 0 ? [`${same.join(', ')} the same in ${pairs}`] : []),
    ...costs,
    ...open.map(({ name, reasons }) => `${name} ${WORDS.unknown}, which is allowed: ${reasons[0]}`),
  ]
  return escapeControls(parts.join('; '))
}

/** Conditions of the runs as such, which no line names where they hold. */
const OF_RUNS: ReadonlySet<string> = new Set(['calls', 'whole'])

/** Why the gate did not pass: a line for each condition that failed or could not be decided. */
export const gateReasons = ({ checks }: GateResult): string[] =>
  checks
    .filter(({ answer }) => answer !== 'same')
    .flatMap(({ name, answer, reasons }) => {
      const [first = '', ...more] = reasons
      const lines = [`${name}: ${WORDS[answer]}${first === '' ? '' : `: ${first}`}`]
      return [...lines, ...more.map((reason) => `  ${reason}`)].map(escapeControls)
    })

export const WORDS: Readonly<Record<Answer, string>> = {
  same: 'same',
  different: 'failed',
  unknown: 'not decided',
}

/**
 * The gate as JUnit's XML: a test case for each condition. What could not be decided is an error, for nothing reads
 * `skipped` as a reason to look; where that is allowed it is skipped, for nothing lets an error pass.
 */
export function* junitLines(
  diff: Diff,
  { answer: whole, checks, passes }: GateResult,
): Generator<string> {
  const count = (answer: Answer): number => checks.filter((c) => c.answer === answer).length
  const isAllowed = passes && whole === 'unknown'
  const [errors, skipped] = isAllowed ? [0, count('unknown')] : [count('unknown'), 0]
  const counts = `tests="${checks.length}" failures="${count('different')}" errors="${errors}"`
  const suite = xmlText(`pagetrail diff ${diff.left.label} ${diff.right.label}`)
  yield '<?xml version="1.0" encoding="UTF-8"?>'
  yield `<testsuites ${counts} time="0">`
  yield `  <testsuite name="${suite}" ${counts} skipped="${skipped}" time="0">`
  for (const { name, answer, reasons } of checks) {
    const open = `    <testcase classname="pagetrail.diff" name="${xmlText(name)}" time="0"`
    if (answer === 'same') yield `${open}/>`
    else {
      const tag = answer === 'different' ? 'failure' : isAllowed ? 'skipped' : 'error'
      const message = xmlText(`${VERBS[answer]}: ${reasons[0]}`)
      yield `${open}>`
      yield `      <${tag} type="${answer}" message="${message}">${xmlText(reasons.join('\n'))}</${tag}>`
      yield '    </testcase>'
    }
  }
  yield '  </testsuite>'
  yield '</testsuites>'
}

/** The gate as commands of a GitHub workflow: an annotation for each condition that did not pass, or a notice. */
export function* githubLines(diff: Diff, gate: GateResult): Generator<string> {
  const title = 'pagetrail gate'
  const level = gate.passes ? 'warning' : 'error'
  const open = gate.checks.filter(({ answer }) => answer !== 'same')
  yield* annotationLines([
    ...(gate.passes ? [{ level: 'notice', title, text: gateLine(diff, gate) } as const] : []),
    ...open.map(({ name, answer, reasons }): Annotation => {
      const text = reasons.join('\n')
      return { level, title: `${title}: ${name} ${WORDS[answer]}`, text }
    }),
  ])
}
