import { evidenceOf } from '../event/evidence.ts'
import { InputError } from '@pagetrail/engine'

import type { Kind } from '../event/kinds.ts'
import { PageState } from '../tables/page-state.ts'
import { knownCosts } from '../cost/known-costs.ts'
import { comparedKinds } from './compared-kinds.ts'
import type { Call, EventSource } from '../event/run.ts'
import {
  alignCalls,
  type CallAlignment,
  type LoneOnLeft,
  type LoneOnRight,
  type PairedCalls,
} from './align/align-calls.ts'
import { unknownEffects } from './effects.ts'
import { callTraits } from './align/call-traits.ts'
import { type CallData, type CallSide, CallStream, WHOLE_RUN } from './align/call-stream.ts'
import { allCalls, type SideApart } from './align/side.ts'
import type { PairContext } from './compare-pair.ts'
import { fieldReaders, ignoredNames, Texts } from './align/field-readers.ts'
import { KnownScripts } from './align/known-scripts.ts'
import { type Addressing, BUDGET, type DiffOptions, LISTED } from './options.ts'
import type { EffectKind } from './result.ts'
import { roleTable } from './align/roles.ts'

/** Two runs being compared: the streams of both sides and how their calls belong together. */
export interface Comparison {
  readonly addresses: Addressing
  readonly calls: CallAlignment
  readonly left: CallSide
  readonly right: CallSide
  readonly leftState: PageState
  readonly rightState: PageState
  readonly context: PairContext
  readonly shown: {
    readonly left: ReadonlySet<Kind>
    readonly right: ReadonlySet<Kind>
    readonly both: ReadonlySet<Kind>
  }
  /** Stops what still reads for it. */
  readonly end: () => void
}

/** Prepares the comparison; nothing but the calls has been read. Throws InputError for a name that does not exist. */
export function startComparison(a: EventSource, b: EventSource, options: DiffOptions): Comparison {
  const roleOf = roleTable(options.map)
  const budget = options.budget ?? BUDGET
  const left = comparedKinds(a.run, b.run)
  const right = comparedKinds(b.run, a.run)
  const both = new Set([...left].filter((kind) => right.has(kind)))
  const addresses = options.addresses ?? defaultAddresses(a, b)
  const ignored = ignoredNames(options.ignore ?? [])
  const apart = readApart(a, both, addresses, options)
  const rightCalls = selectCalls(b, options)
  const rightTraits = callTraits(b, rightCalls, both)
  const leftCalls = apart?.calls ?? selectCalls(a, options)
  const calls = alignCalls(
    {
      calls: leftCalls,
      traits: apart?.traits ?? callTraits(a, leftCalls, both),
      geometry: a.run.geometry,
    },
    { calls: rightCalls, traits: rightTraits, geometry: b.run.geometry },
    { lanes: options.lanes ?? 'auto', addresses, roleOf, budget },
  )
  const texts = new Texts(roleOf)
  const encoding = {
    texts,
    readers: fieldReaders(ignored),
    ignored,
    shown: both,
    addresses,
    matches: options.filter?.matches ?? null,
    ...(options.waitingRows === undefined ? {} : { waitingRows: options.waitingRows }),
  }
  const leftState = PageState.of(a.run)
  const rightState = PageState.of(b.run)
  const stream = (source: EventSource, selected: readonly Call[], state: PageState): CallStream =>
    new CallStream(
      source,
      {
        ...encoding,
        step: 2 ** (state.pageShift - 12),
        calls: selected,
        to: lastOf(selected, options),
      },
      state,
    )
  apart?.order(
    calls.pairs.flatMap(({ left: call }) => (call === null ? [] : [call])),
    texts,
  )
  return {
    addresses,
    calls,
    left: apart ?? stream(a, leftCalls, leftState),
    right: stream(b, rightCalls, rightState),
    leftState,
    rightState,
    context: {
      addresses,
      budget,
      scripts: new KnownScripts(budget),
      limit: options.limit ?? LISTED,
      leftGeometry: leftState.geometry,
      rightGeometry: rightState.geometry,
      leftKnown: knownCosts(evidenceOf(a.run), left),
      rightKnown: knownCosts(evidenceOf(b.run), right),
      unknown: new Set([...unknownEffects(both), ...leftOut(options, ignored)]),
    },
    shown: { left, right, both },
    end: () => apart?.end(),
  }
}

/**
 * The left side from another thread, where the caller has one and it can do the same: of one layout the final states
 * are compared, which only who reads has; a filter is a function.
 */
function readApart(
  source: EventSource,
  shown: ReadonlySet<Kind>,
  addresses: Addressing,
  { apart, calls, filter, ignore = [], map = {}, waitingRows }: DiffOptions,
): SideApart | null {
  if (apart === undefined || addresses === 'raw' || calls || filter) return null
  return apart(source, {
    shown: [...shown],
    addresses,
    ignore,
    map,
    waitingRows: waitingRows ?? null,
  })
}

/** Kinds of which observers' beliefs are made. */
const BELIEFS: readonly Kind[] = ['desc_write', 'tlbi', 'tlb_flush', 'dsb', 'barrier', 'isb']

/** Effects that are made of more events than were asked for. */
const leftOut = ({ filter }: DiffOptions, ignored: ReadonlySet<string>): readonly EffectKind[] =>
  filter !== undefined || BELIEFS.some((kind) => ignored.has(kind))
    ? ['held', 'ended', 'barrier']
    : []

/** A pair with the events of its calls: both, or the one that there is. */
export type ReadPair =
  | { readonly pair: PairedCalls; readonly left: CallData; readonly right: CallData }
  | { readonly pair: LoneOnLeft; readonly left: CallData; readonly right: null }
  | { readonly pair: LoneOnRight; readonly left: null; readonly right: CallData }

/** The calls of both sides as they belong together. */
export function* pairedCalls({ calls, left, right }: Comparison): Generator<ReadPair> {
  for (const pair of calls.pairs) {
    // Whoever asks for the next pair is done with this one.
    if (pair.left === null) {
      const data = right.take(pair.right)
      yield { pair, left: null, right: data }
      right.release(data)
    } else if (pair.right === null) {
      const data = left.take(pair.left)
      yield { pair, left: data, right: null }
      left.release(data)
    } else {
      const [a, b] = [left.take(pair.left), right.take(pair.right)]
      yield { pair, left: a, right: b }
      left.release(a)
      right.release(b)
    }
  }
  left.finish()
  right.finish()
}

/** Engine and module runs and JSON Lines have a layout of their own making; captures are of different boots. */
const defaultAddresses = (a: EventSource, b: EventSource): Addressing =>
  a.run.source === 'ftrace' || b.run.source === 'ftrace' ? 'relative' : 'raw'

function selectCalls(source: EventSource, options: DiffOptions): Call[] {
  const { calls: range } = options
  const calls = allCalls(source)
  if (range === undefined || calls[0] === WHOLE_RUN) return calls
  const last = calls.at(-1)?.op ?? 0
  if (range.to > last) {
    throw new InputError(
      `run ${source.run.id} has calls 0 to ${last}; --calls asks for ${range.from}-${range.to}`,
    )
  }
  return calls.filter((call) => call.op >= range.from && call.op <= range.to)
}

/** Where a range of calls ends, reading does; a call that did not return may go on to the end. */
function lastOf(calls: readonly Call[], options: DiffOptions): number | null {
  if (!options.calls) return null
  const open = calls.some((call) => call.last === null)
  return open ? null : Math.max(-1, ...calls.map((call) => call.last ?? -1))
}
