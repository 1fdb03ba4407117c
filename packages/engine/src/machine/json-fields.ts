/** Reads fields of a JSON-like object, with errors that say where and what would be right. */
import { InputError } from '../arch/input-error.ts'
import { toVa, u64OfInput } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'

/** An object as it came from JSON. */
export type Fields = Readonly<Record<string, unknown>>

export function asFields(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value))
  }
  throw unfit(value, path, 'an object')
}

export function asList(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw unfit(value, path, 'a list')
}

/** A 64-bit value: text as {@link u64OfInput} takes it, bigint, or an integer that a number holds exactly. */
export function asU64(value: unknown, path: string): bigint {
  let read: bigint | null = null
  if (typeof value === 'bigint') read = value
  else if (typeof value === 'number' && Number.isSafeInteger(value)) read = BigInt(value)
  else if (typeof value === 'string') read = u64OfInput(value)
  if (read === null || read >= 2n ** 64n || read < -(2n ** 63n)) {
    throw unfit(value, path, 'a 64-bit value such as "0xffff800080000000"')
  }
  return BigInt.asUintN(64, read)
}

export function asVa(value: unknown, path: string): Va {
  const read = asU64(value, path)
  try {
    return toVa(read)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw InputError.of(path, `${reason}: a kernel address begins with 0xfff`)
  }
}

export function asInt(value: unknown, path: string, min = -(2 ** 31), max = 2 ** 31 - 1): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value
  }
  throw unfit(value, path, `an integer from ${min} to ${max}`)
}

export function asFlag(value: unknown, path: string): boolean {
  if (value === true || value === 1) return true
  if (value === false || value === 0) return false
  throw unfit(value, path, '0 or 1')
}

export function asText(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw unfit(value, path, 'a string')
}

export function asOneOf<const V extends string>(
  value: unknown,
  values: readonly V[],
  path: string,
): V {
  const found = values.find((known) => known === value)
  if (found !== undefined) return found
  throw unfit(value, path, `one of ${values.join(', ')}`)
}

/** @throws InputError naming the nearest right name for the first unknown field. */
export function refuseUnknown(fields: Fields, known: readonly string[], path: string): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw InputError.of(`${path}.${unknown}`, `is not known here; the fields are ${known.join(', ')}`)
}

/** What is there, or that nothing is, and what would be right. */
function unfit(value: unknown, path: string, right: string): InputError {
  if (value === undefined) return InputError.of(path, `is missing; it should be ${right}`)
  return InputError.of(path, `${show(value)} should be ${right}`)
}

const show = (value: unknown): string =>
  typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? typeof value)
