import { LEVEL_NAMES } from '@pagetrail/engine'

import type { Field } from '../event/kind-spec.ts'
import {
  fieldsOf,
  isFreeName,
  type Kind,
  KIND_NAMES,
  KINDS,
  type TraceEvent,
} from '../event/kinds.ts'
import type { FieldValue } from '../event/field-codec.ts'
import { END_SQL } from '../event/condition.ts'
import { derived, DERIVED_NAMES } from './derived.ts'
import { type Meaning, NO_CODES, plain } from './meaning.ts'
const numbered = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, i) => [name, i]))

const LEVELS = numbered(LEVEL_NAMES)
const BOOLS = numbered(['false', 'true'])

const COMMON: Readonly<Record<string, Meaning>> = {
  kind: {
    ...plain('kind', 'code'),
    codes: new Map(KIND_NAMES.map((kind) => [kind, KINDS[kind].id])),
    ordered: false,
  },
  seq: plain('(id & 4294967295)', 'int'),
  cpu: plain('cpu', 'int'),
  op: plain('op', 'int'),
  nest: plain('nest', 'int'),
  ts: plain('ts', 'int'),
  task: plain('task', 'name'),
  src: plain(`(more -> '$.src')`, 'json'),
}

function meaningOf(field: Field, kinds: readonly Kind[]): Meaning {
  const base = { kinds, sql: `"${field.in}"`, codes: NO_CODES, ordered: true }
  switch (field.type) {
    case 'u64':
      return { ...base, class: 'u64' }
    case 'end':
      return { ...base, class: 'u64', sql: END_SQL }
    case 'int':
      return { ...base, class: 'int' }
    case 'depth':
    case 'level':
      return { ...base, class: 'code', codes: LEVELS }
    case 'bool':
      return { ...base, class: 'code', codes: BOOLS, ordered: false }
    case 'enum':
      return { ...base, class: 'code', codes: numbered(field.values ?? []), ordered: false }
    case 'name':
      return { ...base, class: 'name' }
    case 'json':
      return { ...base, class: 'json' }
  }
}

/** Every field that a filter may name, with all that the name means in the kinds that have it. */
export const FILTER_FIELDS: ReadonlyMap<string, readonly Meaning[]> = collect()

function collect(): Map<string, readonly Meaning[]> {
  const uses = new Map<string, Map<string, { field: Field; kinds: Kind[] }>>()
  for (const kind of KIND_NAMES) {
    for (const [name, field] of fieldsOf(kind)) {
      const shape = JSON.stringify([field.type, field.in, field.values])
      const byShape = uses.get(name) ?? new Map<string, { field: Field; kinds: Kind[] }>()
      const use = byShape.get(shape) ?? { field, kinds: [] }
      use.kinds.push(kind)
      uses.set(name, byShape.set(shape, use))
    }
  }
  const fields = new Map<string, readonly Meaning[]>()
  for (const [name, meaning] of Object.entries(COMMON)) fields.set(name, [meaning])
  for (const [name, byShape] of uses) {
    fields.set(
      name,
      [...byShape.values()].map((use) => meaningOf(use.field, use.kinds)),
    )
  }
  return fields
}

/** What a filter may mean by a name; undefined: there is no such field. */
export function meaningsOf(name: string): readonly Meaning[] | undefined {
  const own = FILTER_FIELDS.get(name)
  if (own) return own
  const made = derived(name)
  if (made) return [made.meaning]
  return isFreeName(name) ? [plain(`(more -> '$.${name}')`, 'free')] : undefined
}

/** Every name that is offered. */
export const FIELD_NAMES: readonly string[] = [...FILTER_FIELDS.keys(), ...DERIVED_NAMES]

/** The field that a name means: itself, or the only one that begins so; undefined: none, or several do. */
export function fieldNamed(name: string): string | undefined {
  if (meaningsOf(name)) return name
  const [only, ...others] = FIELD_NAMES.filter((field) => field.startsWith(name))
  return others.length === 0 ? only : undefined
}

/** Kinds that have both meanings; null: all kinds. */
export function sharedKinds(a: Meaning, b: Meaning): readonly Kind[] | null {
  const { kinds } = b
  if (a.kinds === null || kinds === null) return a.kinds ?? kinds
  return a.kinds.filter((kind) => kinds.includes(kind))
}

/** A field by a name that is only known when the program runs. */
export const valueOf = (event: TraceEvent, field: string): FieldValue | undefined =>
  isFreeName(field)
    ? event.free?.[field]
    : ((event as object as Values)[field] ?? derived(field)?.of(event))

type Values = Readonly<Record<string, FieldValue>>
