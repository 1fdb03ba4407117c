import type { ScheduleEntry } from '@pagetrail/engine'
import type { Geometry } from '@pagetrail/engine'
import type { TraceEvent } from '../event/kinds.ts'
import { eventWords } from '../say/event-words.ts'

/** Kinds that are steps, or what a CPU is about. */
const SHOWN: ReadonlySet<string> = new Set([
  'op_begin',
  'op_end',
  'desc_read',
  'desc_write',
  'lock',
  'unlock',
  'tlbi',
  'dsb',
  'barrier',
  'context',
  'tlb_fill',
  'access',
  'table_alloc',
  'table_free',
])
const WIDTH = 38

export interface LaneTextOptions {
  readonly geometry: Geometry | null
  /** By step: the first event from it on. */
  readonly stepSeqs: readonly number[]
  /** Steps after which nothing helps; null: none is said. */
  readonly unavoidable: number | null
}

/** A schedule as lanes: a column a CPU, a row an event, a rule where a CPU that could go on is left. */
export function* laneLines(
  events: readonly TraceEvent[],
  entries: readonly ScheduleEntry[],
  { geometry, stepSeqs, unavoidable }: LaneTextOptions,
): Generator<string> {
  const shown = events.filter(({ kind }) => SHOWN.has(kind))
  const cpus = 1 + entries.reduce((highest, { cpu }) => Math.max(highest, cpu), 0)
  const heads = Array.from({ length: cpus }, (_, cpu) => `CPU ${cpu}`.padEnd(WIDTH))
  yield `  step  ${heads.join('')}`.trimEnd()
  const certainAt = unavoidable === null ? Infinity : (stepSeqs[unavoidable] ?? Infinity)
  let step = 0
  let isSaid = false
  let last: number | null = null
  for (const event of shown) {
    while (step < stepSeqs.length && (stepSeqs[step] as number) <= event.seq) step++
    if (!isSaid && event.seq >= certainAt) {
      isSaid = true
      yield `        ${'═'.repeat(cpus * WIDTH)} unavoidable from here`
    }
    if (last !== null && event.cpu !== last && event.kind !== 'op_begin') {
      yield `        ${'─'.repeat(cpus * WIDTH)}`
    }
    last = event.cpu
    yield `${String(step).padStart(6)}  ${' '.repeat(event.cpu * WIDTH)}${wordsOf(event, geometry)}`
  }
}

function wordsOf(event: TraceEvent, geometry: Geometry | null): string {
  const { what, detail } = eventWords(event, geometry)
  return `${what} ${detail}`
}
