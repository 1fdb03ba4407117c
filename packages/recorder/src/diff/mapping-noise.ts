import type { Leaf } from '../tables/leaves.ts'
import type { MappingDifference } from '../tables/compare-mappings.ts'

/**
 * Splits the ranges in which a run's final mapping differs from its left one by whether a second recording of the left
 * run differs from it there in the same way. Address by address: elsewhere, or with other bits, it is a difference.
 * Both lists are ascending and without overlap, as compareMappings() makes them.
 */
export function sharedRanges(
  found: readonly MappingDifference[],
  noise: readonly MappingDifference[],
): { readonly shared: MappingDifference[]; readonly rest: MappingDifference[] } {
  const shared: MappingDifference[] = []
  const rest: MappingDifference[] = []
  let next = 0
  for (const range of found) {
    let at = range.va
    while (next < noise.length && lastOf(noise[next]!) < at) next++
    for (let i = next; i < noise.length && noise[i]!.va <= lastOf(range); i++) {
      const other = noise[i]!
      const from = other.va > at ? other.va : at
      const to = lastOf(other) < lastOf(range) ? lastOf(other) : lastOf(range)
      if (from > to || !isAlike(cut(range, from, to), cut(other, from, to))) continue
      if (from > at) rest.push(cut(range, at, from - 1n))
      shared.push(cut(range, from, to))
      at = to + 1n
    }
    if (at <= lastOf(range)) rest.push(cut(range, at, lastOf(range)))
  }
  return { shared, rest }
}

/** The last address of a range: its end may wrap to 0. */
const lastOf = ({ end }: MappingDifference): bigint => BigInt.asUintN(64, end - 1n)

function cut(range: MappingDifference, va: bigint, last: bigint): MappingDifference {
  const end = BigInt.asUintN(64, last + 1n)
  const part = (leaf: Leaf | null): Leaf | null =>
    leaf && { ...leaf, va, end, pa: leaf.pa + (va - range.va) }
  return { ...range, va, end, left: part(range.left), right: part(range.right) }
}

/** The left side is the same run; the right ones hold the same, or the same attributes on another page than it. */
function isAlike(range: MappingDifference, other: MappingDifference): boolean {
  const { left, right } = range
  const again = other.right
  if (range.change !== other.change || right === null || again === null)
    return range.change === other.change && right === again
  if (right.level !== again.level || right.attributes !== again.attributes) return false
  return right.pa === again.pa || (left !== null && right.pa !== left.pa && again.pa !== left.pa)
}
