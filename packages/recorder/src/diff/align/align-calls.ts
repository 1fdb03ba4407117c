import type { Call } from '../../event/run.ts'
import { signedVa } from '../../event/words.ts'
import { align } from './align.ts'
import type { RoleOf } from './roles.ts'
import { TextIds } from './text-ids.ts'

/** The calls of a run, and what each was asked for besides its range. */
export interface CallList {
  readonly calls: readonly Call[]
  readonly inputs: readonly string[]
}

/** One call beside its counterpart, or alone. */
export type CallPair =
  | { readonly left: Call; readonly right: Call; readonly sameInput: boolean }
  | { readonly left: Call; readonly right: null }
  | { readonly left: null; readonly right: Call }

export interface CallAlignment {
  readonly pairs: readonly CallPair[]
  readonly minimal: boolean
}

/**
 * Pairs the calls of two runs, in order: first as many as possible with the same function and size, then - between
 * those - as many as possible with the same function. A call that repeats a recent one on the same range, or was asked
 * for something else than the range tells, is only paired with such a one. What remains has no counterpart.
 */
export function alignCalls(
  { calls: left, inputs: leftInputs }: CallList,
  { calls: right, inputs: rightInputs }: CallList,
  roleOf: RoleOf,
  budget: number,
): CallAlignment {
  const ids = new TextIds()
  const idOf = (text: string): number => ids.id(text)
  const loose = (calls: readonly Call[], inputs: readonly string[]): string[] => {
    const repeated = repetitions(calls)
    return calls.map((call, i) => `${roleOf(call.fn)} ${repeated[i]} ${inputs[i]}`)
  }
  const leftNames = loose(left, leftInputs)
  const rightNames = loose(right, rightInputs)
  const exact = (calls: readonly Call[], names: readonly string[]): Int32Array =>
    Int32Array.from(calls, (call, i) => idOf(`${names[i]} ${sizeOf(call)}`))
  const whole = align(exact(left, leftNames), exact(right, rightNames), budget)
  const pairs: CallPair[] = []
  let { minimal } = whole
  let i = 0
  let j = 0
  const gap = (iEnd: number, jEnd: number): void => {
    const a = left.slice(i, iEnd)
    const b = right.slice(j, jEnd)
    const inside = align(
      Int32Array.from(leftNames.slice(i, iEnd), idOf),
      Int32Array.from(rightNames.slice(j, jEnd), idOf),
      budget,
    )
    minimal &&= inside.minimal
    for (const pair of paired(a, b, inside.matches)) pairs.push(pair)
  }
  const { matches } = whole
  for (let at = 0; at < matches.length; at += 3) {
    const x = matches[at]!
    const y = matches[at + 1]!
    const length = matches[at + 2]!
    gap(x, y)
    for (let n = 0; n < length; n++) {
      pairs.push({ left: left[x + n]!, right: right[y + n]!, sameInput: true })
    }
    i = x + length
    j = y + length
  }
  gap(left.length, right.length)
  return { pairs, minimal }
}

function paired(left: readonly Call[], right: readonly Call[], matches: Int32Array): CallPair[] {
  const pairs: CallPair[] = []
  let i = 0
  let j = 0
  const alone = (iEnd: number, jEnd: number): void => {
    for (; i < iEnd; i++) pairs.push({ left: left[i]!, right: null })
    for (; j < jEnd; j++) pairs.push({ left: null, right: right[j]! })
  }
  for (let at = 0; at < matches.length; at += 3) {
    alone(matches[at]!, matches[at + 1]!)
    for (let n = 0; n < matches[at + 2]!; n++) {
      const sameInput = sameSize(left[i]!, right[j]!)
      pairs.push({ left: left[i++]!, right: right[j++]!, sameInput })
    }
  }
  alone(left.length, right.length)
  return pairs
}

/** Bytes of the range, or -1 where the call has none. */
export const sizeOf = (call: Call): number =>
  call.va === null || call.end === null ? -1 : signedVa(call.end) - signedVa(call.va)

/** A range that one side does not tell is no difference. */
const sameSize = (left: Call, right: Call): boolean =>
  sizeOf(left) === sizeOf(right) || sizeOf(left) < 0 || sizeOf(right) < 0

/** How many calls back the same function on the same range still counts as repeated. */
const RECENT = 32

function repetitions(calls: readonly Call[]): boolean[] {
  const last = new Map<string, number>()
  return calls.map((call, i) => {
    if (call.va === null) return false
    const key = `${call.fn} ${call.va} ${call.end}`
    const before = last.get(key)
    last.set(key, i)
    return before !== undefined && i - before <= RECENT
  })
}
