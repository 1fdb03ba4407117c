import type { GeometryChoice } from '@pagetrail/engine'
import { InputError, type Json, scenarioNamed } from '@pagetrail/recorder'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** A scenario that has been found, not yet checked. */
export interface NamedScenario {
  readonly name: string
  readonly json: unknown
  /** File and line, for errors. */
  readonly where: string
  readonly hasFlavour: boolean
  /** What a built-in scenario was written for; undefined: a file, whose JSON says it. */
  readonly geometry: GeometryChoice | undefined
  readonly facts: Readonly<Record<string, Json>>
}

/** What is meant by a file's path, or by the name of a scenario that comes with Pagetrail. */
export async function findScenarios(spec: string): Promise<NamedScenario[]> {
  if (/[./]/.test(spec) || existsSync(spec)) return readScenarios(spec)
  const { name, json, geometry } = scenarioNamed(spec)
  return [{ name, json, geometry, where: `scenario ${name}`, hasFlavour: false, facts: {} }]
}

/** The scenarios of a file: one JSON object, or one on each line; gzip or plain. */
async function readScenarios(file: string): Promise<NamedScenario[]> {
  const text = await textOf(file)
  if (text.trim() === '')
    throw new InputError(`${file} is empty; it should hold a scenario in JSON`)
  const whole = tryJson(text)
  if (whole.ok) return [named(whole.value, file, file)]
  const lines = text.trimEnd().split('\n')
  return lines.map((line, i) => {
    const parsed = tryJson(line)
    if (parsed.ok) return named(parsed.value, file, `${file}:${i + 1}`)
    // A file of one scenario with a mistake somewhere reads better as a whole.
    const why = i === 0 ? whole.why : parsed.why
    throw new InputError(`${file}${i === 0 ? '' : `:${i + 1}`} is not JSON: ${why}`)
  })
}

async function textOf(file: string): Promise<string> {
  try {
    const bytes = await readFile(file)
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new InputError(`${file} cannot be read: ${why}`, { cause: error })
  }
}

type Parsed = { ok: true; value: unknown } | { ok: false; why: string }

function tryJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) }
  }
}

/** Its `name`, else its `id` up to the first `/` (the corpus appends geometry and flavour), else the file's name. */
function named(json: unknown, file: string, where: string): NamedScenario {
  const fields =
    typeof json === 'object' && json !== null ? new Map(Object.entries(json)) : new Map()
  const own: unknown = fields.get('name') ?? fields.get('id')
  const fallback = basename(file).replace(/(\.(jsonl?|gz))+$/, '')
  const name = typeof own === 'string' && own !== '' ? own.split('/')[0]! : fallback
  return {
    name,
    json,
    where,
    hasFlavour: fields.get('flavour') !== undefined,
    geometry: undefined,
    facts: { file: basename(file) },
  }
}
