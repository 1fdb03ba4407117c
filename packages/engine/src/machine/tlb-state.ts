/** What the TLB of one CPU holds, and what of the CPU's stores and TLBIs is still under way. */
import type { Level } from '../arch/level.ts'
import type { Slot } from './memory.ts'
import type { Va } from '../arch/u64.ts'

/** A cached translation of [va, va + size). */
export interface TlbEntry {
  readonly va: Va
  readonly size: number
  readonly level: Level
  /** The descriptor it was built from, and the address that one translates. */
  readonly lo: number
  readonly hi: number
  readonly from: Va
}

/** What an entry held before a store that is not visible yet. */
export interface Before {
  readonly lo: number
  readonly hi: number
}

export interface Seen {
  get(slot: Slot): Before | undefined
}

/** A cached table: where the walk of [va, va + size) may start. */
export interface CachedTable {
  readonly va: Va
  readonly size: number
  readonly level: Level
  readonly table: number
}

export interface IssuedTlbi {
  readonly va: Va
  readonly end: Va
  /** Walk-cache entries as well. */
  readonly tables: boolean
  /** CPUs that it has struck, and those it is not for. */
  readonly struck: readonly number[]
}

export interface TlbState {
  entries: TlbEntry[]
  tables: CachedTable[]
  /** Issued, not yet completed by a dsb(ish) of this CPU. */
  pending: IssuedTlbi[]
  /** Entries as they were before this CPU's stores since its last dsb, by slot. */
  readonly unseen: Map<Slot, Before>
  /** Those of them that a dmb follows. */
  readonly ordered: Set<Slot>
  /** Entries as they were before stores of any CPU since this one's last isb: a fault may come of them yet. */
  readonly recent: Map<Slot, Before>
  /** {@link textOf} it; null: not known since it changed. */
  text: string | null
}

/** All that the TLBs of a machine hold at some moment: {@link TlbModel.save}. Nobody changes them. */
export type SavedTlbs = readonly TlbState[]

export const copyOf = ({
  entries,
  tables,
  pending,
  unseen,
  ordered,
  recent,
}: TlbState): TlbState => ({
  entries: [...entries],
  tables: [...tables],
  pending: [...pending],
  unseen: new Map(unseen),
  ordered: new Set(ordered),
  recent: new Map(recent),
  text: null,
})

export const textOf = ({ entries, tables, pending, unseen, ordered, recent }: TlbState): string => {
  const held = entries.map((e) => `${e.va}+${e.size}:${e.lo},${e.hi}@${e.from}`)
  const cached = new Set(tables.map((t) => `${t.va}+${t.size}>${t.table}`))
  const issued = pending.map((p) => `${p.va}-${p.end}${p.tables ? 't' : ''}!${p.struck.join('.')}`)
  const old = [...unseen].map(
    ([slot, { lo, hi }]) => `${slot}=${lo},${hi}${ordered.has(slot) ? 'o' : ''}`,
  )
  const faults = [...recent].map(([slot, { lo, hi }]) => `${slot}~${lo},${hi}`).toSorted()
  return [held, [...cached].toSorted(), issued, old.toSorted(), faults]
    .map((part) => part.join())
    .join(';')
}

export const covers = (cached: { va: Va; size: number }, va: Va): boolean =>
  va >= cached.va && va < cached.va + cached.size

export function strike(cpu: TlbState, tlbi: IssuedTlbi): void {
  const stays = (cached: { va: Va; size: number }): boolean =>
    cached.va >= tlbi.end || cached.va + cached.size <= tlbi.va
  cpu.entries = cpu.entries.filter(stays)
  if (tlbi.tables) cpu.tables = cpu.tables.filter(stays)
}

/** The cached table nearest to the leaf. */
export function deepest(cache: readonly CachedTable[], va: Va): CachedTable | undefined {
  let best: CachedTable | undefined
  for (const table of cache) {
    if (covers(table, va) && (best === undefined || table.level > best.level)) best = table
  }
  return best
}
