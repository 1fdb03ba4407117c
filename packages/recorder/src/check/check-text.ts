import { many } from '../event/quantity.ts'
import { type CheckReport, type Finding, isClean, type RuleVerdict } from './finding.ts'
import { RULES } from './rules.ts'

const ORDER = ['error', 'warning', 'note'] as const

/** Findings of one rule shown in full in text; the rest are counted. */
const MAX_SHOWN = 5

const seqsOf = (finding: Finding): string => finding.proof.map((seq) => `#${seq}`).join(' ')

function* ruleLines(findings: readonly Finding[], verdict: RuleVerdict): Generator<string> {
  const rule = RULES.find((r) => r.name === verdict.rule)
  const severity = ORDER.find((s) => findings.some((f) => f.severity === s)) ?? 'note'
  yield `${severity}: ${verdict.rule} (${verdict.hazard}), ${many(verdict.count, 'finding')}`
  yield `  ${rule?.sentence ?? ''}`
  for (const finding of findings.slice(0, MAX_SHOWN)) {
    const call = finding.op === null ? '' : `call ${finding.op}: `
    yield `  - ${call}${finding.message}`
    yield `    events ${seqsOf(finding)}`
  }
  const more = verdict.count - Math.min(findings.length, MAX_SHOWN)
  if (more > 0) yield `  … and ${more} more; --json lists them`
  if (severity !== 'note' && rule !== undefined) {
    for (const remedy of rule.remedies) yield `  remedy: ${remedy}`
  }
  yield ''
}

/** A report for people: gravest first, then what could not be decided, then one line of summary. */
export function* checkLines(report: CheckReport): Generator<string> {
  for (const severity of ORDER) {
    for (const verdict of report.verdicts) {
      const findings = report.findings.filter((f) => f.rule === verdict.rule)
      const gravest = ORDER.find((s) => findings.some((f) => f.severity === s))
      if (gravest === severity) yield* ruleLines(findings, verdict)
    }
  }
  const open = report.verdicts.filter((v) => v.status === 'undecided')
  for (const { rule, hazard, missing } of open) {
    yield `undecided: ${rule} (${hazard}) needs ${missing.join('; ')}`
  }
  if (open.length > 0) yield ''
  const rules = report.verdicts.length
  const clean = report.verdicts.filter((v) => v.status === 'clean').length
  const verdict = isClean(report) ? 'nothing is broken' : 'see above'
  yield (
    `${report.run.label}: ${many(report.events, 'event')}, ${many(rules, 'rule')}: ${clean} clean, ` +
    `${rules - clean - open.length} with findings, ${open.length} undecided; ${verdict}`
  )
}
