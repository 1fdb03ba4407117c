import type { TraceEvent } from '@pagetrail/recorder'
import type { Replay } from './model.ts'
import { visibleRows } from './replay.ts'

/** What a column of events is of: a CPU, or a task where several tasks share one. */
export type LaneKind = 'cpu' | 'task'

/** The column that an event stands in. */
export const laneOf = (e: TraceEvent, kind: LaneKind): string =>
  kind === 'task' && e.task !== null ? e.task : `CPU ${e.cpu}`

/** Columns for these events; null: nobody works while another does, so that one tree says it all. */
export function laneKindOf(rows: readonly TraceEvent[]): LaneKind | null {
  const last = new Map<number, number>()
  for (const [i, e] of rows.entries()) if (e.op !== null) last.set(e.op, i)
  const open = new Map<number, TraceEvent>()
  for (const [i, e] of rows.entries()) {
    if (e.op === null) continue
    for (const [op, other] of open) {
      if ((last.get(op) ?? 0) < i) open.delete(op)
      else if (op !== e.op && other.cpu !== e.cpu) return 'cpu'
      else if (op !== e.op && other.task !== e.task) return 'task'
    }
    open.set(e.op, e)
  }
  return null
}

/** Whether the events are listed in columns. */
export function isLanes(r: Replay, height: number): boolean {
  if (r.form !== 'auto') return r.form === 'lanes'
  return laneKindOf(visibleRows(r, height).rows) !== null
}

/** What is between CPUs at an event: a value that another one stored is seen, or a store is overwritten unseen. */
export type Meeting =
  | { readonly kind: 'sees'; readonly lane: string; readonly seq: number }
  | {
      readonly kind: 'loses'
      readonly lane: string
      readonly seq: number
      /** What this lane had read before, and where. */
      readonly read: number
      readonly value: bigint | null
    }
  | { readonly kind: 'from'; readonly seq: number; readonly value: bigint }

interface Seen {
  readonly seq: number
  readonly lane: string
  readonly value: bigint | null
  /** Bits that this store changed. */
  readonly changed: bigint
}

/**
 * What the events say of each other, by seq. `sees`: this read or access found what another lane stored. `from`: this
 * store derives from what its own lane read then, and memory still held it. `loses`: it does not; memory held what
 * another lane had stored meanwhile, and a bit that that store had changed is back.
 */
export function meetings(
  rows: readonly TraceEvent[],
  kind: LaneKind,
): ReadonlyMap<number, Meeting> {
  const found = new Map<number, Meeting>()
  const stores = new Map<string, Seen>()
  const reads = new Map<string, Seen>()
  for (const e of rows) {
    const lane = laneOf(e, kind)
    if (e.kind !== 'desc_read' && e.kind !== 'desc_write') continue
    const entry = `${e.level} ${e.va}`
    const own = `${lane} ${entry}`
    const store = stores.get(entry)
    if (e.kind === 'desc_read') {
      reads.set(own, { seq: e.seq, lane, value: e.val, changed: 0n })
      if (store && store.lane !== lane && store.value === e.val) {
        found.set(e.seq, { kind: 'sees', lane: store.lane, seq: store.seq })
      }
      continue
    }
    const read = reads.get(own)
    const stale = read !== undefined && read.value !== e.old
    const undone = store && e.new !== null && ((e.new ^ (store.value ?? 0n)) & store.changed) !== 0n
    if (undone && store.lane !== lane && stale && store.seq > read.seq && store.value === e.old) {
      const { lane: loser, seq } = store
      found.set(e.seq, { kind: 'loses', lane: loser, seq, read: read.seq, value: read.value })
    } else if (read && read.value !== null && !stale) {
      found.set(e.seq, { kind: 'from', seq: read.seq, value: read.value })
    }
    const changed = e.old === null || e.new === null ? 0n : e.old ^ e.new
    stores.set(entry, { seq: e.seq, lane, value: e.new, changed })
  }
  return found
}
