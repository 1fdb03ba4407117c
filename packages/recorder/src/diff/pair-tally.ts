import { addCosts, type CostName, type Costs, exactly } from '../cost/costs.ts'
import { noCosts } from '../cost/known-costs.ts'
import { WHOLE_RUN } from './align/call-stream.ts'
import type { ComparedPair } from './compare-pair.ts'
import type { EffectGroup, Listed, Lone, PairGroup, UnlikeRest } from './result.ts'
import {
  VERDICTS,
  type CallRef,
  type EffectDifference,
  type LoneCall,
  type PairDiff,
  type PathCounts,
  type DiffVerdict,
} from './pair-result.ts'

/** Costs that distinguish groups of pairs, and that are named where they do. */
export const TELLING_COSTS: readonly CostName[] = [
  'callbacks',
  'writes',
  'redundantWrites',
  'lazySections',
  'barriers',
  'dsb',
  'flushes',
  'flushedPages',
  'foreignFlushes',
  'tlbi',
  'splits',
  'tablesAllocated',
  'locks',
  'warnings',
]

/** In the place of a function, for what happened outside of calls. */
export const OUTSIDE = 'what happened outside of calls'

/** A list that keeps the first few and counts the rest. */
export class Bounded<T> implements Listed<T> {
  readonly items: T[] = []
  total = 0
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(item: T): void {
    this.total++
    if (this.items.length < this.limit) this.items.push(item)
  }
}

/** Calls that one side made and the other did not. */
class LoneCalls extends Bounded<LoneCall> {
  readonly byFunction = new Map<string, number>()
  readonly byReason = new Map<string, number>()

  override add(call: LoneCall): void {
    super.add(call)
    this.byFunction.set(call.fn, (this.byFunction.get(call.fn) ?? 0) + 1)
    this.byReason.set(call.reason, (this.byReason.get(call.reason) ?? 0) + 1)
  }

  /** Those that the other run may have lost. */
  get lost(): number {
    return this.byReason.get('loss') ?? 0
  }

  get lone(): Lone {
    const { items, total, byFunction, byReason } = this
    return {
      items,
      total,
      byFunction: Object.fromEntries(byFunction),
      byReason: Object.fromEntries(byReason),
    }
  }
}

type Group = { -readonly [K in keyof PairGroup]: PairGroup[K] }
type Pathed = { -readonly [K in keyof PathCounts]: PathCounts[K] }

