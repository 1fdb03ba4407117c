import { hexOf } from '@pagetrail/engine'

import { type CheckReport, isClean } from './finding.ts'

/** A line by its type, and its fields. */
export interface CheckLine {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * A report as lines of JSON: a `header` line, a `finding` line each, a `rule` line with each rule's verdict, and an
 * `end` line with counts; `more` are further lines before it; without an `end` line the output was cut off.
 */
export function* checkJson(
  report: CheckReport,
  more: readonly CheckLine[] = [],
): Iterable<CheckLine> {
  yield { type: 'header', format: 1, verb: 'check', run: report.run, events: report.events }
  for (const finding of report.findings) {
    const { va, end, proof, ...rest } = finding
    yield {
      type: 'finding',
      ...rest,
      proof: [...proof],
      va: va === null ? null : hexOf(va),
      end: end === null ? null : hexOf(end),
    }
  }
  for (const { rule, hazard, status, missing, count } of report.verdicts) {
    yield { type: 'rule', rule, hazard, status, missing: [...missing], count }
  }
  yield* more
  const undecided = report.verdicts.filter((v) => v.status === 'undecided').length
  yield {
    type: 'end',
    rows: report.findings.length + report.verdicts.length + more.length,
    clean: isClean(report),
    undecided,
    complete: undecided === 0 && report.verdicts.every((v) => v.count <= listed(report, v.rule)),
  }
}

const listed = (report: CheckReport, rule: string): number =>
  report.findings.filter((f) => f.rule === rule).length
