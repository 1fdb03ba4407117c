import { BIT, InputError, LEVEL_NAMES, type LevelName, PGD, PTE } from '@pagetrail/engine'

import { entrySize } from '../tables/descriptor-runs.ts'
import { hasBit } from '../descriptor/bits.ts'
import { kindOf } from '../descriptor/text.ts'
import { type EventContext, Surroundings } from './event-context.ts'
import { type EventOf, KINDS, type TraceEvent } from '../event/kinds.ts'
import type { Lookup, PageState } from '../tables/page-state.ts'
import type { Condition } from '../event/condition.ts'
import type { Run } from '../event/run.ts'
import { shownValue } from '../tables/shown-value.ts'
import { historyAt, type Interval, stateAt } from '../tables/state-at.ts'
import { isUnmapping, type Unmapping, UNMAPPING_SQL } from '../tables/unmapped.ts'
import { signedVa } from '../event/words.ts'
import type { RunFile } from '../store/run-file.ts'

/** Steps that are listed, the latest; what came before is counted. */
const WHY_STEPS = 100
/** Candidate events read at a time. */
const PAGE = 1000

type StepKind =
  | 'init'
  | 'desc_write'
  | 'table_alloc'
  | 'table_free'
  // What real traces show besides: values that memory was seen to hold.
  | 'cb_enter'
  | 'split'
  | 'split_end'
  // And what unmaps memory by stores that they do not show.
  | 'span_begin'
  | 'op_begin'
/** An event that can set, show or drop entries, or after which they are not known any more. */
export type StepEvent = Extract<TraceEvent, { readonly kind: StepKind }>

/** One event that made a descriptor what it is. */
export interface WhyStep {
  readonly event: StepEvent
  /** Level of the entry that it set, or of the table's entries. */
  readonly level: LevelName
  /** Before and after (of an event that only shows the entry, what was known and what it shows); null: not known. */
  readonly old: bigint | null
  readonly now: bigint | null
  /** What it happened in, and what followed; null for the start state. */
  readonly context: EventContext | null
  /** seq of the split that it is part of. */
  readonly split: number | null
}

/** The entry of one level on the way to an address. */
export interface WhyLevel {
  readonly level: LevelName
  readonly va: bigint
  readonly desc: bigint
}

/** Why the page tables translate an address as they do after an event. */
export interface Why {
  readonly run: Run
  readonly va: bigint
  /** seq of the last event that was looked at. */
  readonly at: number
  /** Entries known on the way down, from the top. */
  readonly levels: readonly WhyLevel[]
  readonly lookup: Lookup
  /** In order of their seq. */
  readonly steps: readonly WhyStep[]
  /** Steps before the first of them that are not listed. */
  readonly earlier: number
}

/**
 * Every event that set, replaced or dropped an entry on the way to `va`, at every level, up to and with event `at` (the
 * last one by default), each with its call, walk and callback, the lazy section around it, and the barrier and the
 * flush after it. Throws InputError for an event that the run does not have.
 */
export function whyDescriptor(
  runFile: RunFile,
  run: Run,
  va: bigint,
  at: number = run.events - 1,
): Why {
  if (run.events === 0)
    throw new InputError(`run ${run.id} has no events, so nothing happened at any address`)
  const { state, intervalsTouching } = historyAt(runFile, run, at)
  const levels: WhyLevel[] = []
  for (const level of LEVEL_NAMES.slice(PGD, PTE + 1)) {
    const entry = state.entry(level, va)
    if (entry) levels.push({ level, ...entry })
  }
  const steps = bareSteps(
    eventsIn(runFile, run, intervalsTouching(va), va, state),
    va,
    state.pageShift,
  )
  const { shown, earlier } = latest(steps)
  const surroundings = new Surroundings(runFile, run, at)
  return {
    run,
    va,
    at,
    levels,
    lookup: state.lookup(va),
    steps: shown.map((step, i) =>
      withContext(step, shown.slice(i + 1), va, state.pageShift, surroundings),
    ),
    earlier,
  }
}

/** The last {@link WHY_STEPS} steps, however many there are. */
function latest(steps: Iterable<WhyStep>): { shown: WhyStep[]; earlier: number } {
  let shown: WhyStep[] = []
  let earlier = 0
  for (const step of steps) {
    shown.push(step)
    if (shown.length < 2 * WHY_STEPS) continue
    earlier += shown.length - WHY_STEPS
    shown = shown.slice(-WHY_STEPS)
  }
  const more = Math.max(0, shown.length - WHY_STEPS)
  return { shown: shown.slice(more), earlier: earlier + more }
}

function* eventsIn(
  runFile: RunFile,
  run: Run,
  intervals: readonly Interval[],
  va: bigint,
  { pageShift, complete }: PageState,
): Generator<StepEvent> {
  const where = condition(va, pageShift, !complete)
  const isUnknownAfter = (event: TraceEvent): boolean => {
    if (event.seq === 0 || !isUnmapping(event)) return false
    const range = stateAt(runFile, run, event.seq - 1).unmappedBy(event)
    const address = signedVa(va)
    return range !== null && range.start <= address && address < range.end
  }
  for (const { from, to } of intervals) {
    let next = from
    while (next <= to) {
      const page = runFile.readPage(run, { from: next, to, limit: PAGE, where })
      for (const event of page) {
        if (isStep(event, va, pageShift)) yield event
        else if (isUnmapping(event) && isUnknownAfter(event)) yield event
      }
      if (page.length < PAGE) break
      next = page.at(-1)!.seq + 1
    }
  }
}

