import type { TraceEvent } from '../event/kinds.ts'
import { pageShiftOf, type Run } from '../event/run.ts'
import type { SavedEntries } from '../tables/entry-table.ts'
import type { SavedLines } from './cpu-lines.ts'
import { Observers } from './observers.ts'
import { type SavedTlb, TlbFold } from './tlb-fold.ts'
import type { SavedVersions } from './versions.ts'

/** Barriers that a CPU has queued and not made, since which event, and how deep it is in lazy MMU sections. */
export interface QueuedBarriers {
  queued: number
  since: number
  depth: number
}

/** {@link Beliefs} as they are saved. */
export interface SavedBeliefs {
  readonly entries: SavedEntries
  readonly versions: SavedVersions
  readonly lines: SavedLines
  readonly tlb: SavedTlb
  readonly barriers: ReadonlyMap<number, QueuedBarriers>
}

/** All that is pending after an event: old versions, barriers, lazy sections, and what the TLBs of the model hold. */
export class Beliefs {
  readonly observers: Observers
  readonly tlb: TlbFold
  /** By CPU. */
  readonly barriers = new Map<number, QueuedBarriers>()

  constructor(run: Run) {
    this.observers = new Observers(run)
    this.tlb = new TlbFold(pageShiftOf(run))
  }

  apply(e: TraceEvent): void {
    this.observers.apply(e)
    if (e.kind === 'table_free') this.observers.freed(e)
    this.tlb.apply(e)
    this.#barrier(e)
  }

  /** As it stands: it is to be written before the next event. */
  save(): SavedBeliefs {
    const { observers, tlb, barriers } = this
    return {
      entries: observers.entries.save(),
      versions: observers.versions.save(),
      lines: observers.lines().save(),
      tlb: tlb.save(),
      barriers,
    }
  }

  /** What was saved of this run, to go on from. Functions that overwrote are not named in it. */
  static from(run: Run, saved: SavedBeliefs): Beliefs {
    const beliefs = new Beliefs(run)
    const { observers } = beliefs
    observers.entries.load(saved.entries)
    observers.versions.load(saved.versions)
    observers.lines().load(saved.lines)
    beliefs.tlb.load(saved.tlb)
    for (const [cpu, queued] of saved.barriers) beliefs.barriers.set(cpu, queued)
    return beliefs
  }

  #barrier(e: TraceEvent): void {
    let cpu = this.barriers.get(e.cpu)
    if (cpu === undefined) this.barriers.set(e.cpu, (cpu = { queued: 0, since: 0, depth: 0 }))
    if (e.kind === 'barrier_queue') {
      if (cpu.queued === 0) cpu.since = e.seq
      cpu.queued++
    } else if (e.kind === 'barrier' || (e.kind === 'dsb' && e.scope !== null)) cpu.queued = 0
    else if (e.kind === 'lazy_mmu_enter') cpu.depth = e.depth ?? cpu.depth + 1
    else if (e.kind === 'lazy_mmu_leave') cpu.depth = e.depth ?? Math.max(0, cpu.depth - 1)
  }
}
