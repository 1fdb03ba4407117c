import { many } from '../../event/quantity.ts'
import { escapeControls } from '../../say/value.ts'
import type { GateCheck, GateResult } from '../gate.ts'
import type { Diff } from '../result.ts'
import { verdictText } from './wording.ts'
import type { Answer } from '../pair-result.ts'

const VERBS: Readonly<Record<Answer, string>> = {
  same: 'passed',
  different: 'failed',
  unknown: 'not decided',
}

/** `gate passed: NEW against BASELINE: identical; outcome, effect the same in 93 pairs of calls`: one line. */
export function gateLine(diff: Diff, { answer, checks, passes }: GateResult): string {
  const names = `${diff.right.label} against ${diff.left.label}`
  const head = `gate ${passes ? VERBS.same : VERBS[answer]}: ${names}: ${verdictText(diff)}`
  if (!passes) return escapeControls(head)
  const asked = checks.filter((check) => check.answer === 'same' && !OF_RUNS.has(check.name))
  const same = asked.filter(({ name }) => !name.startsWith('cost ')).map(({ name }) => name)
  const costs = asked.filter(({ name }) => name.startsWith('cost ')).flatMap((c) => c.reasons)
  const pairs = `${many(diff.calls.paired, 'pair')} of calls`
  const open = checks.filter((check) => check.answer === 'unknown')
  const parts = [
    head,
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

const WORDS: Readonly<Record<Answer, string>> = {
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
  const counts = `tests="${checks.length}" failures="${count('different')}" errors="${errors}" skipped="${skipped}"`
  yield '<?xml version="1.0" encoding="UTF-8"?>'
  yield `<testsuites ${counts}>`
  yield `  <testsuite name="${xml(`pagetrail diff ${diff.left.label} ${diff.right.label}`)}" ${counts}>`
  for (const { name, answer, reasons } of checks) {
    const open = `    <testcase classname="pagetrail.diff" name="${xml(name)}"`
    if (answer === 'same') yield `${open}/>`
    else {
      const tag = answer === 'different' ? 'failure' : isAllowed ? 'skipped' : 'error'
      const message = `${VERBS[answer]}: ${reasons[0] ?? verdictText(diff)}`
      yield `${open}>`
      yield `      <${tag} message="${xml(message)}">${xml(reasons.join('\n'))}</${tag}>`
      yield '    </testcase>'
    }
  }
  yield '  </testsuite>'
  yield '</testsuites>'
}

/** What XML 1.0 can hold of a text: a line break stays one, other controls are shown as escapes. */
const xml = (text: string): string =>
  text
    .split('\n')
    .map((line) => escapeControls(line))
    .join('\n')
    .replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** The gate as commands of a GitHub workflow: an annotation for each condition that did not pass, or a notice. */
export function* githubLines(diff: Diff, gate: GateResult): Generator<string> {
  if (gate.passes) yield `::notice title=pagetrail gate::${workflowData(gateLine(diff, gate))}`
  for (const check of gate.checks)
    if (check.answer !== 'same') yield annotation(check, gate.passes ? 'warning' : 'error')
}

function annotation({ name, answer, reasons }: GateCheck, level: 'warning' | 'error'): string {
  const title = workflowData(`pagetrail gate: ${name} ${WORDS[answer]}`)
    .replaceAll(':', '%3A')
    .replaceAll(',', '%2C')
  return `::${level} title=${title}::${workflowData(reasons.join('\n') || WORDS[answer])}`
}

/** What a workflow command would end at is escaped as the runner expects. */
const workflowData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
