import { many } from '../event/quantity.ts'
import { buildApart } from '../event/kernel-build.ts'
import type { Kind } from '../event/kinds.ts'
import { hiddenKinds, neitherShows } from './compared-kinds.ts'
import type { EventSource } from '../event/run.ts'
import type { Costs } from '../cost/costs.ts'
import { compareMappings, type MappingComparison } from '../tables/compare-mappings.ts'
import { type CallData, WHOLE_RUN } from './align/call-stream.ts'
import type { ReadSide } from './align/side.ts'
import type { CallAlignment, LoneOnLeft, LoneOnRight, MatchedLane } from './align/align-calls.ts'
import { FirstTrees } from './call-trees.ts'
import { refOf, verdictOf } from './compare-pair.ts'
import { type RunComparison, startComparison } from './comparison.ts'
import { judgedPairs, lossesOf } from './judged-pairs.ts'
import { NoiseFloor } from './noise.ts'
import { PairCollector } from './pair-list.ts'
import { pairWay } from './pair-way.ts'
import { findDivergence, type FoundDivergence, readDivergence } from './divergence.ts'
import { hasOneSidedEffects, unknownEffects } from './effects.ts'
import { type DiffOptions, LISTED } from './options.ts'
import { othersOf, outsideOf } from './outside.ts'
import type { Diff, Divergence, Noise, OutsideDiff, Side, UnlikeRest } from './result.ts'
import { differs } from './align/row-script.ts'
import { OUTSIDE, PairTally } from './pair-tally.ts'
import {
  type Answer,
  type DiffVerdict,
  type LoneCall,
  type RestOfBoth,
  VERDICTS,
} from './pair-result.ts'

/**
 * Compares two runs: outcome, effect, path, cost, and the verdict. Reads each once, in order, unless what is needed of
 * it is remembered; then the events of what the result shows.
 */
export function diffRuns(a: EventSource, b: EventSource, options: DiffOptions = {}): Diff {
  const comparison = startComparison(a, b, options)
  const tally = new PairTally(options.limit ?? LISTED)
  let first: FoundDivergence | null = null
  const { leftKnown, rightKnown } = comparison.context
  const trees = new FirstTrees()
  const listing = options.pairs === true ? new PairCollector() : null
  const floor = options.noise ? NoiseFloor.between(a, options.noise, options) : null
  const losses = lossesOf(a, b)
  for (const judged of judgedPairs(comparison, losses)) {
    if (judged.side !== 'both') {
      const { side, data } = judged
      const call = loneOf(data, judged.pair)
      const isNoise = call.reason !== 'rate' && (floor?.takesCall(data) ?? false)
      tally.alone(side, call, data.costs.costs(side === 'left' ? leftKnown : rightKnown), isNoise)
      listing?.alone(side, call, data)
      continue
    }
    const { left, right, compared } = judged
    const { diff } = compared
    const way = listing || floor ? pairWay(compared, left, right) : null
    if (way) listing?.pair(compared, way, left, right)
    if (way && diff.verdict !== 'identical' && floor?.takesPair(diff, way)) tally.noise(diff)
    else {
      tally.pair(compared)
      trees.pair(compared, left, right)
      if (first === null && diff.sameInput && differs(diff.path))
        first = findDivergence(left, right, compared)
    }
  }
  const isWhole = losses.left.isWhole && losses.right.isWhole
  const outside = isWhole ? compareOutside(comparison, tally, options, floor) : null
  const outcome = outcomeOf({ comparison, tally, isWhole }, options.limit ?? LISTED, floor)
  const others = !isWhole || floor?.hasOthers === true ? null : othersOf(comparison)
  const result = resultOf(
    {
      a,
      b,
      options,
      comparison,
      tally,
      isWhole,
      outside,
      outcome,
      others,
      noise: floor?.result ?? null,
    },
    first && readDivergence(a, b, first),
  )
  return { ...result, trees: trees.read(a, b), pairs: listing?.list(a, b) ?? null }
}

