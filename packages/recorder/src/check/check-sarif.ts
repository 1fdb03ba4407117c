import { hexOf } from '@pagetrail/engine'

import type { Json } from '../event/kinds.ts'
import type { CheckReport, Finding } from './finding.ts'
import type { Rule } from './rule.ts'
import { RULES } from './rules.ts'
import { lineOf } from './check-ci.ts'

const SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/** What code-review services show of a rule, and filter by. */
function descriptorOf(rule: Rule): Json {
  const help = rule.remedies.join('\n')
  return {
    id: rule.name,
    name: rule.name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: rule.sentence },
    fullDescription: { text: `${rule.hazard}: ${rule.sentence}` },
    help: { text: help, markdown: rule.remedies.map((remedy) => `- ${remedy}`).join('\n') },
    defaultConfiguration: { level: 'error' },
    properties: { hazard: rule.hazard, tags: ['page tables', rule.hazard], precision: 'high' },
  }
}

/** Of anybody's name; half a character has no place in a URI. */
const inUri = (name: string): string => encodeURIComponent(name.toWellFormed())

/** An event as a SARIF location: its line in the run's JSON Lines, and a name that `pagetrail show` takes. */
function locationOf(seq: number, id: number, { label, file }: CheckReport['run']): Json {
  return {
    id,
    physicalLocation: {
      artifactLocation: { uri: file.split('/').map(inUri).join('/') },
      // The line with its end: code scanning asks for all four.
      region: { startLine: lineOf(seq), startColumn: 1, endLine: lineOf(seq) + 1, endColumn: 1 },
    },
    logicalLocations: [{ fullyQualifiedName: `${label}#${seq}`, kind: 'event' }],
    message: { text: `event ${seq}` },
  }
}

function resultOf(finding: Finding, ruleIndex: number, label: CheckReport['run']): Json {
  const at = finding.proof.at(-1) ?? 0
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: finding.severity,
    message: { text: finding.message },
    locations: [locationOf(at, 0, label)],
    // By the second GitHub distinguishes alerts; a file that is not in the repository has no other.
    partialFingerprints: {
      'pagetrail/v1': finding.fingerprint,
      primaryLocationLineHash: finding.fingerprint,
    },
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
 * events as lines of the run's JSON Lines, fingerprints, undecided rules as notifications: what code scanning asks for.
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
          driver: {
            name: 'pagetrail',
            version,
            semanticVersion: version,
            rules: rules.map(descriptorOf),
          },
        },
        // Runs that are uploaded for one commit stand side by side, each with its own alerts.
        automationDetails: { id: `pagetrail check/${inUri(report.run.label)}/` },
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
        results: report.findings.map((f) => resultOf(f, index.get(f.rule) ?? -1, report.run)),
        properties: { run: report.run.id, events: report.events },
      },
    ],
  }
}
