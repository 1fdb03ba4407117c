import { hexOf } from '@pagetrail/engine'

import type { Json } from '../event/kinds.ts'
import type { CheckReport, Finding } from './finding.ts'
import type { Rule } from './rule.ts'
import { RULES } from './rules.ts'

const SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

function descriptorOf(rule: Rule): Json {
  return {
    id: rule.name,
    shortDescription: { text: rule.sentence },
    help: { text: rule.remedies.join('\n') },
    properties: { hazard: rule.hazard },
  }
}

/** An event of a run as a SARIF location: no file, but a name that `pagetrail show` takes. */
function locationOf(seq: number, id: number, label: string): Json {
  return {
    id,
    logicalLocations: [{ fullyQualifiedName: `${label}#${seq}`, kind: 'event' }],
    message: { text: `event ${seq}` },
  }
}

function resultOf(finding: Finding, ruleIndex: number, label: string): Json {
  const at = finding.proof.at(-1) ?? 0
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: finding.severity,
    message: { text: finding.message },
    locations: [locationOf(at, 0, label)],
    relatedLocations: finding.proof.slice(0, -1).map((seq, i) => locationOf(seq, i + 1, label)),
    properties: {
      hazard: finding.hazard,
      call: finding.op,
      cpu: finding.cpu,
      events: [...finding.proof],
      ...(finding.va !== null && { va: hexOf(finding.va) }),
      ...(finding.end !== null && { end: hexOf(finding.end) }),
    },
  }
}

/**
 * A report as SARIF 2.1.0, for code-review tools: rules with their sentences and remedies, results with the proving
 * events as logical locations, undecided rules as notifications.
 */
export function checkSarif(report: CheckReport, version: string): Json {
  const ran = new Set(report.verdicts.map((v) => v.rule))
  const rules = RULES.filter((rule) => ran.has(rule.name))
  const index = new Map(rules.map((rule, i) => [rule.name, i]))
  const undecided = report.verdicts.filter((v) => v.status === 'undecided')
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'pagetrail', semanticVersion: version, rules: rules.map(descriptorOf) },
        },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: undecided.map(({ rule, missing }) => ({
              level: 'warning',
              message: { text: `undecided: ${rule} needs ${missing.join('; ')}` },
              associatedRule: { id: rule, index: index.get(rule) ?? -1 },
            })),
          },
        ],
        results: report.findings.map((f) => resultOf(f, index.get(f.rule) ?? -1, report.run.label)),
        properties: { run: report.run.id, events: report.events },
      },
    ],
  }
}