/** Compares what happened between calls; not where only some calls were asked for. */
function compareOutside(
  comparison: RunComparison,
  tally: PairTally,
  options: DiffOptions,
  floor: NoiseFloor | null,
): OutsideDiff | null {
  if (options.calls !== undefined || tally.isWithoutCalls) return null
  const compared = outsideOf(comparison, tally.reordered)
  const outside = floor?.takesOutside(compared) ?? compared.diff
  for (const effect of outside.effects) tally.outside(effect)
  tally.outsideIsCut = outside.isCut
  return outside
}

const loneOf = (
  { call, endedBy }: CallData,
  { lane, reason }: LoneOnLeft | LoneOnRight,
): LoneCall => ({ ...refOf(call, endedBy), lane, reason })

/** All that was found, when both runs have been read. */
interface Found {
  readonly a: EventSource
  readonly b: EventSource
  readonly options: DiffOptions
  readonly comparison: RunComparison
  readonly tally: PairTally
  /** No events of either run are known to be missing. */
  readonly isWhole: boolean
  readonly outside: OutsideDiff | null
  readonly outcome: Diff['outcome']
  readonly others: RestOfBoth | null
  readonly noise: Noise | null
}

function sidesOf({ a, b, comparison }: Found): { readonly left: Side; readonly right: Side } {
  const { left, right, shown } = comparison
  return {
    left: sideOf(a, b, left, right, hiddenKinds(shown.right, shown.left)),
    right: sideOf(b, a, right, left, hiddenKinds(shown.left, shown.right)),
  }
}

function resultOf(found: Found, first: Divergence | null): Omit<Diff, 'pairs' | 'trees'> {
  const { options, comparison, tally, outside, outcome, others, noise } = found
  const { shown, context, addresses } = comparison
  const seen = new Set([...comparison.left.seen, ...comparison.right.seen])
  const { path } = tally
  const pathDiffers =
    differs(path) ||
    path.renamed + path.restDiffers > 0 ||
    others !== null ||
    tally.reordered > 0 ||
    outside?.pathDiffers === true
  const isOpen = tally.isEmpty || tally.torn > 0
  const { left, right } = sidesOf(found)
  const isOneSided = left.cannotShow.length + right.cannotShow.length > 0
  const unknown = unknownEffects(shown.both)
  return {
    left,
    right,
    geometries: { left: context.leftGeometry, right: context.rightGeometry },
    addresses,
    verdict: overallVerdict(found, pathDiffers),
    incomplete: incompleteOf(found),
    neitherShows: neitherShows(shown.left, shown.right),
    asked: askedOf(options),
    calls: {
      paired: tally.paired,
      otherInput: tally.otherInput,
      torn: tally.torn,
      byVerdict: tally.byVerdict,
      reordered: tally.reordered,
      onlyLeft: tally.onlyLeft.lone,
      onlyRight: tally.onlyRight.lone,
      rates: ratesOf(comparison.calls.lanes),
      noise,
    },
    lanes: lanesOf(comparison.calls),
    outcome,
    effect: {
      answer: answerOf(
        tally.differentEffects + tally.outsideEffects > 0,
        isOpen || tally.openEffects > 0 || hasOneSidedEffects(shown.both, seen),
      ),
      differentPairs: tally.differentEffects,
      differences: listed(tally.effects),
      groups: tally.effectGroups(),
      unknown,
    },
    path: {
      ...path,
      answer: answerOf(pathDiffers, isOpen || isOneSided),
      first,
      rest: tally.rest ?? outsideRest(outside),
      others,
      approximate: tally.approximate,
    },
    cost: {
      pairedLeft: costsBeside(tally.pairedLeft, left),
      pairedRight: costsBeside(tally.pairedRight, right),
      left: costsBeside(tally.leftCosts, left),
      right: costsBeside(tally.rightCosts, right),
      outsideLeft: comparison.left.outside.costs(context.leftKnown),
      outsideRight: comparison.right.outside.costs(context.rightKnown),
    },
    groups: tally.grouped(),
    outside,
  }
}

