import { type CostName, type Costs, exactly } from '../cost/costs.ts'
import { sizeOf } from './align/call-keys.ts'
import type { CallData } from './align/call-stream.ts'
import type { ComparedPair } from './compare-pair.ts'
import type { RowWays } from './repeated-rows.ts'
import type { DiffVerdict } from './pair-result.ts'

/** Costs that a list of pairs shows, by name. */
export const LISTED_COSTS = ['callbacks', 'barriers', 'flushes'] as const satisfies CostName[]

/** Right minus left; null: a side cannot show it. */
export type MoreCosts = Readonly<Record<(typeof LISTED_COSTS)[number], number | null>>

/** The way in which a pair differs: two pairs with one key differ alike, whatever the boot. */
export interface PairWay {
  readonly key: string
  readonly fns: readonly [left: string, right: string]
  readonly sizes: readonly [left: number | null, right: number | null]
  readonly verdict: DiffVerdict
  readonly sameInput: boolean
  readonly reordered: boolean
  readonly more: MoreCosts
  readonly ways: RowWays
}

export function pairWay({ diff, ways }: ComparedPair, left: CallData, right: CallData): PairWay {
  const { verdict, sameInput, reordered, leftCosts, rightCosts } = diff
  const way = {
    fns: [left.call.fn, right.call.fn],
    sizes: [bytesOf(left), bytesOf(right)],
    verdict,
    sameInput,
    reordered,
    more: moreOf(leftCosts, rightCosts),
    ways: ways(),
  } as const
  return { ...way, key: keyOf(way, false) }
}

/** The key of a pair that differs in the same way with its sides exchanged. */
export const mirrored = (way: PairWay): string => keyOf(way, true)

/** What is alike of calls without a counterpart. */
export const aloneWay = (data: CallData): string =>
  JSON.stringify(['alone', data.call.fn, bytesOf(data)])

/** Bytes of the call's range; null: it has none. */
export function bytesOf({ call }: CallData): number | null {
  const size = sizeOf(call)
  return size < 0 ? null : size
}

function keyOf(
  { fns, sizes, verdict, sameInput, reordered, more, ways }: Omit<PairWay, 'key'>,
  exchanged: boolean,
): string {
  const costs = Object.values(more).map((n) => (n === null || n === 0 || !exchanged ? n : -n))
  const sides = exchanged ? [fns.toReversed(), sizes.toReversed()] : [fns, sizes]
  return JSON.stringify([
    sides,
    verdict,
    sameInput,
    reordered,
    costs,
    ways.texts[exchanged ? 1 : 0],
  ])
}

const moreOf = (left: Costs, right: Costs): MoreCosts => ({
  callbacks: difference(exactly(left, 'callbacks'), exactly(right, 'callbacks')),
  barriers: difference(exactly(left, 'barriers'), exactly(right, 'barriers')),
  flushes: difference(exactly(left, 'flushes'), exactly(right, 'flushes')),
})

export const difference = (left: number | null, right: number | null): number | null =>
  left === null || right === null ? null : right - left
