import { hexOf, InputError, LEVEL_NAMES, u64OfText } from '@pagetrail/engine'

import { type Batch, NONE, SIZE, VA, WORD_COLUMNS } from './batch.ts'
import type { EventColumn } from './event-columns.ts'
import { didYouMean } from './nearest.ts'
import type { Field } from './kind-spec.ts'
import type { Json } from './kinds.ts'

/** What a field of an event can hold. */
export type FieldValue = bigint | Json

/** The text of an interned name. */
export type NameOf = (id: number) => string
/** The id of a text, new or known. */
export type Intern = (text: string) => number

/** The word column of {@link Batch} that a column is, or undefined for those that are none. */
const WORD_OF = new Map<EventColumn, number>(WORD_COLUMNS.map((name, i) => [name, i]))

/** One field of one kind in its three forms: event, JSON, row of a batch. Built once from KINDS. */
export interface FieldCodec {
  readonly name: string
  readonly optional: boolean
  /** Of a value that is not null. */
  readonly toJson: (value: FieldValue) => Json
  /** Of a JSON value that is not null; throws InputError without naming the field. */
  readonly fromJson: (value: Json) => FieldValue
  readonly fromBatch: (batch: Batch, i: number, names: NameOf) => FieldValue
  /** Sets a value that is not null; fields are put in table order, so that `end` finds its `va`. */
  readonly put: (batch: Batch, i: number, value: FieldValue, intern: Intern) => void
}

export function fieldCodec(name: string, field: Field): FieldCodec {
  const { optional = false } = field
  return { name, optional, ...FORMS[field.type](field) }
}

type Forms = Omit<FieldCodec, 'name' | 'optional'>

const same = (value: FieldValue): Json => {
  if (typeof value === 'bigint') throw new TypeError('a 64-bit value has no plain JSON form')
  return value
}

const FORMS: Readonly<Record<Field['type'], (field: Field) => Forms>> = {
  u64: (field) => {
    const word = wordOf(field)
    return {
      ...HEX,
      fromBatch: (batch, i) => batch.unsigned(i, word),
      put: (batch, i, value) => batch.setLong(i, word, bigintOf(value)),
    }
  },
  end: () => ({
    ...HEX,
    fromBatch: (batch, i) => batch.end(i),
    put: (batch, i, value) => batch.setLong(i, SIZE, bigintOf(value) - (batch.long(i, VA) ?? 0n)),
  }),
  int: (field) => ({ ...number(field), toJson: same, fromJson: integer }),
  depth: (field) => ({ ...number(field), toJson: same, fromJson: integer }),
  bool: (field) => coded(field, [false, true], 'true or false'),
  level: (field) => coded(field, LEVEL_NAMES, 'a page-table level'),
  enum: (field) => coded(field, field.values ?? [], `one of ${field.values?.join(', ')}`),
  name: (field) => {
    const set = setter(field)
    const get = getter(field)
    return {
      toJson: same,
      fromJson: text,
      fromBatch: (batch, i, names) => {
        const id = get(batch, i)
        return id === null ? null : names(id)
      },
      put: (batch, i, value, intern) => set(batch, i, intern(text(value))),
    }
  },
  json: () => ({
    toJson: same,
    fromJson: bounded,
    fromBatch: (batch, i) => {
      const extra = batch.extra[i] ?? null
      return extra === null ? null : parsed(extra)
    },
    put: (batch, i, value) => {
      batch.extra[i] = JSON.stringify(value)
    },
  }),
}

/** How deep the JSON of a producer may be nested. */
const MAX_JSON_DEPTH = 100

/** The value, if it is not nested deeper than {@link MAX_JSON_DEPTH}: what reads it later would run out of stack. */
export function bounded(value: Json): Json {
  if (isDeeper(value, MAX_JSON_DEPTH)) {
    throw new InputError(`its JSON is nested more than ${MAX_JSON_DEPTH} deep`)
  }
  return value
}