/** Of kinds that the other run contains and this one cannot show, there may have been any number. */
const costsBeside = (costs: Costs, { cannotShow }: Side): Costs =>
  cannotShow.length === 0 ? costs : { ...costs, atLeast: [...(costs.atLeast ?? []), 'events'] }

/** The worst of the pairs, of the final tables and of what stands outside of calls. */
function overallVerdict({ tally, outcome, isWhole }: Found, pathDiffers: boolean): DiffVerdict {
  const { total } = outcome.mapping.ranges
  // Entries that differ although no call made them do so: the runs began differently.
  const startsDiffer = total > 0 || tally.outsideEffects > 0
  const floor = startsDiffer ? 'same outcome, different effects' : 'identical'
  // Where events are missing, they may be all that the final tables and the calls of one side differ by.
  const lossFloor = total + lostCalls(tally) > 0 ? 'unknown' : 'identical'
  const ofRest = verdictOf(outcome.answer, 'same', !pathDiffers)
  const verdict = worse(worse(tally.worst, isWhole ? floor : lossFloor), ofRest)
  return verdict === 'identical' && !isWhole ? 'unknown' : verdict
}

/** Where no pair differs so, what happened outside of calls may. */
const outsideRest = (outside: OutsideDiff | null): UnlikeRest | null =>
  outside?.rest == null
    ? null
    : { ...outside.rest, fn: OUTSIDE, leftOp: WHOLE_RUN.op, rightOp: WHOLE_RUN.op }

const ratesOf = (lanes: readonly MatchedLane[]): Diff['calls']['rates'] =>
  lanes
    .filter(({ kind, leftCalls, rightCalls }) => kind === 'timer' && leftCalls !== rightCalls)
    .map(({ left, right, leftCalls, rightCalls, paired }) => ({
      lane: left ?? right ?? '',
      left: leftCalls,
      right: rightCalls,
      paired,
    }))

function lanesOf({ mode, lanes, moved }: CallAlignment): Diff['lanes'] {
  const matched = lanes.toSorted((p, q) => alone(q) - alone(p) || q.paired - p.paired)
  return { mode, matched, interleaving: { answer: answerOf(moved > 0, false), moved } }
}

const alone = ({ leftCalls, rightCalls, paired }: MatchedLane): number =>
  leftCalls + rightCalls - 2 * paired

function askedOf(options: DiffOptions): Diff['asked'] {
  const { by, calls, filter, ignore = [], map = {}, lanes = 'auto' } = options
  const range = calls ? `${calls.from}-${calls.to}` : null
  return { by: by ?? null, calls: range, filter: filter?.text ?? null, ignore, map, lanes }
}

function outcomeOf(
  read: Pick<Found, 'comparison' | 'tally' | 'isWhole'>,
  limit: number,
  floor: NoiseFloor | null,
): Diff['outcome'] {
  const { comparison, tally } = read
  const mapping = mappingOf(read, limit, floor)
  const returns = answerOf(tally.outcomes.total > 0, tally.unknownReturn > 0)
  // Of different boots, a call that only one made is the workload's; otherwise it is the implementation's.
  const alone = tally.onlyLeft.total + tally.onlyRight.total - lostCalls(tally)
  const unpaired = alone > 0 && (comparison.addresses === 'raw' || tally.isEmpty)
  return {
    answer: unpaired ? 'different' : worseAnswer(returns, mapping.answer),
    sameReturn: tally.sameReturn,
    differentReturn: tally.differentReturn,
    unknownReturn: tally.unknownReturn,
    different: listed(tally.outcomes),
    mapping,
  }
}

const listed = <T>({ items, total }: { items: readonly T[]; total: number }) => ({ items, total })

