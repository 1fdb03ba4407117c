import type { Field } from '../event/kind-spec.ts'
import { fieldsOf, KIND_NAMES, type Json, type Kind, type TraceEvent } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'

/** How a column of the wide table is typed, whatever the format it is written in. */
export type WideType = 'u64' | 'i64' | 'i32' | 'bool' | 'text' | 'json' | 'time'

/** A cell: numbers of 64 bits are bigint, JSON is its text, a time ms since 1970. */
export type WideValue = bigint | number | boolean | string | null

export interface WideColumn {
  readonly name: string
  readonly type: WideType
}

/** A column that is the same in all rows of a run. */
export interface RunColumn extends WideColumn {
  readonly of: (run: Run) => WideValue
}

/** What a run is called, and what it is a run of. */
export const NAMING: readonly RunColumn[] = [
  { name: 'label', type: 'text', of: (run) => run.label },
  { name: 'flavour', type: 'text', of: (run) => run.flavour },
  { name: 'kernel', type: 'text', of: (run) => run.kernel },
  { name: 'scenario', type: 'text', of: (run) => run.scenario },
]

const LEADING: readonly WideColumn[] = [
  ...NAMING.map(({ name, type }) => ({ name, type })),
  { name: 'seq', type: 'i64' },
  { name: 'ts', type: 'i64' },
  { name: 'cpu', type: 'i32' },
  { name: 'task', type: 'text' },
  { name: 'op', type: 'i64' },
  { name: 'nest', type: 'i32' },
  { name: 'kind', type: 'text' },
]

/** The names of page-table levels by the number that pte_hole() is given: 0 pgd … 3 pmd. */
const DEPTH_NAMES = ['pgd', 'p4d', 'pud', 'pmd'] as const

const WIDE_TYPES: Readonly<Record<Field['type'], WideType>> = {
  u64: 'u64',
  end: 'u64',
  int: 'i64',
  bool: 'bool',
  level: 'text',
  depth: 'text',
  name: 'text',
  enum: 'text',
  json: 'json',
}

interface WidePlace {
  readonly field: string
  readonly type: Field['type']
  readonly column: number
}

/** One row per event, one column per field name over all kinds: the form of CSV and Parquet. */
const columns: WideColumn[] = [...LEADING]
const places = new Map<Kind, readonly WidePlace[]>()

/** A name that two kinds type differently is two columns; the second carries its type: `pages_json`. */
function columnFor(name: string, type: WideType): number {
  for (const candidate of [name, `${name}_${type}`]) {
    const at = columns.findIndex((column) => column.name === candidate)
    if (at < 0) return columns.push({ name: candidate, type }) - 1
    if (columns[at]!.type === type) return at
  }
  throw new Error(`field ${name} has three types`)
}

for (const kind of KIND_NAMES) {
  const list = fieldsOf(kind).map(([field, { type }]) => {
    return { field, type, column: columnFor(field, WIDE_TYPES[type]) }
  })
  places.set(kind, list)
}

const SRC = columnFor('src', 'text')
const FREE = columnFor('free', 'json')

/** The columns of the wide table, those of every event first. A reader finds them by name. */
export const TABLE_COLUMNS: readonly WideColumn[] = columns

/** What else a run's row says: the same in every event's row where many runs are one table. */
export const RUN_COLUMNS: readonly RunColumn[] = [
  { name: 'source', type: 'text', of: (run) => run.source },
  { name: 'state', type: 'text', of: (run) => run.state },
  { name: 'created', type: 'time', of: (run) => BigInt(run.created) },
  { name: 'page_shift', type: 'i32', of: ({ geometry }) => geometry?.pageShift ?? null },
  { name: 'va_bits', type: 'i32', of: ({ geometry }) => geometry?.vaBits ?? null },
  { name: 'levels', type: 'i32', of: ({ geometry }) => geometry?.levels ?? null },
  { name: 'events_lost', type: 'i64', of: (run) => BigInt(run.lost) },
  { name: 'facts', type: 'json', of: (run) => JSON.stringify(run.facts) },
]

/** Puts what an event of the run has into the columns of its kind; those that it leaves alone are null. */
export function putWideCells(
  run: Run,
  event: TraceEvent,
  put: (column: number, value: WideValue) => void,
): void {
  for (let i = 0; i < NAMING.length; i++) put(i, NAMING[i]!.of(run))
  put(4, BigInt(event.seq))
  put(5, event.ts === null ? null : BigInt(event.ts))
  put(6, event.cpu)
  put(7, event.task)
  put(8, event.op === null ? null : BigInt(event.op))
  put(9, event.nest)
  put(10, event.kind)
  put(SRC, event.src ?? null)
  put(FREE, event.free === undefined ? null : JSON.stringify(event.free))
  const fields: object = event
  for (const { field, type, column } of places.get(event.kind)!) {
    put(column, wideValue(type, (fields as Readonly<Record<string, FieldValue>>)[field]))
  }
}

type FieldValue = Json | bigint | undefined

function wideValue(type: Field['type'], value: FieldValue): WideValue {
  if (value === undefined || value === null) return null
  if (typeof value === 'object' || type === 'json') return JSON.stringify(value)
  if (type === 'int' && typeof value === 'number') return BigInt(value)
  if (type === 'depth' && typeof value === 'number') return DEPTH_NAMES[value] ?? String(value)
  return value
}
