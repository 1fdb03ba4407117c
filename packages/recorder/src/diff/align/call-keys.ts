import type { Call } from '../../event/run.ts'
import { signedVa } from '../../event/words.ts'
import type { CallTraits } from './call-traits.ts'
import type { RoleOf } from './roles.ts'
import type { TextIds } from './text-ids.ts'
import type { Addressing } from './addresses.ts'

/** Numbers that are equal where two calls are alike, from the strictest to the loosest. */
export interface CallKeys {
  /** Function, range (where runs have one layout), size, arguments, what was found and made of it. */
  readonly digest: Int32Array
  /** Without the digest: only whether something was to be done. */
  readonly exact: Int32Array
  /** Without what was found. */
  readonly range: Int32Array
  /** Function, size and arguments. */
  readonly size: Int32Array
  /** Function, arguments and what was found. */
  readonly loose: Int32Array
  /** Function and arguments. */
  readonly asked: Int32Array
}

export function callKeys(
  calls: readonly Call[],
  traits: readonly CallTraits[],
  addresses: Addressing,
  roleOf: RoleOf,
  ids: TextIds,
): CallKeys {
  const keys = {
    digest: new Int32Array(calls.length),
    exact: new Int32Array(calls.length),
    range: new Int32Array(calls.length),
    size: new Int32Array(calls.length),
    loose: new Int32Array(calls.length),
    asked: new Int32Array(calls.length),
  }
  calls.forEach((call, i) => {
    const { input, found, digest } = traits[i]!
    const role = roleOf(call.fn)
    const size = `${role} ${input} ${sizeOf(call)}`
    const range = addresses === 'raw' ? `${size} ${call.va}` : size
    keys.size[i] = ids.id(size)
    keys.range[i] = addresses === 'raw' ? ids.id(range) : keys.size[i]!
    keys.exact[i] = ids.id(`${range} ${found}`)
    keys.digest[i] = ids.id(`${range} ${found} ${digest}`)
    keys.loose[i] = ids.id(`${role} ${input} * ${found}`)
    keys.asked[i] = ids.id(`${role} ${input} *`)
  })
  return keys
}

/** Bytes of the range, or -1 where the call has none. */
export const sizeOf = (call: Call): number =>
  call.va === null || call.end === null ? -1 : signedVa(call.end) - signedVa(call.va)

/** A range that one side does not show is not a difference. */
export const sameSize = (left: Call, right: Call): boolean =>
  sizeOf(left) === sizeOf(right) || sizeOf(left) < 0 || sizeOf(right) < 0
