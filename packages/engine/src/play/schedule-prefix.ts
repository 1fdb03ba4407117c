/**
 * `v2/6.18/HASH/` before a schedule says for which flavour and scenario it was made: elsewhere it is refused, since its
 * steps would be others. HASH has eight digits for each part of a scenario, so that what differs can be said.
 */
import { hexOf } from '../arch/u64.ts'
import { InputError } from '../arch/input-error.ts'
import { DEFAULT_FEATURES } from '../machine/features.ts'
import type { Scenario } from './scenario.ts'

const VERSION = 'v2'
const PREFIX = /^(v\d+)\/([^/]*)\/([^/]*)\/([^/]*)$/
const DIGITS = 8

type Fields = Readonly<Record<string, unknown>>

/** Each part is named as it is missed. */
const PARTS: readonly (readonly [string, (scenario: Scenario) => unknown])[] = [
  ['its geometry', ({ geometry }) => sorted({ ...geometry })],
  ['its features or constants', (s) => [unusual(s), sorted({ ...s.constants })]],
  ['its start state', ({ init, areas }) => [init, areas]],
  ['what its CPUs do', ({ calls, interleaved }) => [calls, interleaved?.programs]],
]

/** Only what is not as usual: a feature that comes to the engine later changes no hash. */
const unusual = ({ features }: Scenario): unknown => {
  const usual: Fields = { ...DEFAULT_FEATURES }
  return sorted({ ...features }).filter(([name, value]) => usual[name] !== value)
}

const sorted = (fields: Fields): [string, unknown][] =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

/** What is to be written before a schedule of this scenario on its flavour. */
export const schedulePrefix = (scenario: Scenario): string =>
  `${VERSION}/${scenario.flavour.name}/${hashes(scenario).join('')}/`

const hashes = (scenario: Scenario): readonly string[] =>
  PARTS.map(([, partOf]) => hashOf(JSON.stringify(partOf(scenario), bigintsAsText)))

const bigintsAsText = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? hexOf(value) : value

/** FNV-1a of 32 bits, over UTF-16 units. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(DIGITS, '0')
}

/** The flavour that a schedule's prefix names; null: it has none. */
export const flavourOfSchedule = (text: string): string | null => PREFIX.exec(text)?.[2] ?? null

/** The schedule behind its prefix, if it has one. @throws InputError saying what of the prefix does not fit */
export function withoutPrefix(
  text: string,
  scenario: Scenario,
): { readonly text: string; readonly hasPrefix: boolean } {
  if (!text.includes('/')) return { text, hasPrefix: false }
  const match = PREFIX.exec(text)
  if (match === null) {
    return refuse(`a prefix is ${VERSION}/FLAVOUR/SCENARIO-HASH/, then the steps come`)
  }
  const [, version, flavour, hash = '', steps = ''] = match
  if (version !== VERSION) refuse(`it is of version ${version}, and ${VERSION} is what can be read`)
  const { name } = scenario.flavour
  if (flavour !== name) refuse(`it was made for flavour ${flavour}, and this is ${name}`)
  if (!/^[0-9a-f]{32}$/.test(hash)) refuse(`the hash of its scenario is 32 hexadecimal digits`)
  const differing = hashes(scenario).flatMap((own, i) =>
    own === hash.slice(i * DIGITS, (i + 1) * DIGITS) ? [] : [PARTS[i]?.[0] ?? ''],
  )
  if (differing.length > 0) {
    refuse(
      `it was made for another scenario, or before this one was changed; what differs: ${listed(differing)}`,
    )
  }
  return { text: steps, hasPrefix: true }
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

function refuse(why: string): never {
  throw InputError.of('schedule', why)
}
