import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { leadsToTable } from '../descriptor/bits.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { Observers } from './observers.ts'
import { RowList } from '../tables/row-list.ts'
import { joined, type Stretch, without } from './stretches.ts'
import { isHarm } from './translation.ts'
import { NO_ROW } from './rows/version-columns.ts'
import { unitKey } from './rows/version-rows.ts'
import type { Invalidation } from './versions.ts'
import type { Write } from './write.ts'

/** What a call, or a stretch outside of calls, did to what observers may still believe. */
export interface Aftermath {
  /** Harm that is there on return and was not before, and harm that is over. */
  readonly made: readonly Stretch[]
  readonly ended: readonly Stretch[]
  /** Entries that it made valid and that are not usable on every CPU yet; null: none. */
  readonly owed: { readonly count: number; readonly page: number; readonly level: LevelName } | null
}

export const NO_AFTERMATH: Aftermath = { made: [], ended: [], owed: null }

export const isNothing = ({ made, ended, owed }: Aftermath): boolean =>
  made.length === 0 && ended.length === 0 && owed === null

const HARMS = ['wrong-place', 'too-much', 'too-little'] as const

interface Unit {
  readonly start: number
  readonly end: number
  /** It was stored to, not only flushed: what may be held there is harmful by that store. */
  readonly isStored: boolean
}

/** What one call has touched so far. */
class Touched {
  /** First page of each unit by level and page, and its size. */
  readonly units = new Map<number, Unit>()
  readonly before: Stretch[] = []
  /** Task that it runs in, or its CPU; null: outside of calls. */
  lane: string | null = null
  /** Harm of its own making that others ended while it ran: when they do is a matter of how tasks are scheduled. */
  taken: Stretch[] = []
  /** Its first event; and the call that versions name which its stores leave, NONE: outside of calls. */
  readonly since: number
  readonly op: number

  constructor(since: number, op: number) {
    this.since = since
    this.op = op
  }
}

/**
 * Beside a fold of {@link Observers}: for each call the harm before it and after it, in the pages that it stored to or
 * flushed. Harm changes by stores and flushes alone, so what was before is looked at when the first of them comes.
 */
export class EffectLog {
  readonly #observers: Observers
  readonly #open = new Map<number, Touched>()
  /** Lanes of calls: what another left is a matter of how they were scheduled. */
  readonly #lanes = new Map<number, string>()
  #at: Touched | null = null
  readonly #rows = new RowList()
  /** What events outside of calls are counted to. */
  #outside = NO_ROW
  /** Of the event at hand. */
  #seq = 0

  constructor(observers: Observers) {
    this.#observers = observers
    observers.versions.listener = {
      storing: (write: Write) =>
        this.#touch(LEVEL_NAMES.indexOf(write.level), write.page, write.pages, this.#at, true),
      // What others were quicker to end, it has ended too.
      flushed: ({ op, start, end }) => {
        const touched = this.#open.get(op)
        if (touched === undefined || touched.taken.length === 0) return
        const cut = HARMS.map((harm) => ({ start, end, harm }))
        touched.taken = without(touched.taken, cut)
      },
      leaving: (row: number, tlbi: Invalidation | null) => {
        const { rows } = observers.versions
        const by = this.#byWhom(tlbi)
        this.#take(row, by)
        this.#touch(rows.level(row), rows.base(row), rows.pages(row), by)
      },
    }
  }

  /** Folds the event, counted to its call; outside of calls to `outside`. */
  apply(e: TraceEvent, outside: number): void {
    this.#outside = outside
    this.#seq = e.seq
    const touched = this.#of(e.op ?? outside)
    this.#at = touched
    if (e.kind === 'op_begin' && e.op !== null) {
      const lane = e.task ?? `cpu${e.cpu}`
      this.#lanes.set(e.op, lane)
      touched.lane = lane
    }
    this.#observers.apply(e)
    if (e.kind === 'table_free') this.#observers.freed(e)
  }

  /** Before an event of a call begins: what it completes of what went before is still counted to `outside`. */
  settle(e: TraceEvent, outside: number): void {
    this.#outside = outside
    this.#seq = e.seq
    this.#at = this.#of(outside)
    this.#observers.settle(e)
  }

  #of(op: number): Touched {
    let touched = this.#open.get(op)
    if (touched === undefined) {
      touched = new Touched(this.#seq, op === this.#outside ? NO_ROW : op)
      this.#open.set(op, touched)
    }
    return touched
  }

