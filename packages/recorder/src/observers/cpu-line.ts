import { BriefMap } from '../tables/brief-map.ts'
import type { LevelName } from '@pagetrail/engine'
import { contextRank, FlushGroup, type SavedGroup } from '../event/flush-group.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { Flush } from './flushes.ts'
import type { Invalidation } from './versions.ts'

/** Entries that a call made valid and that are not usable on every CPU yet. */
export interface MadeValid {
  /** First of the stores, what it made valid, and how many there were. */
  readonly first: number
  readonly level: LevelName
  readonly page: number
  count: number
  /** Last of the stores. */
  last: number
}

/** By call, -1 for what is outside of calls. */
type ByCall = BriefMap<number, MadeValid>

function moveInto(from: ByCall, to: ByCall): void {
  for (const [op, made] of from) {
    const there = to.get(op)
    if (there === undefined) to.set(op, made)
    else {
      there.count += made.count
      there.last = made.last
    }
  }
  from.clear()
}

/** A {@link CpuLine} as it is saved. */
export interface SavedLine {
  readonly cpu: number
  readonly task: string | null
  readonly flush: Flush | null
  readonly interrupted: Flush | null
  readonly rank: number
  readonly resumesAt: number
  readonly group: SavedGroup
  readonly issued: readonly Invalidation[]
  readonly stored: ReadonlyMap<number, MadeValid>
  readonly visible: ReadonlyMap<number, MadeValid>
  readonly unorderedStore: number
}

/** What one CPU has begun and not finished, as barriers and TLBI go. */
export class CpuLine {
  readonly cpu: number
  /** The task whose events it shows; null: not known. */
  task: string | null = null
  /** A flush function that has not returned, or a group of instructions that goes on. */
  flush: Flush | null = null
  /** A flush function that an interrupt came into: the rest of it follows when that is over. */
  interrupted: Flush | null = null
  /** {@link contextRank} of what runs; and that down to which it has to come for the flush to go on. */
  #rank = 0
  #resumesAt = 0
  /** What its single instructions belong to. */
  readonly group = new FlushGroup()
  /** TLBI that no dsb has completed. */
  readonly issued: Invalidation[] = []
  /** No dsb has followed. */
  readonly #stored: ByCall = new BriefMap()
  /** A dsb has, and no isb after it. */
  readonly #visible: ByCall = new BriefMap()
  /** Stores since the last dsb: what a TLBI of this CPU may come too early for. */
  unorderedStore = -1

  constructor(cpu: number) {
    this.cpu = cpu
  }

  /** A call or an interrupt begins inside the flush function that is open; false: there is none that could wait. */
  interrupt(): boolean {
    if (this.flush === null || this.flush.isGroup || this.interrupted !== null) return false
    this.interrupted = this.flush
    this.flush = null
    this.#resumesAt = this.#rank
    return true
  }

  /** Whether the event is again one of the code that was interrupted in its flush function. */
  isBack(e: TraceEvent): boolean {
    const { interrupted } = this
    if (e.kind === 'context') {
      const rank = contextRank(e.fn)
      if (rank > this.#rank) this.interrupt()
      const isOver = rank < this.#rank && rank <= this.#resumesAt
      this.#rank = rank
      return isOver
    }
    if (interrupted === null || interrupted.op !== (e.op ?? -1)) return false
    if (this.#rank > this.#resumesAt) {
      if (!this.#isPast(e, interrupted)) return false
      this.#rank = this.#resumesAt
    }
    return true
  }

  /**
   * Whether the event ends the flush function, or what called it. Of one task alone nothing says that an interrupt is
   * over if another task runs next.
   */
  #isPast({ kind, nest }: TraceEvent, interrupted: Flush): boolean {
    if (kind === 'tlb_flush_done') return this.flush === null
    return kind === 'op_end' || (kind === 'span_end' && nest < interrupted.nest)
  }

  madeValid(op: number, seq: number, level: LevelName, page: number): void {
    const made = this.#stored.get(op)
    if (made === undefined) this.#stored.set(op, { first: seq, level, page, count: 1, last: seq })
    else {
      made.count++
      made.last = seq
    }
  }

  /** What a call made valid that is not usable everywhere; `needs`: what is missing. */
  unusable(op: number): { made: MadeValid; needs: 'dsb and isb' | 'isb' } | null {
    const stored = this.#stored.get(op)
    if (stored !== undefined) return { made: stored, needs: 'dsb and isb' }
    const visible = this.#visible.get(op)
    return visible === undefined ? null : { made: visible, needs: 'isb' }
  }

  /** All that is not usable yet, by call. */
  *pending(): Iterable<MadeValid> {
    yield* this.#stored.values()
    yield* this.#visible.values()
  }

  dsb(): void {
    this.unorderedStore = -1
    if (this.#stored.size > 0) moveInto(this.#stored, this.#visible)
  }

  isb(): void {
    if (this.#visible.size > 0) this.#visible.clear()
  }

  save(): SavedLine {
    const { cpu, task, flush, interrupted, group, issued, unorderedStore } = this
    const made = { stored: new Map(this.#stored), visible: new Map(this.#visible) }
    const context = { interrupted, rank: this.#rank, resumesAt: this.#resumesAt }
    return { cpu, task, flush, ...context, group: group.save(), issued, ...made, unorderedStore }
  }

  static from(saved: SavedLine): CpuLine {
    const line = new CpuLine(saved.cpu)
    line.task = saved.task
    line.flush = saved.flush
    line.interrupted = saved.interrupted
    line.#rank = saved.rank
    line.#resumesAt = saved.resumesAt
    line.group.load(saved.group)
    line.issued.push(...saved.issued)
    for (const [op, made] of saved.stored) line.#stored.set(op, made)
    for (const [op, made] of saved.visible) line.#visible.set(op, made)
    line.unorderedStore = saved.unorderedStore
    return line
  }

  forget(): void {
    this.flush = null
    this.interrupted = null
    this.#rank = 0
    this.group.reset()
    this.issued.length = 0
    this.#stored.clear()
    this.#visible.clear()
    this.unorderedStore = -1
  }
}
