import { hexOf, u64OfText } from '@pagetrail/engine'

import { type Kind, KIND_NAMES, type TraceEvent } from '../event/kinds.ts'
import type { FieldValue } from '../event/field-codec.ts'
import { sharedKinds, valueOf } from './filter-fields.ts'
import type { Comparator } from './lex.ts'
import { globMatcher } from './glob.ts'
import type { Condition } from '../event/condition.ts'
import type { Meaning } from './meaning.ts'

/** What a field is compared with. */
export interface Operand {
  readonly text: string
  /** null: it is not a number. */
  readonly number: bigint | null
  /** Upper bound of `in`, inclusive. */
  readonly to: bigint | null
  /** The same read as 64-bit values, of which 16 digits are hexadecimal. */
  readonly u64: { readonly number: bigint | null; readonly to: bigint | null }
}

/** One comparison for one meaning of its field: the same question asked of a row and of an event. */
export interface Check extends Condition {
  readonly kinds: readonly Kind[] | null
  /** Of a value that is known; an unknown one is false, as null is in SQL. The event has what it is compared with. */
  readonly test: (value: FieldValue, event: TraceEvent) => boolean
}

/** null: this meaning cannot be compared so. */
export function checkOf(meaning: Meaning, op: Comparator, operand: Operand): Check | null {
  const check = CHECKS[meaning.class](meaning, op, operand)
  return check && { kinds: meaning.kinds, ...check }
}

/** Two fields of one event compared; null: they have no kind in common, or are not numbers of one class. */
export function checkOfFields(
  left: Meaning,
  op: Comparator,
  name: string,
  right: Meaning,
): Check | null {
  const kinds = sharedKinds(left, right)
  const compare = comparing(op)
  if (!compare || kinds?.length === 0 || !(comparable(left) && left.class === right.class)) {
    return null
  }
  return {
    kinds,
    sql: fieldsSql(left, op, right.sql),
    parameters: [],
    test: (value, event) => {
      const other = valueOf(event, name)
      return isNumber(value) && isNumber(other) && compare(BigInt(value), BigInt(other))
    },
  }
}

/** Whether such a field can be compared with another one. */
export const comparable = (meaning: Meaning): boolean =>
  meaning.class === 'u64' || meaning.class === 'int'

const isNumber = (value: FieldValue | undefined): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number'

/** Unsigned order of two signed values: first those without the top bit, which is SQLite's sign. */
function fieldsSql(left: Meaning, op: Comparator, y: string): string {
  const x = left.sql
  if (op === '&') return `(${x} & ${y}) != 0`
  if (op === '==') return `${x} = ${y}`
  if (op === '!=' || left.class === 'int') return `${x} ${op} ${y}`
  return `(${x} < 0, ${x}) ${op} (${y} < 0, ${y})`
}

/** A check whose kinds are those of its field, unless it knows better. */
type Made = Omit<Check, 'kinds'> & Partial<Pick<Check, 'kinds'>>

const CHECKS: Readonly<
  Record<Meaning['class'], (meaning: Meaning, op: Comparator, operand: Operand) => Made | null>
> = { u64: unsigned, int: signed, code: coded, name: named, json: jsonCheck, free }

const U64_MAX = (1n << 64n) - 1n
const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n

function unsigned({ sql }: Meaning, op: Comparator, operand: Operand): Made | null {
  const { number, to } = operand.u64
  if (number === null || number < 0n || number > U64_MAX) return null
  const test = numeric(op, number, to)
  if (!test || (to !== null && to > U64_MAX)) return null
  return {
    ...unsignedSql(sql, op, number, to),
    test: (value) => typeof value === 'bigint' && test(value),
  }
}

/** Unsigned order over signed values: those with the top bit set, negative to SQLite, come last. */
function unsignedSql(x: string, op: Comparator, value: bigint, to: bigint | null): Condition {
  const bound = BigInt.asIntN(64, value)
  const one = (sql: string): Condition => ({ sql, parameters: [bound] })
  switch (op) {
    case '<':
    case '<=':
      return one(bound < 0n ? `(${x} >= 0 or ${x} ${op} ?)` : `(${x} >= 0 and ${x} ${op} ?)`)
    case '>':
    case '>=':
      return one(bound < 0n ? `(${x} < 0 and ${x} ${op} ?)` : `(${x} < 0 or ${x} ${op} ?)`)
    case 'in': {
      const low = unsignedSql(x, '>=', value, null)
      const high = unsignedSql(x, '<=', to ?? value, null)
      return {
        sql: `(${low.sql} and ${high.sql})`,
        parameters: [...low.parameters, ...high.parameters],
      }
    }
    default:
      return one(plainSql(x, op))
  }
}

function signed({ sql }: Meaning, op: Comparator, operand: Operand): Made | null {
  const { number, to } = operand
  if (number === null || number < I64_MIN || number > I64_MAX) return null
  const test = numeric(op, number, to)
  if (!test || (to !== null && to > I64_MAX)) return null
  return {
    sql: op === 'in' ? `${sql} between ? and ?` : plainSql(sql, op),
    parameters: to === null ? [number] : [number, to],
    test: (value) => Number.isSafeInteger(value) && test(BigInt(Number(value))),
  }
}

