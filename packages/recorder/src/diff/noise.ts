import type { EventSource } from '../event/run.ts'
import { compareMappings, type MappingDifference } from '../tables/compare-mappings.ts'
import { comparePair } from './compare-pair.ts'
import { type RunComparison, pairedCalls, startComparison } from './comparison.ts'
import { sharedRanges } from './mapping-noise.ts'
import type { DiffOptions } from './options.ts'
import { type ComparedOutside, othersOf, outsideOf } from './outside.ts'
import { differs } from './align/row-script.ts'
import { aloneWay, mirrored, type PairWay, pairWay } from './pair-way.ts'
import { type FoundRows, wayText } from './repeated-rows.ts'
import type { Noise, OutsideDiff } from './result.ts'
import type { CallData } from './align/call-stream.ts'
import type { EffectDifference, PairDiff } from './pair-result.ts'

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
  private outside = 0
  private ranges = 0
  /** What concerned others' areas differs between those recordings, or what happened outside of calls does. */
  hasOthers = false
  private hasRest = false
  /** In what the final mappings of those recordings differ. */
  private mapping: readonly MappingDifference[] = []

  constructor(label: string) {
    this.label = label
  }

  /** What `a` and `again` differ in. */
  static between(a: EventSource, again: EventSource, options: DiffOptions): NoiseFloor {
    const floor = new NoiseFloor(again.run.label)
    const comparison = startComparison(a, again, options)
    let reordered = 0
    for (const { pair, left, right } of pairedCalls(comparison)) {
      if (left !== null && right !== null) {
        const compared = comparePair(left, right, pair, comparison.context)
        if (compared.diff.reordered) reordered++
        if (compared.diff.verdict !== 'identical') floor.saw(pairWay(compared, left, right))
      } else {
        const data = left ?? right
        floor.add(aloneWay(data))
      }
    }
    floor.sawRest(comparison, reordered)
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

  /** What happened outside of calls without the differences that those recordings show too. */
  takesOutside({ diff, rows }: ComparedOutside): OutsideDiff {
    const effects = diff.effects.filter((effect) => !this.takesEffect(effect))
    const rest = this.hasRest ? null : diff.rest
    const rowsDiffer = diff.pathDiffers && differs(diff.path) && !this.takesRows(rows())
    return { ...diff, effects, rest, pathDiffers: rowsDiffer || rest !== null }
  }

  /** The ranges that those recordings do not differ in, or not so. */
  takesRanges(found: readonly MappingDifference[]): MappingDifference[] {
    const { shared, rest } = sharedRanges(found, this.mapping)
    this.ranges += shared.length
    for (const { change } of shared) this.name(`final mapping: ${change}`)
    return rest
  }

  /** What was set aside. */
  get result(): Noise {
    const { label, pairs, alone, outside, ranges } = this
    const named = [...this.named].map(([what, count]) => ({ what, count }))
    const sorted = named.toSorted((p, q) => q.count - p.count)
    return { label, pairs, alone, outside, ranges, named: sorted }
  }

  private sawRest(comparison: RunComparison, reordered: number): void {
    const { diff, rows } = outsideOf(comparison, reordered)
    this.hasOthers = othersOf(comparison) !== null
    this.hasRest = diff.rest !== null
    for (const effect of diff.effects) this.addBoth(effectWays(effect))
    if (diff.pathDiffers) for (const row of rows()) this.addBoth(waysOfRow(row), row.count)
    if (comparison.addresses === 'raw')
      this.mapping = compareMappings(comparison.left.state, comparison.right.state).differences
  }

  private takesEffect(effect: EffectDifference): boolean {
    if (!this.takes(effectWays(effect)[0])) return false
    this.outside++
    this.name(`outside of calls: ${effect.what}`)
    return true
  }

  /** Rows in order, between which no difference is: all of them or none. */
  private takesRows(rows: readonly FoundRows[]): boolean {
    const all = rows.every((row) => (this.left.get(waysOfRow(row)[0]) ?? 0) >= row.count)
    if (!all) return false
    const count = rows.reduce((sum, row) => sum + row.count, 0)
    this.outside += count
    this.name('outside of calls: event', count)
    return true
  }

  private addBoth([way, other]: readonly [string, string], count = 1): void {
    this.add(way, count)
    if (other !== way) this.add(other, count)
  }

  private saw(way: PairWay): void {
    this.addBoth([way.key, mirrored(way)])
  }

  private add(key: string, count = 1): void {
    this.left.set(key, (this.left.get(key) ?? 0) + count)
  }

  private takes(key: string): boolean {
    const n = this.left.get(key) ?? 0
    if (n > 0) this.left.set(key, n - 1)
    return n > 0
  }

  private name(what: string, count = 1): void {
    this.named.set(what, (this.named.get(what) ?? 0) + count)
  }
}

/** A difference of what happened outside of calls, as it is and with its sides exchanged. */
const effectWays = ({ what, where, left, right }: EffectDifference): [string, string] => [
  JSON.stringify(['outside', what, where, left, right]),
  JSON.stringify(['outside', what, where, right, left]),
]

const waysOfRow = (row: FoundRows): [string, string] => [
  `outside ${wayText(row, false)}`,
  `outside ${wayText(row, true)}`,
]
