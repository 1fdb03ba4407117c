import type { EventSource } from '../event/run.ts'
import { comparePair } from './compare-pair.ts'
import { pairedCalls, startComparison } from './comparison.ts'
import type { DiffOptions } from './options.ts'
import { aloneWay, mirrored, type PairWay, pairWay } from './pair-way.ts'
import type { Noise, PairDiff } from './result.ts'
import type { CallData } from './align/call-stream.ts'

/**
 * In what, and how often, two recordings of one thing differ. Another run's differences of that kind are noise as
 * often as they occurred here, whichever of the two recordings had which; what occurs more often counts.
 */
export class NoiseFloor {
  private readonly label: string
  private readonly left = new Map<string, number>()
  private readonly named = new Map<string, number>()
  private pairs = 0
  private alone = 0

  constructor(label: string) {
    this.label = label
  }

  /** What `a` and `again` differ in. */
  static between(a: EventSource, again: EventSource, options: DiffOptions): NoiseFloor {
    const floor = new NoiseFloor(again.run.label)
    const comparison = startComparison(a, again, options)
    try {
      for (const { pair, left, right } of pairedCalls(comparison)) {
        if (left !== null && right !== null) {
          const compared = comparePair(left, right, pair, comparison.context)
          if (compared.diff.verdict !== 'identical') floor.saw(pairWay(compared, left, right))
        } else {
          const data = left ?? right
          floor.add(aloneWay(data))
        }
      }
    } finally {
      comparison.end()
    }
    return floor
  }

  /** Whether a pair differs as those recordings do, and has not done so more often. */
  takesPair(diff: PairDiff, way: PairWay): boolean {
    if (!this.takes(way.key)) return false
    this.pairs++
    this.name(`${diff.left.fn}: ${diff.verdict}`)
    return true
  }

  /** The same of a call without counterpart. */
  takesCall(data: CallData): boolean {
    if (!this.takes(aloneWay(data))) return false
    this.alone++
    this.name(`${data.call.fn}: only on one side`)
    return true
  }

  /** What was set aside. */
  get result(): Noise {
    const { label, pairs, alone } = this
    const named = [...this.named].map(([what, count]) => ({ what, count }))
    return { label, pairs, alone, named: named.toSorted((p, q) => q.count - p.count) }
  }

  private saw(way: PairWay): void {
    this.add(way.key)
    const other = mirrored(way)
    if (other !== way.key) this.add(other)
  }

  private add(key: string): void {
    this.left.set(key, (this.left.get(key) ?? 0) + 1)
  }

  private takes(key: string): boolean {
    const n = this.left.get(key) ?? 0
    if (n > 0) this.left.set(key, n - 1)
    return n > 0
  }

  private name(what: string): void {
    this.named.set(what, (this.named.get(what) ?? 0) + 1)
  }
}
