import { InputError } from '@pagetrail/engine'

import { evidenceOf } from '../event/evidence.ts'
import { kernelShows } from '../event/kernel-shows.ts'
import type { Kind } from '../event/kinds.ts'
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
import { WHOLE_RUN } from './align/call-stream.ts'
import { KnownPairs } from './align/known-pairs.ts'
import { allCalls, ReadSide, type SideCall } from './align/side.ts'
import { digestSide, KEPT_ROWS, type SideDigest, type SideRequest } from './align/side-digest.ts'
import type { PairContext } from './compare-pair.ts'
import { ignoredNames, Texts } from './align/field-readers.ts'
import { BUDGET, type DiffOptions, LISTED } from './options.ts'

import { roleTable } from './align/roles.ts'
import type { Addressing } from './align/addresses.ts'
import type { EffectKind } from './pair-result.ts'

/** Two runs being compared: both sides as they were read, and how their calls belong together. */
export interface RunComparison {
  readonly addresses: Addressing
  readonly calls: CallAlignment
  readonly left: ReadSide
  readonly right: ReadSide
  readonly context: PairContext
  readonly shown: {
    readonly left: ReadonlySet<Kind>
    readonly right: ReadonlySet<Kind>
    readonly both: ReadonlySet<Kind>
  }
}

/** Reads both runs and lays their calls side by side. Throws InputError for a name that does not exist. */
export function startComparison(
  a: EventSource,
  b: EventSource,
  options: DiffOptions,
): RunComparison {
  const roleOf = roleTable(options.map)
  const budget = options.budget ?? BUDGET
  const left = comparedKinds(a.run, b.run)
  const right = comparedKinds(b.run, a.run)
  const both = new Set([...left].filter((kind) => right.has(kind)))
  const addresses = options.addresses ?? defaultAddresses(a, b)
  const sides = readSides(a, b, both, addresses, options)
  const calls = alignCalls(
    { ...sides.left, geometry: a.run.geometry },
    { ...sides.right, geometry: b.run.geometry },
    { lanes: options.lanes ?? 'auto', addresses, roleOf, budget },
  )
  return {
    addresses,
    calls,
    ...sides,
    context: {
      addresses,
      budget,
      known: new KnownPairs(budget),
      limit: options.limit ?? LISTED,
      leftGeometry: sides.left.state.geometry,
      rightGeometry: sides.right.state.geometry,
      leftKnown: knownCosts(evidenceOf(a.run), left),
      rightKnown: knownCosts(evidenceOf(b.run), right),
      unknown: new Set([
        ...unknownEffects(both),
        ...leftOut(options, ignoredNames(options.ignore ?? [])),
      ]),
    },
    shown: { left, right, both },
  }
}

/** Reads both sides: here, the right one first, or as the caller has it done. */
function readSides(
  a: EventSource,
  b: EventSource,
  shown: ReadonlySet<Kind>,
  addresses: Addressing,
  options: DiffOptions,
): { readonly left: ReadSide; readonly right: ReadSide } {
  const { ignore = [], map = {}, keptRows = KEPT_ROWS, calls, filter, apart } = options
  const sameForm = flushForm(a.run) === flushForm(b.run)
  const request: SideRequest = { shown: [...shown], sameForm, addresses, ignore, map, keptRows }
  const matches = filter?.matches ?? null
  const here = (source: EventSource): SideDigest => {
    const selected = selectCalls(source, options)
    return digestSide(source, request, selected, { matches, to: lastOf(selected, options) })
  }
  // What only some events say is neither read elsewhere nor remembered: a filter is a function.
  const isWhole = calls === undefined && filter === undefined
  const read = isWhole && apart ? apart(a, b, request) : { right: here(b), left: here(a) }
  const texts = new Texts(roleTable(map))
  return {
    left: new ReadSide(a, read.left, request, texts, matches),
    right: new ReadSide(b, read.right, request, texts, matches),
  }
}

/**
 * How a run shows what a flush is made of: a capture the single instructions, or a function that hides them; any other
 * run all that it executes.
 */
const flushForm = (run: EventSource['run']): string =>
  run.source !== 'ftrace' ? 'all' : kernelShows(run).inlinesFlushes ? 'instructions' : 'function'

/** Kinds of which observers' beliefs are made. */
const BELIEFS: readonly Kind[] = ['desc_write', 'tlbi', 'tlb_flush', 'dsb', 'barrier', 'isb']

/** Effects that are made of more events than were asked for. */
const leftOut = ({ filter }: DiffOptions, ignored: ReadonlySet<string>): readonly EffectKind[] =>
  filter !== undefined || BELIEFS.some((kind) => ignored.has(kind))
    ? ['held', 'ended', 'barrier']
    : []

/** A pair with the events of its calls: both, or the one that there is. */
export type ReadPair =
  | { readonly pair: PairedCalls; readonly left: SideCall; readonly right: SideCall }
  | { readonly pair: LoneOnLeft; readonly left: SideCall; readonly right: null }
  | { readonly pair: LoneOnRight; readonly left: null; readonly right: SideCall }

/** The calls of both sides as they belong together. */
export function* pairedCalls({ calls, left, right }: RunComparison): Generator<ReadPair> {
  for (const pair of calls.pairs) {
    if (pair.left === null) yield { pair, left: null, right: right.take(pair.right) }
    else if (pair.right === null) yield { pair, left: left.take(pair.left), right: null }
    else yield { pair, left: left.take(pair.left), right: right.take(pair.right) }
  }
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
