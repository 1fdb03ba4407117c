import { hexOf, InputError, u64OfText } from '@pagetrail/engine'
import type { JsonObject } from './codec.ts'
import type { Json } from './kinds.ts'
import { type RunHeader, runHeader } from './run-header.ts'

/** A case of the corpus is one line that holds a whole run: start state, areas, calls, events, results. */
export const isCorpusCase = (json: JsonObject): boolean => Array.isArray(json['events'])

/**
 * A case as a run: its start state and areas become `init` and `area` events before its own, whose `seq` the caller
 * counts on. What is not an event (features, constants, calls, results) goes to the facts; `final` follows by folding.
 */
export function corpusCase(json: JsonObject): { header: RunHeader; events: readonly Json[] } {
  const { id, flavour, geometry, features, constants, calls, results } = json
  const header = runHeader({
    label: id ?? null,
    flavour: flavour ?? null,
    scenario: typeof id === 'string' ? id.split('/')[0]! : null,
    geometry: geometry ?? null,
    facts: {
      features: features ?? null,
      constants: constants ?? null,
      calls: calls ?? null,
      results: results ?? null,
    },
  })
  const init = list(json, 'init').map((run) => {
    const { va, level, desc, count, pa_step } = run
    return {
      seq: 0,
      cpu: 0,
      op: null,
      kind: 'init',
      level,
      va,
      new: desc,
      count,
      pa_step,
    } as JsonObject
  })
  const areas = list(json, 'areas').map((area) => {
    const { start, size, flags, nr_pages, pages } = area
    const end = hexSum(start, size)
    return {
      seq: 0,
      cpu: 0,
      op: null,
      kind: 'area',
      va: start,
      end,
      flags,
      nr_pages,
      pages,
    } as JsonObject
  })
  return { header, events: [...init, ...areas, ...list(json, 'events')] }
}

function list(json: JsonObject, key: string): readonly JsonObject[] {
  const value = json[key] ?? []
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item !== 'object' || item === null || Array.isArray(item)) {
        throw new InputError(`${key} has to be a list of objects`)
      }
    }
    return value
  }
  throw new InputError(`${key} has to be a list`)
}

function hexSum(start: Json | undefined, size: Json | undefined): string {
  const [from, bytes] = [start, size].map((x) => (typeof x === 'string' ? u64OfText(x) : null))
  if (from === null || bytes === null) {
    throw new InputError('an area needs start and size as "0x…"')
  }
  return hexOf(from! + bytes!)
}
