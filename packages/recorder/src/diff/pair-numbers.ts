import type { EventSource } from '../event/run.ts'
import { startComparison } from './comparison.ts'
import type { DiffOptions } from './options.ts'

/** By the number of a call on each side, that of its pair, from 1; calls without counterpart have none. */
export interface PairNumbers {
  readonly left: ReadonlyMap<number, number>
  readonly right: ReadonlyMap<number, number>
}

/** Which calls of two runs belong together, as a comparison pairs them; no event is compared. */
export function pairNumbers(
  a: EventSource,
  b: EventSource,
  options: DiffOptions = {},
): PairNumbers {
  const left = new Map<number, number>()
  const right = new Map<number, number>()
  for (const pair of startComparison(a, b, options).calls.pairs) {
    if (pair.left === null || pair.right === null) continue
    const number = left.size + 1
    left.set(pair.left.op, number)
    right.set(pair.right.op, number)
  }
  return { left, right }
}
