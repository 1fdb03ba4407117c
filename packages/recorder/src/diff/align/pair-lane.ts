import { align } from './align.ts'
import type { CallKeys } from './call-keys.ts'

/** Two calls of one lane by their indexes. */
export interface Match {
  readonly left: number
  readonly right: number
  /** They stand in another order than what is around them. */
  readonly reordered: boolean
}

export interface LanePairs {
  readonly matches: readonly Match[]
  readonly minimal: boolean
}

type Indexes = readonly number[]
type Keys = readonly [left: Int32Array, right: Int32Array]

/** Keys of both runs, from the strictest to the loosest. */
export interface Tiers {
  /** Function, range or size, arguments, and whether there was anything to do. */
  readonly exact: Keys
  /** The same without what was found. */
  readonly range: Keys
  /** Function, size and arguments, wherever it is. */
  readonly size: Keys
  /** Function and arguments, and what was found. */
  readonly loose: Keys
  /** As `exact`, with what was found and made of it. */
  readonly digest: Keys
}

export const tiersOf = (left: CallKeys, right: CallKeys): Tiers => ({
  exact: [left.exact, right.exact],
  range: [left.range, right.range],
  size: [left.size, right.size],
  loose: [left.loose, right.loose],
  digest: [left.digest, right.digest],
})

/**
 * Pairs what one task did in either run: as many calls as possible in order, by the strictest key that they share;
 * then those of one range whose order is exchanged; between what is paired so, calls of one size, then of one function.
 */
export function pairInOrder(
  left: Indexes,
  right: Indexes,
  tiers: Tiers,
  budget: number,
): LanePairs {
  const matches: Match[] = []
  const gaps = new GapPairer(budget)
  const inOrder = gaps.within(left, right, [tiers.exact, tiers.range])
  const taken: readonly [Set<number>, Set<number>] = [new Set(), new Set()]
  const take = (left: number, right: number, reordered: boolean): void => {
    matches.push({ left, right, reordered })
    taken[0].add(left)
    taken[1].add(right)
  }
  for (const [i, j] of inOrder) take(i, j, false)
  const free = (calls: Indexes, side: 0 | 1): number[] => calls.filter((i) => !taken[side].has(i))
  for (const keys of [tiers.exact, tiers.range]) {
    for (const [i, j] of kthWithKth(free(left, 0), free(right, 1), keys)) take(i, j, true)
  }
  // Between two that are paired in order, what neither is.
  let x = 0
  let y = 0
  const gap = (i: number, j: number): void => {
    const a = free(left.slice(x, i), 0)
    const b = free(right.slice(y, j), 1)
    for (const [p, q] of gaps.within(a, b, [tiers.size, tiers.loose])) take(p, q, false)
  }
  const places = new Map(left.map((call, i) => [call, i]))
  const others = new Map(right.map((call, j) => [call, j]))
  for (const [i, j] of inOrder) {
    gap(places.get(i)!, others.get(j)!)
    x = places.get(i)! + 1
    y = others.get(j)! + 1
  }
  gap(left.length, right.length)
  return { matches, minimal: gaps.minimal }
}

/** Pairs work of any task: the k-th of a key with the k-th, by the strictest key first. */
export function pairByKey(left: Indexes, right: Indexes, tiers: Tiers): LanePairs {
  const matches: Match[] = []
  let a = left
  let b = right
  for (const keys of [tiers.digest, tiers.exact, tiers.range, tiers.size, tiers.loose]) {
    const found = kthWithKth(a, b, keys)
    for (const [i, j] of found) matches.push({ left: i, right: j, reordered: false })
    const [i, j] = [new Set(found.map(([i]) => i)), new Set(found.map(([, j]) => j))]
    a = a.filter((call) => !i.has(call))
    b = b.filter((call) => !j.has(call))
  }
  return { matches, minimal: true }
}

function kthWithKth(left: Indexes, right: Indexes, keys: Keys): [left: number, right: number][] {
  if (left.length === 0 || right.length === 0) return []
  const queues = Map.groupBy(right, (j) => keys[1][j]!)
  const at = new Map<number, number>()
  const found: [number, number][] = []
  for (const i of left) {
    const key = keys[0][i]!
    const k = at.get(key) ?? 0
    const j = queues.get(key)?.[k]
    if (j === undefined) continue
    at.set(key, k + 1)
    found.push([i, j])
  }
  return found
}

/** Longest common subsequences, by one key and then, between what it pairs, by the next. */
class GapPairer {
  minimal = true
  private readonly budget: number

  constructor(budget: number) {
    this.budget = budget
  }

  within(left: Indexes, right: Indexes, tiers: readonly Keys[]): [number, number][] {
    const [keys, ...looser] = tiers
    if (!keys || left.length === 0 || right.length === 0) return []
    const pairs: [number, number][] = []
    const { matches, minimal } = align(
      Int32Array.from(left, (i) => keys[0][i]!),
      Int32Array.from(right, (j) => keys[1][j]!),
      this.budget,
    )
    this.minimal &&= minimal
    let x = 0
    let y = 0
    const gap = (i: number, j: number): void => {
      if (x < i && y < j)
        for (const pair of this.within(left.slice(x, i), right.slice(y, j), looser))
          pairs.push(pair)
    }
    for (let at = 0; at < matches.length; at += 3) {
      const [i, j, length] = [matches[at]!, matches[at + 1]!, matches[at + 2]!]
      gap(i, j)
      for (let n = 0; n < length; n++) pairs.push([left[i + n]!, right[j + n]!])
      x = i + length
      y = j + length
    }
    gap(left.length, right.length)
    return pairs
  }
}
