import type { Call } from '@pagetrail/recorder'

import type { CallAlignment } from '../../../packages/recorder/src/diff/align/align-calls.ts'

/** What a call is, counted without looking at any other: function and bytes, as text. */
const kindOf = ({ fn, va, end }: Call): string =>
  `${fn} ${va === null || end === null ? '' : end - va}`

/**
 * How many pairs of one function and size there can be: for each two lanes that belong together, what both made of each
 * kind. `inputOf` tells further arguments.
 */
export function mostPairs(
  { pairs, lanes }: CallAlignment,
  inputOf: (call: Call) => string = () => '',
): number {
  const byLane = Map.groupBy(pairs, ({ lane }) => lane)
  let most = 0
  for (const { left, right } of lanes) {
    // A pair bears the name of its left lane; a call alone on the right that of its own where it has no other.
    const own = byLane.get(left ?? right ?? '') ?? []
    const counts = new Map<string, [number, number]>()
    for (const pair of own) {
      for (const [call, side] of [[pair.left, 0] as const, [pair.right, 1] as const]) {
        if (!call) continue
        const key = `${kindOf(call)} ${inputOf(call)}`
        const both = counts.get(key) ?? [0, 0]
        both[side]++
        counts.set(key, both)
      }
    }
    for (const [a, b] of counts.values()) most += Math.min(a, b)
  }
  return most
}
