import { fromVa, type Geometry, LO } from '@pagetrail/engine'

import { roleWords } from '../descriptor/bits.ts'
import { changedBits } from '../descriptor/text.ts'
import { leafOf, mergedLeaves, type Leaf, type LeafNumbers } from './leaves.ts'
import type { PageState } from './page-state.ts'

/**
 * How a range differs: where it leads or what it allows; only how it is built (level, CONT, what an entry that maps
 * nothing holds); or only software's bits.
 */
export type MappingChange = 'translation' | 'shape' | 'software'

/** A range of addresses with one difference throughout; a side that maps nothing there is null. */
export interface MappingDifference {
  readonly va: bigint
  readonly end: bigint
  readonly change: MappingChange
  /** `va`, `end` and `pa` of a leaf are those of this range. */
  readonly left: Leaf | null
  readonly right: Leaf | null
  /** Bits that the right leaf has and the left has not, and the reverse: `+RDONLY`, `-DBM`; empty if a side is null. */
  readonly bits: readonly string[]
}

/** What was compared, besides the differences: 0 unknown bytes is a proof. */
export interface MappingComparison {
  readonly differences: readonly MappingDifference[]
  /** Bytes mapped on a side of which the other has seen nothing: neither same nor different. */
  readonly unknownBytes: number
}

/** A difference with exact numbers. */
interface Found {
  readonly start: number
  end: number
  readonly left: LeafNumbers | null
  readonly right: LeafNumbers | null
  readonly change: MappingChange
}

/** Bits that do not change what a valid leaf does; they lie alike in every geometry. */
const SHAPE = roleWords('shape', null)
const SOFTWARE = roleWords('software', null)

/** Both states leaf by leaf; ranges with the same difference are merged. */
export function compareMappings(left: PageState, right: PageState): MappingComparison {
  const a = mergedLeaves(left)
  const b = mergedLeaves(right)
  const found: Found[] = []
  let unknownBytes = 0
  let i = 0
  let j = 0
  let at = Math.min(a[0]?.start ?? Infinity, b[0]?.start ?? Infinity)
  while (i < a.length || j < b.length) {
    const x = here(a[i], at)
    const y = here(b[j], at)
    const end = Math.min(boundary(a[i], at), boundary(b[j], at))
    const change = x || y ? changeOf(x, y, at) : null
    if (change !== null) {
      if (!(x ?? left.knows(at)) || !(y ?? right.knows(at))) unknownBytes += end - at
      else
        found.push({
          start: at,
          end,
          left: x && cut(x, at, end),
          right: y && cut(y, at, end),
          change,
        })
    }
    at = end
    if (a[i] && a[i]!.end <= at) i++
    if (b[j] && b[j]!.end <= at) j++
  }
  return { differences: merge(found, left.geometry), unknownBytes }
}

const here = (run: LeafNumbers | undefined, at: number): LeafNumbers | null =>
  run && run.start <= at ? run : null

const boundary = (run: LeafNumbers | undefined, at: number): number =>
  run === undefined ? Infinity : run.start > at ? run.start : run.end

const cut = (run: LeafNumbers, start: number, end: number): LeafNumbers => ({
  ...run,
  start,
  end,
  pa: run.pa + (start - run.start),
})

function changeOf(x: LeafNumbers | null, y: LeafNumbers | null, at: number): MappingChange | null {
  const mapsX = x !== null && (x.attrLo & LO.VALID) !== 0
  const mapsY = y !== null && (y.attrLo & LO.VALID) !== 0
  if (mapsX !== mapsY) return 'translation'
  if (!x || !y) return 'shape'
  const pa = x.pa + (at - x.start) === y.pa + (at - y.start)
  // nG of an entry that is not valid is how 7.3 writes it: another form, seen by nobody.
  if (!mapsX) return pa && sameBits(x, y, LO.NG, 0) && x.level === y.level ? null : 'shape'
  if (!pa || !sameBits(x, y, SHAPE.lo | SOFTWARE.lo, SHAPE.hi | SOFTWARE.hi)) return 'translation'
  if (x.level !== y.level || !sameBits(x, y, SOFTWARE.lo, SOFTWARE.hi)) return 'shape'
  return sameBits(x, y, 0, 0) ? null : 'software'
}

/** Attributes agree but for these bits. */
const sameBits = (x: LeafNumbers, y: LeafNumbers, lo: number, hi: number): boolean =>
  ((x.attrLo ^ y.attrLo) & ~lo) === 0 && ((x.attrHi ^ y.attrHi) & ~hi) === 0

function merge(found: readonly Found[], geometry: Geometry | null): MappingDifference[] {
  const merged: Found[] = []
  for (const range of found) {
    const last = merged.at(-1)
    if (
      last &&
      last.end === range.start &&
      last.change === range.change &&
      continues(last.left, range.left) &&
      continues(last.right, range.right)
    ) {
      last.end = range.end
      if (last.left) last.left.end = range.end
      if (last.right) last.right.end = range.end
    } else merged.push(range)
  }
  return merged.map(({ start, end, change, ...sides }) => {
    const left = sides.left && leafOf(sides.left)
    const right = sides.right && leafOf(sides.right)
    // Both are leaves, whatever their level: null.
    const bits = left && right ? changedBits(left.attributes, right.attributes, null, geometry) : []
    return { va: fromVa(start), end: fromVa(end), change, left, right, bits }
  })
}

function continues(a: LeafNumbers | null, b: LeafNumbers | null): boolean {
  if (!a || !b) return a === b
  return (
    a.level === b.level &&
    a.attrLo === b.attrLo &&
    a.attrHi === b.attrHi &&
    a.pa + (b.start - a.start) === b.pa
  )
}
