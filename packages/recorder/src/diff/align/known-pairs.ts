import type { EffectComparison } from '../effects.ts'
import type { RowWays } from '../repeated-rows.ts'
import type { SideCall } from './side.ts'
import { alignRows, countRows, type RowScript } from './row-script.ts'
import type { PathCounts } from '../pair-result.ts'

/** What follows from the streams of two calls alone. */
export interface KnownPair {
  readonly script: RowScript
  /** Without what each call has set aside. */
  readonly path: PathCounts
  /** The ways in which rows differ, once somebody has asked. */
  ways: RowWays | null
}

/** Runs of rows and sets of effects kept of pairs that were seen; beyond, all are forgotten and kept anew. */
const KEPT_RUNS = 1 << 18

/** Streams of a side are fewer than this. */
const SIDES = 2 ** 26

/**
 * The alignments of two runs' calls, each made once: most calls repeat a few dozen streams, and how two of them lie
 * side by side follows from their words and compared fields alone.
 */
export class KnownPairs {
  private readonly known = new Map<number, KnownPair>()
  private readonly sameEffects = new Map<number, Map<number, EffectComparison>>()
  private readonly budget: number
  private kept = 0

  /** `budget`: of one alignment, as {@link alignRows} takes it. */
  constructor(budget: number) {
    this.budget = budget
  }

  /** {@link alignRows} of the two, and what it counts. */
  of(left: SideCall, right: SideCall): KnownPair {
    if (left.stream < 0 || right.stream < 0) return this.align(left, right)
    const key = left.stream * SIDES + right.stream
    let pair = this.known.get(key)
    if (pair) return pair
    pair = this.align(left, right)
    this.count(1 + pair.script.runs.length)
    this.known.set(key, pair)
    return pair
  }

  /**
   * What `compare` says of the effects of the two. That they have the same follows from their streams and from what
   * they left; differences name events, which are each pair's own.
   */
  effects(left: SideCall, right: SideCall, compare: () => EffectComparison): EffectComparison {
    if (left.stream < 0 || right.stream < 0) return compare()
    const key = left.stream * SIDES + right.stream
    const afters = left.afterId * SIDES + right.afterId
    let same = this.sameEffects.get(key)
    const known = same?.get(afters)
    if (known) return known
    const effects = compare()
    if (effects.differences.length > 0) return effects
    if (!same) this.sameEffects.set(key, (same = new Map()))
    same.set(afters, effects)
    this.count(1)
    return effects
  }

  private count(more: number): void {
    this.kept += more
    if (this.kept <= KEPT_RUNS) return
    this.known.clear()
    this.sameEffects.clear()
    this.kept = 0
  }

  private align({ tokens: left }: SideCall, { tokens: right }: SideCall): KnownPair {
    const script = alignRows(left, right, this.budget)
    return { script, path: countRows(script), ways: null }
  }
}