  /**
   * Who has ended what a TLBI removes: whoever issued it, also where the dsb that completes it is another's. An
   * interrupt that comes between a TLBI and its dsb, and flushes something itself, has ended nothing by that.
   */
  #byWhom(tlbi: Invalidation | null): Touched | null {
    if (tlbi === null) return this.#at
    return tlbi.op < 0 ? this.#of(this.#outside) : (this.#open.get(tlbi.op) ?? this.#at)
  }

  /** The run is over. */
  finish(): void {
    this.#observers.finish()
  }

  /** The call is over, or the stretch: it is forgotten with that. `cpu`: where it ran last. */
  end(op: number, cpu: number | null): Aftermath {
    const touched = this.#open.get(op)
    this.#open.delete(op)
    const made = cpu === null ? null : (this.#observers.line(cpu).unusable(op)?.made ?? null)
    const owed = made && { count: made.count, page: made.page, level: made.level }
    if (touched === undefined) return owed === null ? NO_AFTERMATH : { ...NO_AFTERMATH, owed }
    const before = joined(touched.before)
    const after = joined(this.#harmIn(touched))
    if (before.length + after.length === 0 && owed === null) return NO_AFTERMATH
    return { made: without(after, before), ended: without(before, after), owed }
  }

  /** A version goes by the doing of another lane while the call that left it is still open. */
  #take(row: number, by: Touched | null): void {
    const { versions, harms } = this.#observers
    const { rows } = versions
    const maker = this.#open.get(rows.op(row))
    if (maker === undefined || by === null || maker === by) return
    if (maker.lane === null || maker.lane === by.lane) return
    const base = rows.base(row)
    harms.each(row, base, rows.end(row), (start, end, harm) => {
      if (isHarm(harm)) this.#add(rows.level(row), base, row, { start, end, harm }, maker.taken)
    })
  }

  #touch(
    level: number,
    start: number,
    pages: number,
    touched: Touched | null,
    isStored = false,
  ): void {
    if (touched === null) return
    const key = unitKey(level, start)
    const known = touched.units.get(key)
    if (known !== undefined && (known.isStored || !isStored)) return
    const unit = { start, end: start + pages, isStored }
    touched.units.set(key, unit)
    // A span is first looked at when it goes: what the call itself has left of it until then was not there before.
    if (known === undefined) this.#collect(level, unit, touched, touched.before, touched.since)
  }

  #harmIn(touched: Touched): Stretch[] {
    const found: Stretch[] = [...touched.taken]
    if (this.#observers.versions.rows.count === 0) return found
    for (const [key, unit] of touched.units) {
      this.#collect(key - Math.floor(key / 8) * 8, unit, touched, found)
    }
    return found
  }

  #collect(
    level: number,
    { start, end, isStored }: Unit,
    { lane, op }: Touched,
    found: Stretch[],
    until = Infinity,
  ): void {
    const { versions, harms } = this.#observers
    const { rows } = versions
    if (rows.count === 0) return
    rows.inRange(start, end, this.#rows).each((row) => {
      if (rows.seq(row) >= until && rows.op(row) === op) return
      const maker = this.#lanes.get(rows.op(row))
      if (!isStored && lane !== null && maker !== undefined && maker !== lane) return
      harms.each(row, start, end, (from, to, relation) => {
        if (!isHarm(relation)) return
        this.#add(level, start, row, { start: from, end: to, harm: relation }, found)
      })
    })
  }

  /**
   * Adds harm in a unit that was changed. Of a block that was split, without the pages that were changed since: whoever
   * did that answers for them.
   */
  #add(level: number, base: number, row: number, stretch: Stretch, found: Stretch[]): void {
    const { entries, sizes, versions } = this.#observers
    const since = versions.rows.seq(row)
    const name = LEVEL_NAMES[level]!
    const slot = name === 'pmd' || name === 'pud' ? entries.slot(name, base) : undefined
    if (slot === undefined || !leadsToTable(name, slot.lo)) {
      found.push(stretch)
      return
    }
    for (let page = stretch.start; page < stretch.end; page += sizes.page) {
      const pte = entries.slot('pte', page)
      if (pte === undefined || pte.seq <= since) {
        found.push({ start: page, end: page + sizes.page, harm: stretch.harm })
      }
    }
  }
}
