import { InputError } from '@pagetrail/engine'
import { many } from '../event/quantity.ts'
import { type Annotation, annotationLines, xmlText } from '../say/ci-text.ts'
import { escapeControls } from '../say/value.ts'
import { type CheckReport, type Finding, type Severity, undecided } from './finding.ts'

/** The line of the run's JSON Lines that an event is on: the first is the header. */
export const lineOf = (seq: number): number => seq + 2

/** What fails a check: errors, or warnings too. */
export const FAIL_ON = ['error', 'warning'] as const
export type FailOn = (typeof FAIL_ON)[number]

const COUNTS: Readonly<Record<FailOn, readonly Severity[]>> = {
  error: ['error'],
  warning: ['error', 'warning'],
}

/** A report as a gate sees it. */
export interface CheckGate {
  /** Findings that fail it, and those that would but for the baseline, which knew them. */
  readonly failing: readonly Finding[]
  readonly known: readonly Finding[]
  readonly undecided: number
  /** Findings past those that a report lists: where there is a baseline, nobody can say whether it knew them. */
  readonly unlisted: number
}

/** `baseline`: fingerprints of findings that were there before. */
export function checkGate(
  report: CheckReport,
  failOn: FailOn,
  baseline: ReadonlySet<string> = new Set(),
): CheckGate {
  const counted = report.findings.filter((f) => COUNTS[failOn].includes(f.severity))
  return {
    failing: counted.filter((f) => !baseline.has(f.fingerprint)),
    known: counted.filter((f) => baseline.has(f.fingerprint)),
    undecided: undecided(report).length,
    unlisted: report.verdicts
      .filter((v) => v.status === 'found')
      .reduce((sum, v) => sum + v.count, -report.findings.length),
  }
}

/**
 * The fingerprints of an earlier report, as `check --json` or `--format sarif` wrote it. @throws InputError naming the
 * line that is neither
 */
export function baselineOf(text: string, file: string): Set<string> {
  const prints = new Set<string>()
  if (/^\s*\{\s*"\$schema"/.test(text)) {
    for (const match of text.matchAll(/"pagetrail\/v1":\s*"([0-9a-f]{16})"/g)) prints.add(match[1]!)
    return prints
  }
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const found = printOf(line)
    if (found === null) {
      throw new InputError(
        `${file}:${i + 1}: not a line of a report; --baseline takes what check --json or --format sarif wrote`,
      )
    }
    if (found !== '') prints.add(found)
  }
  return prints
}

/** The fingerprint in a line of JSON, empty: the line has none; null: it is not JSON. */
function printOf(line: string): string | null {
  try {
    const json: unknown = JSON.parse(line)
    if (typeof json !== 'object' || json === null || !('type' in json)) return null
    return 'fingerprint' in json ? String(json.fingerprint) : ''
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

const whereOf = (finding: Finding, file: string): string =>
  `${file}:${lineOf(finding.proof.at(-1) ?? 0)}`

/**
 * JUnit's XML: a test case for each rule; what fails the gate is a failure, an undecided rule is skipped. GitLab shows
 * the text of a failure without its attributes, Jenkins only the first failure of a test case: so there is one, and its
 * text has all findings.
 */
export function* checkJunit(report: CheckReport, gate: CheckGate): Generator<string> {
  const { verdicts, run } = report
  const failed = verdicts.filter(({ rule }) => gate.failing.some((f) => f.rule === rule))
  yield '<?xml version="1.0" encoding="UTF-8"?>'
  yield (
    `<testsuite name="${xmlText(`pagetrail check ${run.label}`)}" tests="${verdicts.length}" ` +
    `failures="${failed.length}" errors="0" skipped="${gate.undecided}" time="0" file="${xmlText(run.file)}">`
  )
  for (const { rule, hazard, status, missing } of verdicts) {
    const failing = gate.failing.filter((f) => f.rule === rule)
    const open = `  <testcase classname="${hazard}" name="${rule}" time="0"`
    if (failing.length > 0) {
      const [first] = failing
      const message = `${first!.message}${failing.length > 1 ? ` and ${failing.length - 1} more` : ''}`
      const type = failing.some((f) => f.severity === 'error') ? 'error' : first!.severity
      yield `${open}>`
      yield `    <failure type="${type}" message="${xmlText(message)}">`
      for (const f of failing) {
        const events = `${whereOf(f, run.file)} (events ${f.proof.join(' ')})`
        yield xmlText(`${f.severity}: ${f.message}: ${events}`)
      }
      yield '    </failure>'
      yield '  </testcase>'
    } else if (status === 'undecided') {
      yield `${open}><skipped message="${xmlText(`needs ${missing.join('; ')}`)}"/></testcase>`
    } else yield `${open}/>`
  }
  yield '</testsuite>'
}

const LEVELS = { error: 'error', warning: 'warning', note: 'notice' } as const

/**
 * Annotations of a GitHub workflow: one for each finding that is not known, notes as notices, one for all undecided
 * rules; then one line of sum.
 */
export function* checkGithub(report: CheckReport, gate: CheckGate): Generator<string> {
  const { run } = report
  const found = report.findings
    .filter((f) => !gate.known.includes(f))
    .map((f): Annotation => {
      const at = { file: run.file, line: lineOf(f.proof.at(-1) ?? 0) }
      return { level: LEVELS[f.severity], title: f.rule, text: f.message, at }
    })
  const open = undecided(report).map(({ rule, missing }) => `${rule} needs ${missing.join('; ')}`)
  const title = `${many(open.length, 'rule')} undecided`
  // Before the notes: of many, only the first are shown.
  yield* annotationLines([
    ...(open.length > 0 ? [{ level: 'notice', title, text: open.join('\n') } as const] : []),
    ...found,
  ])
  const sum = `${gate.failing.length} failing, ${gate.known.length} known, ${many(gate.undecided, 'rule')} undecided`
  // A label may begin as a command does, and have several lines.
  yield `pagetrail check ${escapeControls(run.label)}: ${sum}`
}
