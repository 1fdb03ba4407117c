import { checkRun } from '../check/check-run.ts'
import type { CheckReport, Finding, RuleVerdict, Severity } from '../check/finding.ts'
import type { EventSource } from '../event/run.ts'

/** One rule on two runs. `undecided`: one lacks what the rule needs; `half`: so, and the other has findings. */
export interface RuleOnBoth {
  readonly rule: string
  readonly hazard: string
  readonly is: 'new' | 'more' | 'gone' | 'less' | 'both' | 'half' | 'undecided' | 'clean'
  readonly severity: Severity | null
  /** Findings; null: undecided. */
  readonly left: number | null
  readonly right: number | null
  readonly missingLeft: readonly string[]
  readonly missingRight: readonly string[]
  /** The first on the right, else on the left. */
  readonly example: Finding | null
}

const ORDER = ['new', 'more', 'gone', 'half', 'less', 'both', 'undecided', 'clean'] as const
const GRAVE = ['error', 'warning', 'note', null] as const

/** What the rules say of both runs: what is new first, the gravest first among it. */
export function findingsOf(a: EventSource, b: EventSource): RuleOnBoth[] {
  const [left, right] = [checkRun(a), checkRun(b)]
  const rules = left.verdicts.flatMap((verdict, i) => {
    const other = right.verdicts[i]
    return other ? [ruleOnBoth(verdict, other, left, right)] : []
  })
  return rules.toSorted(
    (p, q) =>
      ORDER.indexOf(p.is) - ORDER.indexOf(q.is) ||
      GRAVE.indexOf(p.severity) - GRAVE.indexOf(q.severity),
  )
}

function ruleOnBoth(
  x: RuleVerdict,
  y: RuleVerdict,
  left: CheckReport,
  right: CheckReport,
): RuleOnBoth {
  const of = ({ findings }: CheckReport): Finding[] =>
    findings.filter(({ rule }) => rule === x.rule)
  const [mine, theirs] = [of(left), of(right)]
  return {
    rule: x.rule,
    hazard: x.hazard,
    is: changeOf(x, y),
    severity: gravest([...mine, ...theirs]),
    left: x.status === 'undecided' ? null : x.count,
    right: y.status === 'undecided' ? null : y.count,
    missingLeft: x.missing,
    missingRight: y.missing,
    example: theirs[0] ?? mine[0] ?? null,
  }
}

function changeOf(x: RuleVerdict, y: RuleVerdict): RuleOnBoth['is'] {
  if (x.status === 'undecided' || y.status === 'undecided')
    return x.count + y.count > 0 ? 'half' : 'undecided'
  if (x.count === y.count) return x.count === 0 ? 'clean' : 'both'
  if (x.count === 0) return 'new'
  if (y.count === 0) return 'gone'
  return y.count > x.count ? 'more' : 'less'
}

export const gravest = (findings: readonly Finding[]): Severity | null =>
  GRAVE.find((severity) => findings.some((finding) => finding.severity === severity)) ?? null
