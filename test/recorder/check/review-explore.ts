import { parseScenario } from '@pagetrail/engine'
import {
  count,
  type ExploreResult,
  exploreScenario,
  many,
  scenarioNamed,
} from '@pagetrail/recorder'

/** One search of `pagetrail explore`. */
export interface Searched {
  readonly scenario: string
  readonly flavour: string
  readonly locks?: 'none' | 'cpa'
}

const LOCKS = { none: { split_lock: false }, cpa: { split_lock: false, cpa_lock: true } } as const
const known = new Map<string, ExploreResult>()

export function resultOf({ scenario: name, flavour, locks }: Searched): ExploreResult {
  const key = `${name} ${flavour} ${locks}`
  const cached = known.get(key)
  if (cached !== undefined) return cached
  const { json, geometry } = scenarioNamed(name)
  const given = Object(json)
  const features = { ...given.features, ...(locks !== undefined && LOCKS[locks]) }
  const scenario = parseScenario({ ...given, features, schedule: '' }, { flavour, geometry })
  const result = exploreScenario(scenario)
  known.set(key, result)
  return result
}

export const failing = (searched: Searched, property: string): bigint =>
  resultOf(searched).findings.find((finding) => finding.property.name === property)?.failing ?? 0n

/** The command that shows it. */
export const commandOf = ({ scenario, flavour, locks }: Searched): string =>
  `pagetrail explore ${scenario} --flavour ${flavour}${locks === undefined ? '' : ` --locks ${locks}`}`

/** What came out: schedules, those that break a rule, those in which a CPU waits. */
export function saidOf(searched: Searched): string {
  const { schedules, findings, waited, complete } = resultOf(searched)
  const broken = findings.map(({ property, failing: n, atEnd }) => {
    const stays = atEnd === null || atEnd === n ? '' : ` (${count(atEnd)} at the end)`
    return `${count(n)} ${property.name}${stays}`
  })
  const waits = waited > 0n ? `, a CPU waits in ${count(waited)}` : ''
  const verdict = broken.length > 0 ? broken.join(', ') : complete ? 'none fails' : 'not covered'
  return `${many(schedules, 'schedule')}: ${verdict}${waits}`
}