function mappingOf(
  { comparison, tally, isWhole }: Pick<Found, 'comparison' | 'tally' | 'isWhole'>,
  limit: number,
  floor: NoiseFloor | null,
): Diff['outcome']['mapping'] {
  if (comparison.addresses === 'relative') {
    const answer = answerOf(tally.outcomes.total > 0, tally.isEmpty || tally.torn > 0)
    return { compared: 'per call', answer, ranges: { items: [], total: 0 }, unknownBytes: 0n }
  }
  const found: MappingComparison = compareMappings(comparison.left.state, comparison.right.state)
  const differences = floor?.takesRanges(found.differences) ?? found.differences
  const translated = differences.filter((range) => range.change === 'translation')
  const others = differences.filter((range) => range.change !== 'translation')
  return {
    compared: 'final state',
    answer: answerOf(isWhole && translated.length > 0, !isWhole || found.unknownBytes > 0),
    ranges: {
      // What matters most first.
      items: [...translated, ...others].slice(0, limit),
      total: differences.length,
    },
    unknownBytes: BigInt(found.unknownBytes),
  }
}

/** Calls without a counterpart that may be among the events that the other run has lost. */
const lostCalls = ({ onlyLeft, onlyRight }: PairTally): number => onlyLeft.lost + onlyRight.lost

const answerOf = (different: boolean, unknown: boolean): Answer =>
  different ? 'different' : unknown ? 'unknown' : 'same'

function worseAnswer(a: Answer, b: Answer): Answer {
  if (a === 'different' || b === 'different') return 'different'
  return a === 'unknown' || b === 'unknown' ? 'unknown' : 'same'
}

const worse = (a: DiffVerdict, b: DiffVerdict): DiffVerdict =>
  VERDICTS.indexOf(a) > VERDICTS.indexOf(b) ? a : b

/** One side, with what it could not show of the other's kinds. */
function sideOf(
  source: EventSource,
  beside: EventSource,
  own: ReadSide,
  other: ReadSide,
  hidden: readonly Kind[],
): Side {
  const {
    id,
    label,
    source: origin,
    flavour,
    kernel,
    scenario,
    facts,
    events,
    calls,
    lost,
  } = source.run
  return {
    id,
    label,
    source: origin,
    flavour,
    kernel,
    build: buildApart(source.run, [beside.run]),
    scenario,
    file: typeof facts['file'] === 'string' ? facts['file'] : null,
    events,
    calls,
    lost: Math.max(lost, own.lost),
    cannotShow: hidden.filter((kind) => other.seen.has(kind)),
    alsoUnknown: hidden.filter((kind) => !other.seen.has(kind)),
  }
}

function incompleteOf({ comparison, tally, a, b, options }: Found): string[] {
  const reasons: string[] = []
  for (const [name, source, stream] of [
    ['left', a, comparison.left],
    ['right', b, comparison.right],
  ] as const) {
    const lost = Math.max(source.run.lost, stream.lost)
    if (lost > 0) reasons.push(`the ${name} run lacks ${many(lost, 'event')}`)
    if (source.run.state === 'recording') reasons.push(`the ${name} run is still being recorded`)
    if (source.run.state === 'interrupted') reasons.push(`the ${name} run was interrupted`)
  }
  const again = options.noise?.run
  if (again && (again.lost > 0 || again.state !== 'complete'))
    reasons.push(`the second recording of the left run, ${again.label}, is not whole`)
  if (tally.approximate > 0) {
    reasons.push(
      `${many(tally.approximate, 'pair')} of calls were too unlike for a minimal alignment; theirs goes by unique events`,
    )
  }
  if (tally.outsideIsCut) reasons.push('more happened outside of calls than is compared')
  if (tally.isEmpty) reasons.push('no call of one run has a counterpart in the other')
  if (!comparison.calls.minimal) reasons.push('the calls were too unlike for a minimal alignment')
  if (tally.unknownReturn > 0)
    reasons.push(`${many(tally.unknownReturn, 'pair')} of calls did not both return`)
  return reasons
}
