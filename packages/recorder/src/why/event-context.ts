import { createGeometry, LEVEL_NAMES } from '@pagetrail/engine'

import { type Kind, KIND_NAMES, KINDS, nestOf, type TraceEvent } from '../event/kinds.ts'
import type { Condition } from '../event/condition.ts'
import { isIdle, type Run } from '../event/run.ts'
import { pageOf, vaOf } from '../observers/page-numbers.ts'
import { type Fate, fateOf, type FlushEvent, type Replaced } from './fate.ts'
import type { RunFile } from '../store/run-file.ts'

/** How far a barrier, a flush or the end of a lazy section is looked for, in events. */
const CONTEXT_EVENTS = 1 << 18

/** How many edges of lazy sections, and how many splits, are looked at around an event. */
const EDGES = 32
const SPLITS = 64
/** How far the end of an old value is looked for, in events, and how many of them are read at first, and at most. */
const FATE_EVENTS = 1 << 16
const [FATE_PAGE, FATE_PAGES] = [4, 64]

/** What an event happened in and what followed it, as far as the run shows. */
export interface EventContext {
  /** Spans, walks and callbacks around it, outermost first; the first may be the call itself. */
  readonly around: readonly TraceEvent[]
  /** The lazy-MMU section that it is in; null: none was seen. */
  readonly lazy: LazySection | null
  /** seq of the first barrier after it on its CPU. */
  readonly barrier: number | null
  /** What became of the value that it replaced; null: it is not a store, or what it replaced is not known. */
  readonly fate: Fate | null
  /** What flushed it. */
  readonly flush: FlushEvent | null
}

export interface LazySection {
  /** seq of its lazy_mmu_enter. */
  readonly from: number
  /** seq of its lazy_mmu_leave; null: not seen. */
  readonly to: number | null
}

/** Events of some kinds: as a condition, and as the mask by which batches without them are passed over. */
interface Kinds {
  readonly sql: string
  readonly mask: bigint
}

function kinds(...list: readonly Kind[]): Kinds {
  const ids = list.map((kind) => KINDS[kind].id)
  return {
    sql: `kind in (${ids.join(', ')})`,
    mask: ids.reduce((mask, id) => mask | (1n << BigInt(id)), 0n),
  }
}

const OPENING = kinds(...KIND_NAMES.filter((kind) => nestOf(kind) === 1))
const LAZY = kinds('lazy_mmu_enter', 'lazy_mmu_leave')
const BARRIERS = kinds('barrier', 'dsb')
/** What can end an old value, but for a store that restores it. */
const FATEFUL = kinds('tlb_flush', 'tlbi', 'barrier', 'dsb', 'isb', 'gap')
const SPLITTING = kinds('split')

/** Flushes that begin at an address or below, or have no address; barriers, wherever. */
const MAY_MATTER = `kind not in (${KINDS.tlb_flush.id}, ${KINDS.tlbi.id}) or va is null or va <= ?`

/** Looks around events of one run, up to event `to`. */
export class Surroundings {
  readonly #runFile: RunFile
  readonly #run: Run
  readonly #to: number
  /** Where calls begin, by op. */
  readonly #starts = new Map<number, number>()

  constructor(runFile: RunFile, run: Run, to: number) {
    this.#runFile = runFile
    this.#run = run
    this.#to = to
  }

  /** `replaced`: null for an event that is not a store, or of which the old value is not known. */
  of(event: TraceEvent, va: bigint, replaced: Replaced | null): EventContext {
    const onCpu = this.#after(event, BARRIERS, 'cpu = ?', 1, [BigInt(event.cpu)])
    const page = pageOf(va)
    const ending = replaced && fateOf(this.#run, replaced, page, this.#fateful(replaced, page))
    return {
      around: this.#around(event),
      lazy: this.#lazy(event),
      barrier: onCpu[0]?.seq ?? null,
      fate: ending === null ? null : this.#reaching(ending.fate, event.seq),
      flush: ending?.flush ?? null,
    }
  }

  /** seq of the last split before the event, within its call, of what covers the address; null: none was seen. */
  split(event: TraceEvent, va: bigint, pageShift: number): number | null {
    if (event.op === null) return null
    // Any configuration with 48 bits will do: contiguous spans depend on the page size alone.
    const g = createGeometry({ page_shift: pageShift, va_bits: 48 })
    const spans = [...g.size, g.contPmdSize, g.contPteSize]
    const parameters = [BigInt(event.op), BigInt.asIntN(64, va)]
    const before = this.#before(
      event,
      event.seq,
      SPLITTING,
      'op = ? and va <= ?',
      SPLITS,
      parameters,
    )
    for (const split of before.toReversed()) {
      if (split.kind !== 'split' || split.va === null || split.level === null) continue
      if (va - split.va < BigInt(spans[LEVEL_NAMES.indexOf(split.level)]!)) return split.seq
    }
    return null
  }