function isDeeper(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth === 0) return true
  if (Array.isArray(value)) return value.some((inner: Json) => isDeeper(inner, depth - 1))
  const object: { readonly [key: string]: Json } = Object(value)
  for (const key in object) if (isDeeper(object[key]!, depth - 1)) return true
  return false
}

/** The JSON of a column, of which only damage can make something else. */
export function parsed(extra: string): Json {
  try {
    return JSON.parse(extra) as Json
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new InputError(
      `the file is damaged, an event holds ${show(extra)}; pagetrail verify says where`,
    )
  }
}

const HEX = {
  toJson: (value: FieldValue) => hexOf(bigintOf(value)),
  fromJson: (value: Json) => parseHex(value),
}

function parseHex(value: Json): bigint {
  const read = typeof value === 'string' ? u64OfText(value) : null
  if (read !== null) return read
  throw new InputError(`${show(value)} is not a 64-bit value such as "0xffff800080000000"`)
}

/** A value that is kept as its index in a list. */
function coded(field: Field, values: readonly Json[], expected: string): Forms {
  const get = getter(field)
  const set = setter(field)
  const fromJson = (value: Json): Json => {
    if (values.includes(value)) return value
    const names = values.filter((name) => typeof name === 'string')
    const hint = typeof value === 'string' ? didYouMean(value, names) : ''
    throw new InputError(`${show(value)} is not ${expected}${hint}`)
  }
  return {
    toJson: same,
    fromJson,
    fromBatch: (batch, i) => {
      const index = get(batch, i)
      return index === null ? null : (values[index] ?? null)
    },
    put: (batch, i, value) => set(batch, i, values.indexOf(fromJson(same(value)))),
  }
}

function number(field: Field): Pick<Forms, 'fromBatch' | 'put'> {
  const set = setter(field)
  return {
    fromBatch: getter(field),
    put: (batch, i, value) => set(batch, i, integer(value)),
  }
}

/** Puts a number into whichever column the field lives in. */
function setter(field: Field): (batch: Batch, i: number, value: number) => void {
  const word = WORD_OF.get(field.in)
  if (word !== undefined) return (batch, i, value) => batch.setLong(i, word, BigInt(value))
  if (field.in === 'level') return (batch, i, value) => batch.setLevel(i, value)
  if (field.in === 'ret') return (batch, i, value) => batch.setRet(i, int32(value))
  if (field.in === 'fn') {
    return (batch, i, value) => {
      batch.fn[i] = value
    }
  }
  throw new TypeError(`column ${field.in} holds no number`)
}

/** The number in whichever column the field lives in; null where it is not set. */
function getter(field: Field): (batch: Batch, i: number) => number | null {
  const word = WORD_OF.get(field.in)
  if (word !== undefined) return (batch, i) => batch.number(i, word)
  if (field.in === 'level') return ({ level }, i) => orNull(level[i]!)
  if (field.in === 'ret') return (batch, i) => batch.returned(i)
  if (field.in === 'fn') return ({ fn }, i) => orNull(fn[i]!)
  throw new TypeError(`column ${field.in} holds no number`)
}

const orNull = (value: number): number | null => (value === NONE ? null : value)

function wordOf(field: Field): number {
  const word = WORD_OF.get(field.in)
  if (word === undefined) throw new TypeError(`column ${field.in} is not 64 bits wide`)
  return word
}

function bigintOf(value: FieldValue): bigint {
  if (typeof value !== 'bigint' || value < 0n || value >= 1n << 64n) {
    throw new InputError(`${show(value)} is not an unsigned 64-bit bigint, such as 0x1000n`)
  }
  return value
}

function integer(value: FieldValue): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new InputError(`${show(value)} is not a whole number`)
  }
  return value
}

function int32(value: number): number {
  if (value !== (value | 0)) throw new InputError(`${value} does not fit into 32 bits`)
  return value
}

function text(value: FieldValue): string {
  if (typeof value !== 'string') throw new InputError(`${show(value)} is not a string`)
  return value
}

const show = (value: FieldValue): string =>
  typeof value === 'bigint' ? `${value}n` : JSON.stringify(value).slice(0, 80)
