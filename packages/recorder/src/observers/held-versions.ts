import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import type { EventSource } from '../event/run.ts'
import { vaOf } from './page-numbers.ts'
import { Observers } from './observers.ts'
import { isGraver } from './harm.ts'
import type { Relation } from './translation.ts'

/** How far a version is on its way out; see docs/hazards.md. */
export type Stage = 'overwritten' | 'ordered' | 'leaving'

/** A version of an entry that is not current, and not gone. */
export interface HeldVersion {
  readonly level: LevelName
  readonly va: bigint
  /** First address after what a TLB entry built from it translates. */
  readonly end: bigint
  readonly lo: number
  readonly hi: number
  /** The store that overwrote it, its call (null: outside), and the function it is counted to. */
  readonly seq: number
  readonly op: number | null
  readonly cpu: number
  readonly fn: string | null
  readonly stage: Stage
  /** The gravest of what it means beside the tables. */
  readonly relation: Relation
}

/** Every version that an observer may still use, as the model stands: oldest first. */
export function heldVersions(observers: Observers): HeldVersion[] {
  const { rows } = observers.versions
  const held: HeldVersion[] = []
  for (let row = 0; row < rows.high; row++) {
    if (!rows.isLive(row)) continue
    const base = rows.base(row)
    const op = rows.op(row)
    held.push({
      level: LEVEL_NAMES[rows.level(row)]!,
      va: vaOf(base),
      end: vaOf(rows.end(row)),
      lo: rows.lo(row),
      hi: rows.hi(row),
      seq: rows.seq(row),
      op: op < 0 ? null : op,
      cpu: rows.cpu(row),
      fn: observers.nameOf(rows.fn(row)),
      stage: observers.stageOf(row),
      relation: observers.harms.gravest(row, base, rows.end(row)),
    })
  }
  return held.toSorted((a, b) => a.seq - b.seq)
}

/** {@link heldVersions} of a run after event `at` is applied; without it, at its end. */
export function versionsAt(source: EventSource, at?: number): HeldVersion[] {
  const observers = new Observers(source.run)
  for (const e of source.events(0, at)) {
    observers.apply(e)
    if (e.kind === 'table_free') observers.freed(e)
  }
  if (at === undefined) observers.finish()
  return heldVersions(observers)
}

/** What matters most first. */
export const byHarm = (a: HeldVersion, b: HeldVersion): number =>
  isGraver(a.relation, b.relation) ? -1 : isGraver(b.relation, a.relation) ? 1 : a.seq - b.seq
