import { createGeometry, LEVEL_NAMES } from '@pagetrail/engine'

import {
  type EventOf,
  type Kind,
  KIND_NAMES,
  KINDS,
  nestOf,
  type TraceEvent,
} from '../event/kinds.ts'
import type { Condition } from '../event/condition.ts'
import { isIdle, type Run } from '../event/run.ts'
import { type Covered, coveredBy, flushOf, standsFor } from '../observers/instructions.ts'
import { runEvidence } from '../observers/evidence.ts'
import { pageOf, vaOf } from '../observers/pages.ts'
import type { RunFile } from '../store/run-file.ts'

/** How far a barrier, a flush or the end of a lazy section is looked for, in events. */
const CONTEXT_EVENTS = 1 << 18

/** How many edges of lazy sections, and how many splits, are looked at around an event. */
const EDGES = 32
const SPLITS = 64
/** How many flushes are read at once, and how many are looked at. */
const FLUSH_PAGE = 64
const MOST_FLUSHES = 4096

/** What an event happened in and what followed it, as far as the run shows. */
export interface EventContext {
  /** Spans, walks and callbacks around it, outermost first; the first may be the call itself. */
  readonly around: readonly TraceEvent[]
  /** The lazy-MMU section that it is in; null: none was seen. */
  readonly lazy: LazySection | null
  /** seq of the first barrier after it on its CPU. */
  readonly barrier: number | null
  /**
   * What first removed the entry from TLBs, or walk caches, after it: the flush function, or the TLBI instruction where
   * there is none around it. Where the run shows TLBI, a function without one is not a flush.
   */
  readonly flush: FlushEvent | null
}

export type FlushEvent = EventOf<'tlb_flush'> | EventOf<'tlbi'>

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
const FLUSHES = kinds('tlb_flush', 'tlbi')
const SPLITTING = kinds('split')
/** Events of the same task; of the same CPU where no task is known, and for the idle task, which is on each. */
const SAME_TASK = 'task is (select id from name where text = ?) and (? or cpu = ?)'

/** What begins at an address or below, in the page of 64K where its granule may be that; or has no address. */
const MAY_COVER = 'va is null or va <= ?'

/** Looks around events of one run, up to event `to`. */
export class Surroundings {
  readonly #runFile: RunFile
  readonly #run: Run
  readonly #to: number
  readonly #showsTlbi: boolean
  readonly #pagesOfGranule: number

  constructor(runFile: RunFile, run: Run, to: number, pageShift: number) {
    this.#runFile = runFile
    this.#run = run
    this.#to = to
    this.#showsTlbi = runEvidence(run).tlbi
    this.#pagesOfGranule = 2 ** (pageShift - 12)
  }

  /** `isTable`: what the event replaced pointed to a table, which walk caches hold. */
  of(event: TraceEvent, va: bigint, isTable: boolean): EventContext {
    const onCpu = this.#after(event, BARRIERS, 'cpu = ?', 1, [BigInt(event.cpu)])
    return {
      around: this.#around(event),
      lazy: this.#lazy(event),
      barrier: onCpu[0]?.seq ?? null,
      flush: this.#flush(event, pageOf(va), isTable),
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
      const parameters = [BigInt(nest), ...taskOf(event)]
      const found = this.#before(event, seq, OPENING, `nest = ? and ${SAME_TASK}`, 1, parameters)
      if (found.length === 0) break
      around.unshift(...found)
      seq = found[0]!.seq
    }
    return around
  }

  #lazy(event: TraceEvent): LazySection | null {
    const before = this.#before(event, event.seq, LAZY, SAME_TASK, EDGES, taskOf(event))
    const from = openEdge(before.toReversed(), 'lazy_mmu_enter')
    if (from === null) return null
    // Mostly the next edge is the one: looking for many more would read a few calls for nothing.
    for (const limit of [1, EDGES]) {
      const after = this.#after(event, LAZY, SAME_TASK, limit, taskOf(event))
      const to = openEdge(after, 'lazy_mmu_leave')
      if (to !== null || after.length < limit) return { from, to }
    }
    return { from, to: null }
  }

  #flush(event: TraceEvent, page: number, isTable: boolean): FlushEvent | null {
    const last = BigInt.asIntN(64, vaOf(page + 1) - 1n)
    let around: EventOf<'tlb_flush'> | null = null
    let { seq } = event
    for (let looked = 0; looked < MOST_FLUSHES; looked += FLUSH_PAGE) {
      const found = this.#after({ ...event, seq }, FLUSHES, MAY_COVER, FLUSH_PAGE, [last])
      for (const e of found) {
        const isFunction = e.kind === 'tlb_flush'
        if (!isFunction && e.kind !== 'tlbi') continue
        if (isFunction && this.#showsTlbi) around = e
        const covered = isFunction ? this.#coveredIn(e) : coveredBy(e, this.#pagesOfGranule)
        if (!covered || page < covered.start || page >= covered.end) continue
        if (isTable && !covered.tables) continue
        const isIn = around?.cpu === e.cpu && around.op === e.op && around.nest <= e.nest
        return isIn ? around : e
      }
      if (found.length < FLUSH_PAGE) return null
      seq = found.at(-1)!.seq
    }
    return null
  }

  #coveredIn(e: EventOf<'tlb_flush'>): Covered | null {
    return this.#showsTlbi ? null : standsFor(flushOf(e, this.#pagesOfGranule))
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
    return this.#runFile.callStart(this.#run, op) ?? 0
  }
}

type Bound = bigint | string

const conditionOf = (kinds: Kinds, where: string, parameters: Bound[]): Condition => ({
  sql: `${kinds.sql} and (${where})`,
  parameters,
  kindMask: kinds.mask,
})

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

function taskOf({ task, cpu }: TraceEvent): Bound[] {
  return [task ?? '', isIdle(task) ? 0n : 1n, BigInt(cpu)]
}
