import { type Geometry, hexOf, type LevelName } from '@pagetrail/engine'

import { changeText, descriptorText } from '../descriptor/text.ts'
import { rangeText } from '../say/value.ts'
import type { Fate, FlushEvent } from './fate.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { runGeometry } from '../descriptor/run-geometry.ts'
import type { Why, WhyStep } from './why.ts'

/** A line of the answer, with the event of the step that it is about. */
export interface WhyRow {
  readonly seq: number | null
  readonly text: string
}

/** The answer as lines for people: the entries on the way down, then each step with what is around it. */
export function* whyLines(why: Why): Generator<string> {
  for (const { text } of whyRows(why)) yield text
}

/** {@link whyLines} with their events. */
export function* whyRows(why: Why): Generator<WhyRow> {
  for (const text of headLines(why)) yield { seq: null, text }
  for (const step of why.steps) {
    for (const text of stepLines(step, why)) yield { seq: step.event.seq, text }
  }
}

function* headLines(why: Why): Generator<string> {
  const { run, va, at, levels, lookup, steps, earlier } = why
  const geometry = runGeometry(run)
  const text = (desc: bigint, level: LevelName) => descriptorText(desc, level, geometry)
  yield `${hexOf(va)} after event ${at} of run ${run.id} ${run.label}`
  for (const { level, va: base, desc } of levels) {
    yield `  ${level}  ${hexOf(base)}  ${hexOf(desc)}  ${text(desc, level)}`
  }
  if (lookup.found === 'empty') yield '  nothing is mapped there'
  if (lookup.found === 'unknown') yield `  ${unknownText(steps.at(-1))}`
  if (steps.length === 0) yield '  no event of this run set an entry on the way to it'
  if (earlier > 0) yield `  … ${earlier} earlier steps`
}

function* stepLines(step: WhyStep, { run, at }: Why): Generator<string> {
  const geometry = runGeometry(run)
  const text = (desc: bigint, level: LevelName) => descriptorText(desc, level, geometry)
  yield `  #${step.event.seq}  ${stepText(step, text)}`
  if (step.now !== null && step.old !== null) {
    const change = changeText(step.old, step.now, step.level, geometry)
    yield `      ${change === '' ? 'changed nothing' : change}`
  }
  for (const line of contextLines(step, at, geometry)) yield `      ${line}`
}

function stepText(step: WhyStep, text: (desc: bigint, level: LevelName) => string): string {
  const { event, level, old, now } = step
  switch (event.kind) {
    case 'init':
      return `${level} ${value(now)} at the start: ${now === null ? 'unknown' : text(now, level)}`
    case 'desc_write':
      return `${level} ${value(old)} → ${value(now)}`
    case 'cb_enter':
      return `${level} ${value(now)} was seen by ${event.fn ?? 'a callback'}`
    case 'split':
      return `${level} ${value(now)} was seen when its split began`
    case 'split_end':
      return `${level} ${value(old)} → ${value(now)} by a split`
    case 'table_alloc':
      return `a table of ${level} entries was allocated at ${value(event.pa)}`
    case 'span_begin':
    case 'op_begin':
      return `${event.fn ?? 'a function'} begins, whose stores are not shown: the entry is not known after it`
    case 'table_free':
      return `the table of ${level} entries at ${value(event.pa)} was freed`
  }
}

const unknownText = (last: WhyStep | undefined): string =>
  last?.event.kind === 'span_begin' || last?.event.kind === 'op_begin'
    ? `what is mapped there is not known after ${last.event.fn ?? 'a function'} #${last.event.seq}`
    : 'what is mapped there was never seen'

const value = (desc: bigint | null): string => (desc === null ? 'unknown' : hexOf(desc))

function* contextLines(
  { event, context, split }: WhyStep,
  at: number,
  geometry: Geometry | null,
): Generator<string> {
  if (context === null) return
  if (context.around.length > 0) yield `in ${aroundText(context.around, geometry)}`
  else yield event.op === null ? 'outside of any call' : `in call ${event.op}`
  if (split !== null) yield `part of the split #${split}`
  const { lazy, barrier } = context
  if (lazy)
    yield `lazy MMU section #${lazy.from}–${lazy.to === null ? 'not left yet' : `#${lazy.to}`}`
  if (barrier !== null) yield `barrier #${barrier}`
  if (context.fate !== null) yield fateText(context.fate, context.flush, at, geometry)
}

function fateText(
  fate: Fate,
  flush: FlushEvent | null,
  at: number,
  geometry: Geometry | null,
): string {
  switch (fate.kind) {
    case 'not held':
      return 'no flush is needed: no TLB can hold the old entry'
    case 'flushed':
      return flush === null ? `flushed by #${fate.seq}` : flushText(flush, geometry)
    case 'restored':
      return `no flush of it was seen: the entry is again what it was, #${fate.seq}`
    case 'held':
      return fate.seq < at
        ? `no flush of it was seen up to #${fate.seq}, where the search ended`
        : `no flush of it was seen up to #${at}`
    case 'unknown':
      return `whether it was flushed is not known: events are missing at #${fate.seq}`
  }
}

function flushText(flush: FlushEvent, geometry: Geometry | null): string {
  if (flush.kind === 'tlbi') {
    const by = (flush.by ?? null) === null ? '' : ` in ${flush.by}`
    return `flushed by tlbi ${flush.insn ?? ''}${by} #${flush.seq}`
  }
  const range = flush.va === null ? 'everything' : rangeText(flush.va, flush.end, geometry)
  return `flushed by ${flush.fn ?? 'a flush'} of ${range} #${flush.seq}`
}

/** What is around an event, from outside; a range is given where it is another than outside. */
function aroundText(around: readonly TraceEvent[], geometry: Geometry | null): string {
  let last = ''
  const spans = around.map((event) => {
    const fn = 'fn' in event && event.fn !== null ? event.fn : event.kind
    const ranged = 'va' in event && 'end' in event && event.va !== null && event.end !== null
    const range = ranged ? ` ${rangeText(event.va, event.end, geometry)}` : ''
    const shown = range === last ? '' : range
    last = range
    return `${fn}${shown} #${event.seq}`
  })
  return spans.join(' › ')
}
