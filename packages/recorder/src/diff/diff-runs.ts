import type { Kind } from '../event.ts'
import { PageState } from '../page-state.ts'
import { knownCosts } from '../report/known-costs.ts'
import type { Call, EventSource } from '../source.ts'
import { compareMappings, type MappingComparison } from '../state-diff.ts'
import { alignCalls, type CallAlignment } from './align-calls.ts'
import { CallStream, type CallData } from './call-stream.ts'
import { comparePair, type PairContext, refOf, verdictOf } from './compare-pair.ts'
import { findDivergence, type FoundDivergence, readDivergence } from './divergence.ts'
import { unknownEffects } from './effects.ts'
import { fieldReaders, ignoredNames, Texts } from './field-readers.ts'
import { BUDGET, type Addressing, type DiffOptions, LISTED } from './options.ts'
import {
  type Answer,
  type Diff,
  type Divergence,
  type Side,
  VERDICTS,
  type Verdict,
} from './result.ts'
import { roleTable } from './roles.ts'
import { differs } from './rows.ts'
import { hiddenKinds, shownKinds } from './shown.ts'
import { Tally } from './tally.ts'

/** Two runs being compared: the streams of both sides and how their calls belong together. */
export interface Comparison {
  readonly addresses: Addressing
  readonly calls: CallAlignment
  readonly left: CallStream
  readonly right: CallStream
  readonly leftState: PageState
  readonly rightState: PageState
  readonly context: PairContext
  readonly shown: {
    readonly left: ReadonlySet<Kind>
    readonly right: ReadonlySet<Kind>
    readonly both: ReadonlySet<Kind>
  }
}

/** Prepares the comparison; nothing but the calls has been read. Throws InputError for a name that does not exist. */
export function startComparison(a: EventSource, b: EventSource, options: DiffOptions): Comparison {
  const roleOf = roleTable(options.map)
  const budget = options.budget ?? BUDGET
  const left = shownKinds(a.run)
  const right = shownKinds(b.run)
  const both = new Set([...left].filter((kind) => right.has(kind)))
  const addresses = options.addresses ?? defaultAddresses(a, b)
  const leftCalls = selectCalls(a, options)
  const rightCalls = selectCalls(b, options)
  const calls = alignCalls(leftCalls, rightCalls, roleOf, budget)
  const ignored = ignoredNames(options.ignore ?? [])
  const encoding = {
    texts: new Texts(roleOf),
    readers: fieldReaders(ignored),
    ignored,
    shown: both,
    addresses,
    matches: options.filter?.matches ?? null,
  }
  const leftState = PageState.of(a.run)
  const rightState = PageState.of(b.run)
  const stream = (source: EventSource, selected: readonly Call[], state: PageState): CallStream =>
    new CallStream(source, { ...encoding, calls: selected, to: lastOf(selected, options) }, state)
  return {
    addresses,
    calls,
    left: stream(a, leftCalls, leftState),
    right: stream(b, rightCalls, rightState),
    leftState,
    rightState,
    context: {
      addresses,
      budget,
      limit: options.limit ?? LISTED,
      leftKnown: knownCosts(left),
      rightKnown: knownCosts(right),
    },
    shown: { left, right, both },
  }
}

/** The calls of both sides as they belong together, each when it is complete. */
export function* pairedCalls(
  comparison: Comparison,
): Generator<{ left: CallData | null; right: CallData | null; sameInput: boolean }> {
  const left = comparison.left.calls()
  const right = comparison.right.calls()
  for (const pair of comparison.calls.pairs) {
    const sameInput = pair.left !== null && pair.right !== null && pair.sameInput
    const a = nextOf(left, pair.left !== null)
    const b = nextOf(right, pair.right !== null)
    yield { left: a, right: b, sameInput }
    // Whoever asked for the next pair is done with this one.
    if (a) comparison.left.release(a)
    if (b) comparison.right.release(b)
  }
  // What follows the last call belongs to the final state.
  left.next()
  right.next()
}

const nextOf = (side: Generator<CallData>, wanted: boolean): CallData | null =>
  wanted ? (side.next().value ?? null) : null

/**
 * Compares two runs: outcome, effect, path, cost, and the verdict. Reads each once, in order; holds one pair of calls
 * at a time.
 */
export function diffRuns(a: EventSource, b: EventSource, options: DiffOptions = {}): Diff {
  const comparison = startComparison(a, b, options)
  const tally = new Tally(options.limit ?? LISTED)
  let first: FoundDivergence | null = null
  for (const { left, right, sameInput } of pairedCalls(comparison)) {
    if (left && right) {
      const compared = comparePair(left, right, sameInput, comparison.context)
      tally.pair(compared)
      if (first === null && sameInput && differs(compared.diff.path)) {
        first = findDivergence(left, right, compared)
      }
    } else if (left)
      tally.alone(
        'left',
        refOf(left.call, left.endedBy),
        left.costs.costs(comparison.context.leftKnown),
      )
    else if (right)
      tally.alone(
        'right',
        refOf(right.call, right.endedBy),
        right.costs.costs(comparison.context.rightKnown),
      )
  }
  return resultOf(a, b, options, comparison, tally, first && readDivergence(a, b, first))
}

