import type { Kind, TraceEvent } from '@pagetrail/recorder'

export type Event<K extends Kind> = Extract<TraceEvent, { kind: K }>
export const is = <K extends Kind>(e: TraceEvent | undefined, ...kinds: K[]): e is Event<K> =>
  e !== undefined && kinds.some((kind) => kind === e.kind)

export const VALID = 1n
export const RDONLY = 1n << 7n
export const AF = 1n << 10n
export const USER = 1n << 6n
export const DBM = 1n << 51n
export const PXN = 1n << 53n
export const CONT = 1n << 52n
export const PAGE = 0x1000n

/** A run's events with what mutations ask of them. */
export class Marked {
  readonly events: readonly TraceEvent[]
  /** Index of the first and the last event of each call. */
  readonly calls = new Map<
    number,
    { first: number; last: number; fn: string; ret: number | null }
  >()

  constructor(events: readonly TraceEvent[]) {
    this.events = events
    for (const [i, e] of events.entries()) {
      if (e.op === null) continue
      if (is(e, 'op_begin')) this.calls.set(e.op, { first: i, last: -1, fn: e.fn ?? '', ret: null })
      const call = this.calls.get(e.op)
      if (is(e, 'op_end') && call !== undefined) {
        call.last = i
        call.ret = e.ret
      }
    }
  }

  /** Indices of events of a kind for which something holds. */
  where<K extends Kind>(
    kind: K,
    holds: (e: Event<K>, i: number) => boolean = () => true,
  ): number[] {
    return this.events.flatMap((e, i) => (is(e, kind) && holds(e, i) ? [i] : []))
  }

  /** Stores of a successful call that are told in full and of a leaf. */
  stores(holds: (e: Event<'desc_write'>, old: bigint, now: bigint) => boolean): number[] {
    return this.where('desc_write', (e) => {
      const call = e.op === null ? undefined : this.calls.get(e.op)
      if (call === undefined || call.last < 0 || !/^set_memory_(?:ro|rw|nx|x|valid)$/.test(call.fn))
        return false
      if (call.ret !== 0 || e.level !== 'pte' || e.old === null || e.new === null || e.va === null)
        return false
      return e.op !== null && this.#isOwn(e, call.first) && holds(e, e.old, e.new)
    })
  }

  /** In the call's own range: what a nested function did is not its doing. */
  #isOwn(e: Event<'desc_write'>, first: number): boolean {
    const begin = this.events[first]
    if (!is(begin, 'op_begin') || begin.va === null || begin.end === null || e.va === null)
      return false
    return e.va >= begin.va && e.va < begin.end
  }

  /** A store whose old version may do harm until it is flushed. */
  restricting(): number[] {
    return this.stores((_, old, now) => (old & VALID) !== 0n && restricts(old, now))
  }

  /** Of a store, the indices of the events by which its call flushes it; empty: none was found. */
  flushOf(at: number): number[] {
    const store = this.events[at]
    if (!is(store, 'desc_write') || store.op === null || store.va === null) return []
    const last = this.calls.get(store.op)?.last ?? at
    for (let i = at + 1; i < last; i++) {
      const e = this.events[i]
      if (is(e, 'tlb_flush') && covers(e, store.va)) return this.#function(i)
      if (is(e, 'tlbi') && e.va !== null && inPages(e, store.va)) return this.#group(i)
    }
    return []
  }

  #function(at: number): number[] {
    const indices = [at]
    const { cpu } = this.events[at]!
    for (let i = at + 1; i < this.events.length; i++) {
      const e = this.events[i]
      if (e === undefined || e.cpu !== cpu) continue
      if (!is(e, 'tlbi', 'tlb_flush_done')) break
      indices.push(i)
    }
    return indices
  }

  /** Instructions around a TLBI: dsb ishst, TLBI …, dsb ish, the erratum's pair, isb. */
  #group(at: number): number[] {
    let first = at
    while (is(this.events[first - 1], 'tlbi')) first--
    if (is(this.events[first - 1], 'dsb')) first--
    let last = at
    while (is(this.events[last + 1], 'tlbi', 'dsb', 'isb')) last++
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  }

  /** The events without some. */
  without(indices: readonly number[]): TraceEvent[] {
    const gone = new Set(indices)
    return this.events.filter((_, i) => !gone.has(i))
  }

  with(at: number, change: object): TraceEvent[] {
    return this.events.map((e, i) => (i === at ? ({ ...e, ...change } as TraceEvent) : e))
  }

  /** Some events moved behind another. */
  moved(indices: readonly number[], behind: number): TraceEvent[] {
    const gone = new Set(indices)
    const moving = indices.map((i) => this.events[i]!)
    return this.events.flatMap((e, i) => [
      ...(gone.has(i) ? [] : [e]),
      ...(i === behind ? moving : []),
    ])
  }

  /** Events put behind another, like it but for what is given. */
  inserted(behind: number, ...added: readonly object[]): TraceEvent[] {
    return this.events.flatMap((e, i) =>
      i === behind
        ? [e, ...added.map((fields) => Object.assign({}, e, fields) as TraceEvent)]
        : [e],
    )
  }

  /** A store with another new value, as the next store of the entry then finds it. */
  altered(at: number, now: (value: bigint) => bigint): TraceEvent[] {
    const store = this.events[at] as Event<'desc_write'>
    const value = now(store.new ?? 0n)
    let isOpen = true
    return this.events.map((e, i) => {
      if (i === at) return { ...store, new: value }
      if (i < at || !isOpen) return e
      if (is(e, 'cb_enter', 'cb_exit') && e.val === store.new && e.va === store.va)
        return { ...e, val: value }
      if (!is(e, 'desc_write') || e.va !== store.va || e.level !== store.level) return e
      isOpen = false
      return { ...e, old: value }
    })
  }

  endOf(at: number): number {
    const { op } = this.events[at]!
    return (op === null ? undefined : this.calls.get(op)?.last) ?? at
  }

  firstOf(at: number): number {
    const { op } = this.events[at]!
    return (op === null ? undefined : this.calls.get(op)?.first) ?? at
  }
}

export const restricts = (old: bigint, now: bigint): boolean =>
  (now & VALID) === 0n || ((old & RDONLY) === 0n && (now & RDONLY) !== 0n)
export const covers = (e: Event<'tlb_flush'>, va: bigint): boolean =>
  e.va !== null && e.end !== null && e.va <= va && va < e.end
export const inPages = (e: Event<'tlbi'>, va: bigint): boolean =>
  e.va! <= va && va < e.va! + BigInt(Math.max(1, e.pages ?? 1)) * PAGE

/** The callback around a store; null: there is none. */
export function enclosing(run: Marked, at: number): readonly [number, number] | null {
  let first = at
  while (first > at - 4 && !is(run.events[first], 'cb_enter')) first--
  let last = at
  while (last < at + 6 && !is(run.events[last], 'cb_exit')) last++
  return is(run.events[first], 'cb_enter') && is(run.events[last], 'cb_exit') ? [first, last] : null
}

/**
 * Faults, one at a time, put into a sound run: an event is dropped, shortened, moved, altered or doubled. Each row says
 * where it can be put (`at`: indices of events) and which rules have to find it, one of them at least.
 */
export interface Mutation {
  readonly name: string
  readonly rules: readonly string[]
  sites(run: Marked): number[]
  make(run: Marked, at: number): TraceEvent[]
}
