import type { EventSource } from '../event/run.ts'
import type { LoneReason } from './align/align-calls.ts'
import type { CallData } from './align/call-stream.ts'
import type { ComparedPair } from './compare-pair.ts'
import {
  aloneWay,
  bytesOf,
  difference,
  LISTED_COSTS,
  type MoreCosts,
  type PairWay,
} from './pair-way.ts'
import { type PlacedRow, placedRows, readRows, type RepeatedRow } from './repeated-rows.ts'
import { type CallRef, type DiffVerdict, type LoneCall, VERDICTS } from './pair-result.ts'

/** Pairs of calls that differ in the same way: one function, one size, one verdict, the same rows. */
export interface ListedPairs {
  readonly left: CallRef
  readonly right: CallRef
  /** Bytes of the range; null: it has none. */
  readonly leftSize: number | null
  readonly rightSize: number | null
  readonly verdict: DiffVerdict
  readonly sameInput: boolean
  readonly reordered: boolean
  readonly count: number
  /** Right minus left, of each pair; null: a side cannot show it. */
  readonly more: MoreCosts
  /** ns, right minus left, of all pairs together. */
  readonly time: number | null
  /** What differs in each pair, as in the first. */
  readonly rows: readonly RepeatedRow[]
  /** Numbers of the calls of every pair. */
  readonly calls: readonly (readonly [left: number, right: number])[]
}

/** Calls without a counterpart that are alike. */
export interface ListedAlone {
  readonly side: 'left' | 'right'
  readonly call: CallRef
  readonly size: number | null
  readonly reason: LoneReason
  readonly count: number
  readonly calls: readonly number[]
}

/** Every pair of calls and every call alone, in groups: the worst verdict first, then what costs most. */
export interface PairList {
  readonly pairs: readonly ListedPairs[]
  readonly alone: readonly ListedAlone[]
}

type Pairs = { -readonly [K in keyof Omit<ListedPairs, 'rows' | 'calls'>]: ListedPairs[K] } & {
  readonly found: readonly PlacedRow[]
  readonly calls: [number, number][]
}
type Alone = { -readonly [K in keyof Omit<ListedAlone, 'calls'>]: ListedAlone[K] } & {
  readonly calls: number[]
}

/** Collects the list while the runs are compared: two numbers a pair, and what a group has in common once. */
export class PairCollector {
  private readonly groups = new Map<string, Pairs>()
  private readonly lone = new Map<string, Alone>()

  pair({ diff }: ComparedPair, way: PairWay, left: CallData, right: CallData): void {
    const time = difference(diff.leftCosts.time, diff.rightCosts.time)
    const known = this.groups.get(way.key)
    const calls: [number, number] = [left.call.op, right.call.op]
    if (known) {
      known.count++
      known.calls.push(calls)
      known.time = known.time === null || time === null ? null : known.time + time
      return
    }
    const { sizes, verdict, sameInput, reordered, more, ways } = way
    this.groups.set(way.key, {
      left: diff.left,
      right: diff.right,
      leftSize: sizes[0],
      rightSize: sizes[1],
      verdict,
      sameInput,
      reordered,
      count: 1,
      more,
      time,
      found: placedRows(ways.rows, left.tokens, right.tokens),
      calls: [calls],
    })
  }

  alone(side: 'left' | 'right', call: LoneCall, data: CallData): void {
    const { reason } = call
    const size = bytesOf(data)
    const key = `${side} ${reason} ${aloneWay(data)}`
    const known = this.lone.get(key)
    if (known) {
      known.count++
      known.calls.push(call.op)
    } else this.lone.set(key, { side, call, size, reason, count: 1, calls: [call.op] })
  }

  /** Sorted, with the events that stand for each difference. */
  list(a: EventSource, b: EventSource): PairList {
    const pairs = [...this.groups.values()].toSorted(
      (p, q) => rank(q) - rank(p) || weight(q) - weight(p) || q.count - p.count,
    )
    return {
      pairs: pairs.map(({ found, ...group }) =>
        Object.assign(group, { rows: readRows(a, b, found) }),
      ),
      alone: [...this.lone.values()].toSorted((p, q) => q.count - p.count),
    }
  }
}

/** Pairs that were asked for different things come last: the verdict does not rest on them. */
const rank = ({ verdict, sameInput }: Pairs): number => (sameInput ? VERDICTS.indexOf(verdict) : -1)

/** By how much all pairs of a group differ in what the list shows. */
function weight({ more, count }: Pairs): number {
  return LISTED_COSTS.reduce((sum, name) => sum + Math.abs(more[name] ?? 0), 0) * count
}