function resultOf(
  a: EventSource,
  b: EventSource,
  options: DiffOptions,
  comparison: Comparison,
  tally: Tally,
  first: Divergence | null,
): Diff {
  const { shown, context, addresses } = comparison
  const mapping = mappingOf(comparison, tally, options.limit ?? LISTED)
  const outcome = worseAnswer(
    answerOf(tally.outcomes.total > 0, tally.unknownReturn > 0),
    mapping.answer,
  )
  const unpaired = addresses === 'raw' && tally.onlyLeft.total + tally.onlyRight.total > 0
  const { path } = tally
  const pathDiffers = differs(path) || path.renamed > 0
  return {
    left: sideOf(a, comparison.left, shown.right, shown.left),
    right: sideOf(b, comparison.right, shown.left, shown.right),
    addresses,
    verdict: worse(tally.worst, verdictOf(unpaired ? 'different' : outcome, 'same', !pathDiffers)),
    incomplete: incompleteOf(comparison, tally, a, b),
    asked: {
      by: options.by ?? null,
      calls: options.calls ? `${options.calls.from}-${options.calls.to}` : null,
      filter: options.filter?.text ?? null,
      ignore: options.ignore ?? [],
      map: options.map ?? {},
    },
    calls: {
      paired: tally.paired,
      otherInput: tally.otherInput,
      byVerdict: tally.byVerdict,
      onlyLeft: listed(tally.onlyLeft),
      onlyRight: listed(tally.onlyRight),
    },
    outcome: {
      answer: unpaired ? 'different' : outcome,
      sameReturn: tally.sameReturn,
      differentReturn: tally.differentReturn,
      unknownReturn: tally.unknownReturn,
      different: listed(tally.outcomes),
      mapping,
    },
    effect: {
      answer: tally.differentEffects > 0 ? 'different' : 'same',
      differentPairs: tally.differentEffects,
      differences: listed(tally.effects),
      groups: tally.effectGroups(),
      unknown: unknownEffects(shown.both),
    },
    path: {
      ...path,
      answer: pathDiffers ? 'different' : 'same',
      first,
      approximate: tally.approximate,
    },
    cost: {
      pairedLeft: tally.pairedLeft,
      pairedRight: tally.pairedRight,
      left: tally.leftCosts,
      right: tally.rightCosts,
      outsideLeft: comparison.left.outside.costs(context.leftKnown),
      outsideRight: comparison.right.outside.costs(context.rightKnown),
    },
    groups: tally.grouped(),
  }
}

const listed = <T>({ items, total }: { items: readonly T[]; total: number }) => ({ items, total })

function mappingOf(
  comparison: Comparison,
  tally: Tally,
  limit: number,
): Diff['outcome']['mapping'] {
  if (comparison.addresses === 'relative') {
    const answer = answerOf(tally.outcomes.total > 0, tally.paired === 0)
    return { compared: 'per call', answer, ranges: { items: [], total: 0 }, unknownBytes: 0n }
  }
  const found: MappingComparison = compareMappings(comparison.leftState, comparison.rightState)
  const translated = found.differences.filter((range) => range.change === 'translation')
  return {
    compared: 'final state',
    answer: answerOf(translated.length > 0, found.unknownBytes > 0),
    ranges: { items: found.differences.slice(0, limit), total: found.differences.length },
    unknownBytes: BigInt(found.unknownBytes),
  }
}

const answerOf = (different: boolean, unknown: boolean): Answer =>
  different ? 'different' : unknown ? 'unknown' : 'same'

function worseAnswer(a: Answer, b: Answer): Answer {
  if (a === 'different' || b === 'different') return 'different'
  return a === 'unknown' || b === 'unknown' ? 'unknown' : 'same'
}

const worse = (a: Verdict, b: Verdict): Verdict =>
  VERDICTS.indexOf(a) > VERDICTS.indexOf(b) ? a : b

function sideOf(
  source: EventSource,
  stream: CallStream,
  other: ReadonlySet<Kind>,
  own: ReadonlySet<Kind>,
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
    scenario,
    file: typeof facts['file'] === 'string' ? facts['file'] : null,
    events,
    calls,
    lost: Math.max(lost, stream.lost),
    cannotShow: hiddenKinds(other, own),
  }
}

function incompleteOf(
  comparison: Comparison,
  tally: Tally,
  a: EventSource,
  b: EventSource,
): string[] {
  const reasons: string[] = []
  for (const [name, source, stream] of [
    ['left', a, comparison.left],
    ['right', b, comparison.right],
  ] as const) {
    const lost = Math.max(source.run.lost, stream.lost)
    if (lost > 0) reasons.push(`${lost} events of the ${name} run are missing`)
    if (source.run.state === 'recording') reasons.push(`the ${name} run is still being recorded`)
    if (source.run.state === 'interrupted') reasons.push(`the ${name} run was interrupted`)
  }
  if (tally.approximate > 0) {
    reasons.push(
      `${tally.approximate} pairs of calls were too unlike for a minimal alignment; theirs goes by unique events`,
    )
  }
  if (!comparison.calls.minimal) reasons.push('the calls were too unlike for a minimal alignment')
  if (tally.unknownReturn > 0)
    reasons.push(`${tally.unknownReturn} pairs of calls did not both return`)
  return reasons
}

/** Engine and module runs and JSON Lines have a layout of their own making; captures are of different boots. */
const defaultAddresses = (a: EventSource, b: EventSource): Addressing =>
  a.run.source === 'ftrace' || b.run.source === 'ftrace' ? 'relative' : 'raw'

function selectCalls(source: EventSource, options: DiffOptions): Call[] {
  const { calls: range } = options
  const calls = [...source.calls()].toSorted((p, q) => p.op - q.op)
  return range ? calls.filter((call) => call.op >= range.from && call.op <= range.to) : calls
}

/** Where a range of calls ends, reading does; a call that did not return may go on to the end. */
function lastOf(calls: readonly Call[], options: DiffOptions): number | null {
  if (!options.calls) return null
  const open = calls.some((call) => call.last === null)
  return open ? null : Math.max(-1, ...calls.map((call) => call.last ?? -1))
}