/** Adds up what the pairs of two runs said. */
export class PairTally {
  readonly byVerdict: Record<DiffVerdict, number>
  readonly path: Pathed = {
    same: 0,
    renamed: 0,
    changed: 0,
    onlyLeft: 0,
    onlyRight: 0,
    asideLeft: 0,
    asideRight: 0,
    restDiffers: 0,
  }
  paired = 0
  /** Pairs in which events of a call are missing; included in `paired`. */
  torn = 0
  /** Pairs whose effects are not known because of what is missing. */
  openEffects = 0
  otherInput = 0
  reordered = 0
  private noisy = 0
  sameReturn = 0
  differentReturn = 0
  unknownReturn = 0
  differentEffects = 0
  /** Differences between the effects of what happened outside of calls. */
  outsideEffects = 0
  outsideIsCut = false
  isWithoutCalls = false
  approximate = 0
  /** The first pair in which what is compared without rows differs. */
  rest: UnlikeRest | null = null
  worst: DiffVerdict = 'identical'
  pairedLeft: Costs = noCosts()
  pairedRight: Costs = noCosts()
  leftCosts: Costs = noCosts()
  rightCosts: Costs = noCosts()
  readonly onlyLeft: LoneCalls
  readonly onlyRight: LoneCalls
  readonly outcomes: Bounded<{ left: CallRef; right: CallRef }>
  readonly effects: Bounded<EffectDifference & { leftOp: number; rightOp: number }>
  private readonly groups = new Map<string, Group>()
  private readonly byEffect = new Map<string, EffectGroup & { count: number }>()
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
    this.byVerdict = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<
      DiffVerdict,
      number
    >
    this.onlyLeft = new LoneCalls(limit)
    this.onlyRight = new LoneCalls(limit)
    this.outcomes = new Bounded(limit)
    this.effects = new Bounded(limit)
  }

  pair({ diff, script, effects, rest }: ComparedPair): void {
    this.leftCosts = addCosts(this.leftCosts, diff.leftCosts)
    this.rightCosts = addCosts(this.rightCosts, diff.rightCosts)
    if (!script.minimal) this.approximate++
    this.group(diff)
    if (diff.left.op === WHOLE_RUN.op) this.isWithoutCalls = true
    if (!diff.sameInput) {
      this.otherInput++
      return
    }
    this.paired++
    if (diff.reordered) this.reordered++
    this.rest ??= rest && {
      ...rest,
      fn: diff.left.fn,
      leftOp: diff.left.op,
      rightOp: diff.right.op,
    }
    for (const key of Object.keys(this.path) as (keyof PathCounts)[])
      this.path[key] += diff.path[key]
    if (diff.isWhole) {
      this.pairedLeft = addCosts(this.pairedLeft, diff.leftCosts)
      this.pairedRight = addCosts(this.pairedRight, diff.rightCosts)
    } else this.torn++
    this.byVerdict[diff.verdict]++
    if (VERDICTS.indexOf(diff.verdict) > VERDICTS.indexOf(this.worst)) this.worst = diff.verdict
    this.outcome(diff)
    if (diff.effect === 'different') this.differentEffects++
    if (diff.effect === 'unknown') this.openEffects++
    for (const effect of effects) this.effect(effect, diff)
  }

  /** No two calls could be compared. */
  get isEmpty(): boolean {
    return this.paired + this.noisy === 0
  }

  /** A pair that says nothing: it costs, and no verdict rests on it. */
  noise({ leftCosts, rightCosts }: PairDiff): void {
    this.noisy++
    this.leftCosts = addCosts(this.leftCosts, leftCosts)
    this.rightCosts = addCosts(this.rightCosts, rightCosts)
  }

  /** A call of a timer that the other side's did not reach costs, and is otherwise a matter of its rate. */
  alone(side: 'left' | 'right', call: LoneCall, costs: Costs, isNoise: boolean): void {
    const calls = side === 'left' ? this.onlyLeft : this.onlyRight
    if (call.reason !== 'rate' && !isNoise) calls.add(call)
    if (side === 'left') this.leftCosts = addCosts(this.leftCosts, costs)
    else this.rightCosts = addCosts(this.rightCosts, costs)
  }

  /** The groups that the verdict rests on first, among them the worst and most frequent. */
  grouped(): Listed<PairGroup> {
    const groups = [...this.groups.values()].toSorted(
      (a, b) => Number(b.sameInput) - Number(a.sameInput) || rank(b) - rank(a) || b.count - a.count,
    )
    return { items: groups.slice(0, this.limit), total: groups.length }
  }

  /** The most frequent first. */
  effectGroups(): Listed<EffectGroup> {
    const groups = [...this.byEffect.values()].toSorted((a, b) => b.count - a.count)
    return { items: groups.slice(0, this.limit), total: groups.length }
  }

  /** An effect of what happened outside of calls. */
  outside(effect: EffectDifference): void {
    this.outsideEffects++
    this.list(effect, OUTSIDE, WHOLE_RUN.op, WHOLE_RUN.op)
  }

  private effect(effect: EffectDifference, { left, right }: PairDiff): void {
    this.list(effect, left.fn, left.op, right.op)
  }

  private list(effect: EffectDifference, fn: string, leftOp: number, rightOp: number): void {
    const example = { ...effect, leftOp, rightOp }
    this.effects.add(example)
    const level =
      effect.what === 'descriptor' || effect.what === 'transient'
        ? effect.where.slice(0, effect.where.indexOf(' '))
        : null
    const key = [fn, effect.what, level, effect.left, effect.right].join('|')
    const known = this.byEffect.get(key)
    if (known) known.count++
    else {
      const { what } = effect
      this.byEffect.set(key, {
        fn,
        what,
        level,
        left: effect.left,
        right: effect.right,
        count: 1,
        example,
      })
    }
  }

  private outcome(diff: PairDiff): void {
    const { left, right } = diff
    // A run without calls, compared as a whole, returns nothing.
    if (left.op === WHOLE_RUN.op) return
    const ended = left.endedBy !== null || right.endedBy !== null
    if (!ended && (left.ret === null || right.ret === null)) this.unknownReturn++
    else if (left.ret === right.ret && left.endedBy === right.endedBy) this.sameReturn++
    else this.differentReturn++
    if (diff.outcome === 'different') this.outcomes.add({ left, right })
  }

  /** Pairs are alike if function, verdict and the direction of every cost that counts here are. */
  private group(diff: PairDiff): void {
    const { left, right, verdict, sameInput, leftCosts, rightCosts } = diff
    const signs = TELLING_COSTS.map((name) => {
      const [a, b] = [exactly(leftCosts, name), exactly(rightCosts, name)]
      return a === null || b === null ? 0 : Math.sign(b - a)
    })
    const key = [left.fn, right.fn, verdict, sameInput, ...signs].join(' ')
    const known = this.groups.get(key)
    if (known) {
      known.count++
      known.leftCosts = addCosts(known.leftCosts, leftCosts)
      known.rightCosts = addCosts(known.rightCosts, rightCosts)
      return
    }
    const fn = left.fn === right.fn ? left.fn : `${left.fn} ≙ ${right.fn}`
    this.groups.set(key, {
      fn,
      verdict,
      sameInput,
      count: 1,
      example: { left, right },
      leftCosts,
      rightCosts,
    })
  }
}

const rank = (group: Group): number => VERDICTS.indexOf(group.verdict)
