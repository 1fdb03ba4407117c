/**
 * Predicts each call of a real kernel's run: an engine of the run's flavour and geometry, started from the descriptors
 * that the call was seen to find, makes the call, and its steps are compared with those of the trace.
 */
import { type Call, createMachine, fromVa, hexOf, parseCall, toVa } from '@pagetrail/engine'

import type { EventOf, TraceEvent } from '../event/kinds.ts'
import type { EventSource } from '../event/run.ts'
import { PredictedSteps } from './predicted-steps.ts'
import { own, seenSteps } from './seen-steps.ts'
import { type Inferred, StartReader } from './start-of-call.ts'
import { type Step, type Visible, visibleIn } from './steps.ts'
import { addressOfPage, argument, argumentPage, type Survey, survey } from './survey.ts'

/** Why a call cannot be predicted: what it depends on is not in the trace. */
export type Missing = 'kernel' | 'events' | 'arguments' | 'area' | 'physical page'

export const MISSING: Readonly<Record<Missing, string>> = {
  kernel: 'the trace does not say which kernel it is of',
  events: 'part of the call is missing in the trace',
  arguments: 'the arguments were not recorded',
  area: 'the call ended at its checks, which depend on the vm area',
  'physical page': 'no call with a page was seen to walk, so that pages have no address',
}

interface CallPlace {
  readonly op: number
  readonly fn: string
  /** seq of its op_begin. */
  readonly first: number
}

/** Where prediction and trace part. */
export interface StepDifference {
  /** Steps that are equal, and the last of them. */
  readonly equal: number
  readonly before: readonly Step[]
  /** Null: no further step. */
  readonly seen: Step | null
  readonly predicted: Step | null
}

export type CallVerdict =
  | (CallPlace & {
      readonly verdict: 'predicted'
      readonly steps: number
      /** What the start state rests on besides descriptors and arguments. */
      readonly inferred: readonly Inferred[]
    })
  | (CallPlace & { readonly verdict: 'different'; readonly difference: StepDifference })
  | (CallPlace & { readonly verdict: 'missing-input'; readonly missing: Missing })

/** A verdict on each call of a run, in the order in which they end. */
export function* conformRun(source: EventSource): Generator<CallVerdict> {
  const shown = survey(source)
  const visible = visibleIn(source.run)
  for (const call of callsIn(source)) yield verdictOn(call, shown, visible)
}

interface SeenCall extends CallPlace {
  readonly begin: EventOf<'op_begin'>
  readonly events: TraceEvent[]
  readonly inInterrupt: boolean
  complete: boolean
}

/** The calls of a run with their events; no more is in memory than the calls that are open at once. */
function* callsIn(source: EventSource): Generator<SeenCall> {
  const open = new Map<number, SeenCall>()
  const contexts = new Map<number, string>()
  for (const e of source.events()) {
    if (e.kind === 'context') contexts.set(e.cpu, e.fn ?? 'task')
    if (e.kind === 'gap') for (const call of open.values()) call.complete = false
    if (e.op === null) continue
    if (e.kind === 'op_begin') {
      const inInterrupt = (contexts.get(e.cpu) ?? 'task') !== 'task'
      const { op, fn, seq: first } = e
      open.set(op, {
        op,
        fn: fn ?? '',
        first,
        begin: e,
        events: [],
        inInterrupt,
        complete: true,
      })
    }
    const call = open.get(e.op)
    if (call === undefined) continue
    call.events.push(e)
    if (e.kind === 'op_end') {
      open.delete(e.op)
      yield call
    }
  }
  for (const call of open.values()) yield { ...call, complete: false }
}

function verdictOn(call: SeenCall, shown: Survey | null, visible: Visible): CallVerdict {
  const { op, fn, first } = call
  const missing = (what: Missing): CallVerdict => ({
    op,
    fn,
    first,
    verdict: 'missing-input',
    missing: what,
  })
  if (shown === null) return missing('kernel')
  if (!call.complete) return missing('events')
  const asked = callOf(call, shown)
  if (typeof asked === 'string') return missing(asked)
  const events = [...own(call.events)]
  const hasWalk = events.some((e) => e.kind === 'walk_begin')
  if (!hasWalk && asked.range !== null && fn !== 'set_memory_valid') return missing('area')
  const seen = seenSteps(events, visible, shown.geometry)
  const { steps, inferred } = predict(asked, events, { ...call, shown, visible })
  const difference = compare(seen, steps)
  if (difference === null)
    return { op, fn, first, verdict: 'predicted', steps: seen.length, inferred }
  return { op, fn, first, verdict: 'different', difference }
}

interface Asked {
  readonly call: Call
  /** Null: a page of the linear map. */
  readonly range: { readonly start: number; readonly end: number } | null
}

/** The call with its arguments; or what is missing of them. */
function callOf({ fn, begin }: SeenCall, shown: Survey): Asked | Missing {
  const { args } = begin
  const { PAGE_OFFSET, PHYS_OFFSET } = shown.constants
  if (fn.startsWith('set_direct_map_')) {
    const page = argumentPage(args)
    if (page === null) return 'arguments'
    if (shown.vmemmap === null) return 'physical page'
    const pa = addressOfPage(page, shown) - PAGE_OFFSET + PHYS_OFFSET
    const pfn = hexOf(BigInt(pa / shown.geometry.pageSize))
    if (fn !== 'set_direct_map_valid_noflush')
      return { call: parseCall({ fn, pfn }, fn), range: null }
    const [numpages, valid] = [argument(args, 'nr'), argument(args, 'valid')]
    if (typeof numpages !== 'number' || typeof valid !== 'number') return 'arguments'
    return { call: parseCall({ fn, pfn, numpages, enable: valid !== 0 }, fn), range: null }
  }
  const [numpages, enable] = [argument(args, 'numpages'), argument(args, 'enable')]
  if (begin.va === null || typeof numpages !== 'number') return 'arguments'
  const start = toVa(begin.va)
  const call = parseCall(
    {
      fn,
      addr: hexOf(fromVa(start)),
      numpages,
      ...(typeof enable === 'number' && { enable: enable !== 0 }),
    },
    fn,
  )
  return { call, range: { start, end: start + numpages * shown.geometry.pageSize } }
}

interface Circumstances {
  readonly inInterrupt: boolean
  readonly shown: Survey
  readonly visible: Visible
}

function predict(
  { call, range }: Asked,
  events: readonly TraceEvent[],
  { inInterrupt, shown, visible }: Circumstances,
): { readonly steps: readonly Step[]; readonly inferred: readonly Inferred[] } {
  const { flavour, geometry, constants } = shown
  const predicted = new PredictedSteps(visible, geometry)
  const machine = createMachine({
    flavour,
    geometry: { page_shift: geometry.pageShift, va_bits: geometry.vaBits },
    features: { ...shown.features, in_interrupt: inInterrupt },
    constants,
    hooks: predicted.hooks,
  })
  const { entries, areas, inferred } = new StartReader(shown).read(events, range)
  for (const entry of entries) machine.map(entry)
  for (const area of areas) machine.addArea(area)
  machine.call(call)
  return { steps: predicted.steps, inferred }
}

const CONTEXT = 4

function compare(seen: readonly Step[], predicted: readonly Step[]): StepDifference | null {
  let equal = 0
  while (equal < seen.length && seen[equal] === predicted[equal]) equal++
  if (equal === seen.length && equal === predicted.length) return null
  return {
    equal,
    before: seen.slice(Math.max(0, equal - CONTEXT), equal),
    seen: seen[equal] ?? null,
    predicted: predicted[equal] ?? null,
  }
}