const plainSql = (x: string, op: Comparator): string => {
  if (op === '&') return `(${x} & ?) != 0`
  return `${x} ${op === '==' ? '=' : op} ?`
}

function numeric(
  op: Comparator,
  n: bigint,
  to: bigint | null,
): ((value: bigint) => boolean) | null {
  if (op === 'in') return to === null ? null : (value) => value >= n && value <= to
  const compare = comparing(op)
  return compare && ((value) => compare(value, n))
}

function comparing(op: Comparator): ((a: bigint, b: bigint) => boolean) | null {
  switch (op) {
    case '==':
      return (a, b) => a === b
    case '!=':
      return (a, b) => a !== b
    case '<':
      return (a, b) => a < b
    case '<=':
      return (a, b) => a <= b
    case '>':
      return (a, b) => a > b
    case '>=':
      return (a, b) => a >= b
    case '&':
      return (a, b) => (a & b) !== 0n
    case 'in':
    case '~':
      return null
  }
}

/** Names with numbers: whatever is asked of them is a set of them. */
function coded(meaning: Meaning, op: Comparator, operand: Operand): Made | null {
  const wanted = wantedCodes(meaning, op, operand)
  if (!wanted) return null
  const accepted = [...meaning.codes].filter(([name, code]) => wanted(name, code))
  const names = new Set<FieldValue>(accepted.map(([name]) => name))
  // Of the kind itself, nothing is left to ask once it is one of these.
  if (meaning.sql === 'kind') {
    const kinds = KIND_NAMES.filter((kind) => names.has(kind))
    return { kinds, sql: '1', parameters: [], test: () => true }
  }
  const numbers = new Set(accepted.map(([, code]) => code))
  return {
    sql: `${meaning.sql} in (${[...numbers].join(', ')})`,
    parameters: [],
    test: (value) => (typeof value === 'string' ? names.has(value) : numbers.has(Number(value))),
  }
}

function wantedCodes(
  { codes, ordered }: Meaning,
  op: Comparator,
  { text, number, to }: Operand,
): ((name: string, code: number) => boolean) | null {
  if (op === '~') {
    const matches = globMatcher(text)
    return (name) => matches(name)
  }
  const named = codes.get(text)
  if (named === undefined && number === null) return null
  if (!ordered && op !== '==' && op !== '!=') return null
  const test = numeric(op, named === undefined ? (number ?? 0n) : BigInt(named), to)
  return test && ((_, code) => test(BigInt(code)))
}

function named(meaning: Meaning, op: Comparator, { text }: Operand): Made | null {
  const { sql, text: part = 'text' } = meaning
  if (op === '==' || op === '!=') {
    const equal = op === '=='
    return {
      sql: `${sql} in (select id from name where ${part} ${equal ? '=' : '!='} ?)`,
      parameters: [text],
      test: (value) => typeof value === 'string' && (value === text) === equal,
    }
  }
  if (op !== '~') return null
  const matches = globMatcher(text)
  return {
    sql: `${sql} in (select id from name where ${part} glob ?)`,
    parameters: [text],
    test: (value) => typeof value === 'string' && matches(value),
  }
}

/** What a producer says in a field of its own: a whole number also by its order, anything else as its text. */
function free(meaning: Meaning, op: Comparator, operand: Operand): Made | null {
  if (op === '==' || op === '!=' || op === '~') return jsonCheck(meaning, op, operand)
  const { sql } = meaning
  const exact = `(${sql} ->> '$') between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`
  const number = `(case when json_type(${sql}) = 'integer' and ${exact} then ${sql} ->> '$' end)`
  return signed({ ...meaning, sql: number }, op, operand)
}

const textOf = (value: FieldValue): string =>
  typeof value === 'string' ? value : JSON.stringify(value)

/** A JSON string is compared as the text it is, or the 64 bits that it writes; anything else as it is written. */
function jsonCheck({ sql }: Meaning, op: Comparator, { text }: Operand): Made | null {
  const shown = `case json_type(${sql}) when 'text' then ${sql} ->> '$' else ${sql} end`
  if (op === '~') {
    const matches = globMatcher(text)
    const test = (value: FieldValue): boolean => matches(textOf(value))
    return { sql: `(${shown}) glob ?`, parameters: [text], test }
  }
  if (op !== '==' && op !== '!=') return null
  const forms = formsOf(text)
  const equal = op === '=='
  return {
    sql: `(${shown}) ${equal ? 'in' : 'not in'} (${forms.map(() => '?').join(', ')})`,
    parameters: forms,
    test: (value) => forms.includes(textOf(value)) === equal,
  }
}

/** A text, and the ways to write the 64 bits that it stands for, if it does. */
function formsOf(text: string): readonly string[] {
  const value = u64OfText(text)
  if (value === null) return [text]
  const digits = value.toString(16)
  const all = digits.padStart(16, '0')
  return [...new Set([text, hexOf(value), `0x${all}`, all])]
}
