import { checkRun, type Run, type RunFile, undecided } from '@pagetrail/recorder'
import type { CheckView } from './data.ts'

/** What the checks say of a run, as its screens show it. */
export function checkView(runFile: RunFile, run: Run): CheckView {
  const report = checkRun(runFile.source(run))
  return {
    findings: report.findings.map((f) => ({
      seq: f.proof.at(-1) ?? 0,
      proof: f.proof,
      rule: f.rule,
      text: f.message,
      severity: f.severity,
    })),
    undecided: undecided(report).map(
      (v) => `${v.rule}: this run does not show ${v.missing.join(', ')}`,
    ),
    rules: report.verdicts.length,
  }
}