/**
 * What may concern the address; {@link isStep} then looks at the level. Most events of a call are neither: a shift by
 * their kind, and a look at how far they are, is all that SQLite does with them.
 */
function condition(va: bigint, pageShift: number, mayUnmap: boolean): Condition {
  const bases: bigint[] = []
  const shown: string[] = []
  for (let level = PGD; level <= PTE; level++) {
    bases.push(BigInt.asIntN(64, baseOf(va, level, pageShift)))
    shown.push(`level = ${level} and va >= ? and va - ? < ${entrySize(pageShift, level)}`)
  }
  const { desc_write, table_alloc, table_free, init, cb_enter, split, split_end } = KINDS
  const placed = [desc_write, table_alloc, table_free, split, split_end]
    .map(({ id }) => 1n << BigInt(id))
    .reduce((mask, bit) => mask | bit)
  const unmapping = mayUnmap ? `or (${UNMAPPING_SQL} and va <= ?)` : ''
  return {
    sql: `((${placed} >> kind) & 1 and va <= ? and va in (${bases.map(() => '?').join(', ')}))
      or (kind = ${init.id} and va <= ?)
      or (kind = ${cb_enter.id} and old is not null and (${shown.join(' or ')}))
      ${unmapping}`,
    parameters: [
      BigInt.asIntN(64, va),
      ...bases,
      BigInt.asIntN(64, va),
      ...bases.flatMap((base) => [base, base]),
      ...(mayUnmap ? [BigInt.asIntN(64, va)] : []),
    ],
  }
}

const baseOf = (va: bigint, level: number, pageShift: number): bigint =>
  va & ~(BigInt(entrySize(pageShift, level)) - 1n)

function isStep(event: TraceEvent, va: bigint, pageShift: number): event is StepEvent {
  if (!('level' in event) || event.level === null || typeof event.level === 'number') return false
  const level = LEVEL_NAMES.indexOf(event.level)
  if (level > PTE) return false
  switch (event.kind) {
    case 'desc_write':
    case 'split':
    case 'split_end':
      return event.va === baseOf(va, level, pageShift)
    case 'cb_enter':
      return (
        event.va !== null && baseOf(event.va, level, pageShift) === baseOf(va, level, pageShift)
      )
    case 'table_alloc':
    case 'table_free':
      return level > PGD && event.va === baseOf(va, level - 1, pageShift)
    case 'init':
      return indexIn(event, va, pageShift) !== null
    default:
      return false
  }
}

/** Which entry of the row covers the address; null: none. */
function indexIn(event: EventOf<'init'>, va: bigint, pageShift: number): bigint | null {
  if (event.va === null || event.level === null || va < event.va) return null
  const size = BigInt(entrySize(pageShift, LEVEL_NAMES.indexOf(event.level)))
  const index = (va - event.va) / size
  return index < BigInt(event.count ?? 0) ? index : null
}

/** Steps without their surroundings. What only shows an entry is one where it shows something new. */
function* bareSteps(
  events: Iterable<StepEvent>,
  va: bigint,
  pageShift: number,
): Generator<WhyStep> {
  const known = new Map<LevelName, bigint>()
  for (const event of events) {
    if (event.kind === 'span_begin' || event.kind === 'op_begin') {
      known.clear()
      yield { event, level: 'pte', old: null, now: null, context: null, split: null }
      continue
    }
    const level = event.level ?? 'pte'
    const before = known.get(level) ?? null
    const now = valueAfter(event, va, pageShift)
    const old = event.kind === 'desc_write' ? event.old : event.kind === 'init' ? null : before
    const shows = event.kind === 'cb_enter' || event.kind === 'split' || event.kind === 'split_end'
    if (shows && (now === null || now === before)) continue
    if (now !== null) known.set(level, now)
    yield { event, level, old: now === null ? null : old, now, context: null, split: null }
  }
}

/** What the entry holds by this event; null: it does not say. */
function valueAfter(
  event: Exclude<StepEvent, Unmapping>,
  va: bigint,
  pageShift: number,
): bigint | null {
  if (event.kind !== 'init') return shownValue(event)
  if (event.new === null) return null
  const index = indexIn(event, va, pageShift) ?? 0n
  return BigInt.asUintN(64, event.new + index * (event.pa_step ?? 0n))
}

function withContext(
  step: WhyStep,
  after: readonly WhyStep[],
  va: bigint,
  pageShift: number,
  around: Surroundings,
): WhyStep {
  const { event, level, old, now } = step
  if (event.kind === 'init') return step
  const isSplit = event.kind === 'desc_write' && splits(old, now, level)
  const split = isSplit ? around.split(event, va, pageShift) : null
  const stores = event.kind === 'desc_write' || event.kind === 'split_end'
  const isLater = (e: StepEvent): boolean =>
    e.kind === 'desc_write' && e.level === level && e.va === event.va
  const later = after.map((next) => next.event).filter(isLater)
  const replaced =
    stores && event.va !== null && old !== null && now !== null
      ? { event, level, va: event.va, old, now, later }
      : null
  return { ...step, context: around.of(event, va, replaced), split }
}

/** Whether a store looks like a step of a split: a leaf became a table, or left its contiguous span. */
function splits(old: bigint | null, now: bigint | null, level: LevelName): boolean {
  if (old === null || now === null) return false
  const became = kindOf(old, level) === 'leaf' && kindOf(now, level) === 'table'
  return (old !== 0n && became) || (hasBit(old, BIT.CONT) && !hasBit(now, BIT.CONT))
}
