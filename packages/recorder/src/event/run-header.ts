import { InputError, u64OfText } from '@pagetrail/engine'
import { isJsonObject, type JsonObject } from './codec.ts'
import { bounded } from './field-codec.ts'
import { didYouMean } from './nearest.ts'
import { SHOWS } from './evidence.ts'
import { isKind, type Json, KIND_NAMES } from './kinds.ts'
import type { Run, RunGeometry, RunState } from './run.ts'

/** Version of the JSON Lines form, in its header line. Readers accept this and older ones. */
export const JSONL_VERSION = 2

/** What a header line says of a run. Its id and counts are the reader's own. */
export type RunHeader = Pick<
  Run,
  'label' | 'state' | 'flavour' | 'kernel' | 'scenario' | 'geometry' | 'facts' | 't0' | 'lost'
> & {
  /** Where the run came from before it was JSON Lines. */
  readonly source: Run['source']
  /** ms since 1970; null where the file does not say. */
  readonly created: number | null
}

export const SOURCES: readonly Run['source'][] = ['engine', 'module', 'ftrace', 'jsonl', 'tree']
export const STATES: readonly RunState[] = ['recording', 'complete', 'interrupted']

/** Checks the `run` of a header line. All of it but the label may be missing. Throws InputError naming the field. */
export function runHeader(json: Json): RunHeader {
  if (!isJsonObject(json)) throw new InputError('the header line lacks its run')
  const label = json['label']
  if (typeof label !== 'string') throw new InputError('run.label has to be a string')
  const facts = json['facts'] ?? {}
  if (!isJsonObject(facts)) throw new InputError('run.facts has to be an object')
  bounded(facts)
  return {
    label,
    source: oneOf(json, 'source', SOURCES) ?? 'jsonl',
    state: oneOf(json, 'state', STATES) ?? 'complete',
    flavour: textOrNull(json, 'flavour'),
    kernel: textOrNull(json, 'kernel'),
    scenario: textOrNull(json, 'scenario'),
    geometry: geometryOf(json['geometry'] ?? null),
    facts: { ...facts, ...shownKinds(json), ...addressBits(json['geometry'] ?? null) },
    t0: longOrNull(json, 't0'),
    created: countOrNull(json, 'created'),
    lost: countOrNull(json, 'lost') ?? 0,
  }
}

/** The kinds that the producer says it would report; the run keeps them among its facts. */
function shownKinds(json: JsonObject): JsonObject {
  const kinds = json[SHOWS] ?? null
  if (kinds === null) return {}
  if (!Array.isArray(kinds)) throw new InputError('run.shows has to be a list of kinds')
  for (const kind of kinds as readonly Json[]) {
    if (isKind(kind)) continue
    const name = typeof kind === 'string' ? kind : JSON.stringify(kind)
    throw new InputError(`run.shows: there is no kind ${name}${didYouMean(name, KIND_NAMES)}`)
  }
  return { [SHOWS]: kinds }
}

/** `pageShift` as Pagetrail writes it, `page_shift` as the corpus does. */
function geometryOf(json: Json): RunGeometry | null {
  if (json === null) return null
  if (!isJsonObject(json)) throw new InputError('run.geometry has to be an object or null')
  const pageShift = json['pageShift'] ?? json['page_shift']
  const vaBits = json['vaBits'] ?? json['va_bits']
  const { levels } = json
  if (typeof pageShift === 'number' && typeof vaBits === 'number' && typeof levels === 'number') {
    return { pageShift, vaBits, levels }
  }
  throw new InputError('run.geometry needs pageShift, vaBits and levels as numbers')
}

/** What a geometry of the corpus may say besides; a run's row has no column for it. */
function addressBits(json: Json): JsonObject {
  if (!isJsonObject(json)) return {}
  const names = ['pa_bits', 'va_bits_actual'] as const
  return Object.fromEntries(
    names.flatMap((name) => (typeof json[name] === 'number' ? [[name, json[name]]] : [])),
  )
}

function oneOf<T extends string>(json: JsonObject, key: string, values: readonly T[]): T | null {
  const value = json[key] ?? null
  if (value === null) return null
  const known = values.find((candidate) => candidate === value)
  if (known !== undefined) return known
  throw new InputError(
    `run.${key} has to be one of ${values.join(', ')}, got ${JSON.stringify(value)}`,
  )
}

function textOrNull(json: JsonObject, key: string): string | null {
  const value = json[key] ?? null
  if (value === null || typeof value === 'string') return value
  throw new InputError(`run.${key} has to be a string or null`)
}

function countOrNull(json: JsonObject, key: string): number | null {
  const value = json[key] ?? null
  if (value === null) return null
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new InputError(`run.${key} has to be a whole number or null`)
}

function longOrNull(json: JsonObject, key: string): bigint | null {
  const value = json[key] ?? null
  if (value === null) return null
  const read = typeof value === 'string' ? u64OfText(value) : null
  if (read !== null) return read
  throw new InputError(`run.${key} has to be "0x…" or null`)
}
