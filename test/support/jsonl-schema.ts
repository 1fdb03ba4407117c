import { LEVEL_NAMES } from '@pagetrail/engine'
import { type Field, fieldsOf, type Kind, KIND_NAMES, KINDS } from '@pagetrail/recorder'

import { FREE_NAME } from '../../packages/recorder/src/event/kinds.ts'
import { JSONL_VERSION, SOURCES, STATES } from '../../packages/recorder/src/event/run-header.ts'

/** A JSON Schema, or a part of one. */
export type Schema = { readonly [key: string]: unknown }

/** docs/jsonl.schema.json: a line of JSON Lines, made from KINDS; a test keeps the file equal to it. */
export function jsonlSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `A line of Pagetrail’s JSON Lines, version ${JSONL_VERSION}`,
    description:
      'docs/jsonl.md says what the lines mean, docs/events.md what the kinds and their fields are.',
    type: 'object',
    anyOf: [ref('header'), ref('end'), ref('event')],
    definitions: {
      header: HEADER,
      end: object({ end: object({ events: COUNT, calls: COUNT }) }),
      event: { anyOf: KIND_NAMES.map((kind) => ref(kind)) },
      ...Object.fromEntries(KIND_NAMES.map((kind) => [kind, kindSchema(kind)])),
      u64: { type: 'string', pattern: '^(0[xX][0-9a-fA-F]{1,16}|[0-9a-fA-F]{16})$' },
      level: { enum: LEVEL_NAMES },
    },
  }
}

const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` })
const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })

/** An object that has these and nothing else; `optional` ones may be left out. */
const object = (required: Record<string, Schema>, optional: Record<string, Schema> = {}) => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
})

const COUNT = { type: 'integer', minimum: 0 }
const TEXT = { type: 'string' }

const HEADER = object({
  pagetrail: { type: 'integer', minimum: 1, maximum: JSONL_VERSION },
  run: {
    type: 'object',
    required: ['label'],
    properties: {
      label: TEXT,
      source: { enum: [...SOURCES, null] },
      state: { enum: [...STATES, null] },
      shows: nullable({ type: 'array', items: { enum: KIND_NAMES } }),
      flavour: nullable(TEXT),
      kernel: nullable(TEXT),
      scenario: nullable(TEXT),
      geometry: nullable({
        type: 'object',
        required: ['pageShift', 'vaBits', 'levels'],
        properties: { pageShift: { enum: [12, 14, 16] }, vaBits: COUNT, levels: COUNT },
      }),
      facts: { type: 'object' },
      t0: nullable(ref('u64')),
      created: nullable(COUNT),
      lost: nullable(COUNT),
    },
  },
})

function kindSchema(kind: Kind): Schema {
  const fields = fieldsOf(kind).map(([name, field]) => [name, field, typeOf(field)] as const)
  const pick = (optional: boolean): Record<string, Schema> =>
    Object.fromEntries(
      fields
        .filter(([, field]) => (field.optional === true) === optional)
        .map(([name, , schema]) => [name, schema]),
    )
  const frame = {
    seq: COUNT,
    cpu: { type: 'integer', minimum: 0, maximum: 0xffff },
    op: nullable(COUNT),
    kind: { const: kind },
  }
  const free = {
    nest: { type: 'integer', minimum: 0, maximum: 0xffff },
    ts: nullable(COUNT),
    task: nullable(TEXT),
    src: nullable(TEXT),
  }
  return {
    description: KINDS[kind].doc,
    ...object({ ...frame, ...pick(false) }, { ...pick(true), ...free }),
    patternProperties: { [FREE_NAME.source.replaceAll('\\w', '[A-Za-z0-9_]')]: {} },
  }
}

const TYPES: Readonly<Record<Field['type'], (field: Field) => Schema>> = {
  u64: () => ref('u64'),
  end: () => ref('u64'),
  int: () => ({ type: 'integer' }),
  depth: () => ({ type: 'integer' }),
  bool: () => ({ type: 'boolean' }),
  level: () => ref('level'),
  name: () => TEXT,
  enum: (field) => ({ enum: field.values }),
  json: () => ({}),
}

function typeOf(field: Field): Schema {
  const type = TYPES[field.type](field)
  const schema = field.type === 'json' ? type : nullable(type)
  return field.doc === undefined ? schema : { description: field.doc, ...schema }
}