  /** Each of them is the last opening event one level up before the one found. */
  #around(event: TraceEvent): TraceEvent[] {
    const around: TraceEvent[] = []
    let { seq } = event
    for (let nest = event.nest - 1; nest >= 0; nest--) {
      const { where, parameters } = sameTask(event)
      const bound = [BigInt(nest), ...parameters]
      const found = this.#before(event, seq, OPENING, `nest = ? and ${where}`, 1, bound)
      if (found.length === 0) break
      around.unshift(...found)
      seq = found[0]!.seq
    }
    return around
  }

  #lazy(event: TraceEvent): LazySection | null {
    const { where, parameters } = sameTask(event)
    const from = nearestEdge('lazy_mmu_enter', (limit) =>
      this.#before(event, event.seq, LAZY, where, limit, parameters).toReversed(),
    )
    if (from === null) return null
    const to = nearestEdge('lazy_mmu_leave', (limit) =>
      this.#after(event, LAZY, where, limit, parameters),
    )
    return { from, to }
  }

  /** What was not seen to end may have ended behind the last event that was looked at. */
  #reaching(fate: Fate, from: number): Fate {
    if (fate.kind !== 'held') return fate
    return { kind: 'held', seq: Math.min(this.#to, from + FATE_EVENTS) }
  }

  /** Events after a store that can matter for the value that it replaced, later stores to its entry among them. */
  *#fateful({ event, later }: Replaced, page: number): Generator<TraceEvent> {
    const last = BigInt.asIntN(64, vaOf(page + 1) - 1n)
    const to = Math.min(this.#to, event.seq + FATE_EVENTS)
    const stores = later.filter(({ seq }) => seq <= to)
    const where = conditionOf(FATEFUL, MAY_MATTER, [last])
    let { seq } = event
    // Mostly the call's own flush is the one: what is read beyond it is read for nothing.
    for (let limit = FATE_PAGE; ; limit = Math.min(2 * limit, FATE_PAGES)) {
      const found = this.#runFile.readPage(this.#run, { from: seq + 1, to, limit, where })
      for (const e of found) {
        while (stores[0] !== undefined && stores[0].seq < e.seq) yield stores.shift()!
        yield e
      }
      if (found.length < limit) break
      seq = found.at(-1)!.seq
    }
    yield* stores
  }

  #after(
    event: TraceEvent,
    kinds: Kinds,
    where: string,
    limit: number,
    parameters: Bound[],
  ): TraceEvent[] {
    const from = event.seq + 1
    const to = Math.min(this.#to, from + CONTEXT_EVENTS)
    const condition = conditionOf(kinds, where, parameters)
    return this.#runFile.readPage(this.#run, { from, to, limit, where: condition })
  }

  /** In order; within the event's call where it has one. */
  #before(
    event: TraceEvent,
    before: number,
    kinds: Kinds,
    where: string,
    limit: number,
    parameters: Bound[],
  ): TraceEvent[] {
    const to = Math.max(0, this.#callStart(event.op), event.seq - CONTEXT_EVENTS)
    const condition = conditionOf(kinds, where, parameters)
    const request = { from: before - 1, to, limit, backward: true, where: condition }
    return this.#runFile.readPage(this.#run, request)
  }

  #callStart(op: number | null): number {
    if (op === null) return 0
    let start = this.#starts.get(op)
    if (start === undefined) {
      start = this.#runFile.callStart(this.#run, op) ?? 0
      this.#starts.set(op, start)
    }
    return start
  }
}

type Bound = bigint | string

const conditionOf = (kinds: Kinds, where: string, parameters: Bound[]): Condition => ({
  sql: `${kinds.sql} and (${where})`,
  parameters,
  kindMask: kinds.mask,
})

/**
 * seq of the edge that a section begins or ends with. Mostly the next one is it: looking for many more would read a few
 * calls for nothing.
 */
function nearestEdge(
  wanted: 'lazy_mmu_enter' | 'lazy_mmu_leave',
  read: (limit: number) => readonly TraceEvent[],
): number | null {
  for (const limit of [1, EDGES]) {
    const edges = read(limit)
    const found = openEdge(edges, wanted)
    if (found !== null || edges.length < limit) return found
  }
  return null
}

/** seq of the first edge of this kind that no edge before it in the list answers. */
function openEdge(
  edges: readonly TraceEvent[],
  wanted: 'lazy_mmu_enter' | 'lazy_mmu_leave',
): number | null {
  let others = 0
  for (const edge of edges) {
    // In interrupt or paused nothing happened.
    if ('ignored' in edge && edge.ignored === true) continue
    if (edge.kind !== wanted) others++
    else if (others > 0) others--
    else return edge.seq
  }
  return null
}

/** Events of the same task; of the same CPU where no task is known, and for the idle task, which is on each. */
function sameTask({ task, cpu }: TraceEvent): {
  readonly where: string
  readonly parameters: Bound[]
} {
  if (task === null) return { where: 'task is null and cpu = ?', parameters: [BigInt(cpu)] }
  const own = 'task is (select id from name where text = ?)'
  return isIdle(task)
    ? { where: `${own} and cpu = ?`, parameters: [task, BigInt(cpu)] }
    : { where: own, parameters: [task] }
}
