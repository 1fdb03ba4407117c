import type { Cpu } from '../machine/cpu.ts'
import type { WalkAction } from '../machine/hooks.ts'
import type { Level } from '../arch/level.ts'
import type { Slot } from '../machine/memory.ts'
import type { Mm, Vma } from '../machine/mm.ts'
import type { Va } from '../arch/u64.ts'

/** What `walk.action` asks for; looked at after PUD and PMD callbacks only. */
export const ACTION_SUBTREE = 0
export const ACTION_CONTINUE = 1
export const ACTION_AGAIN = 2
export type Action = typeof ACTION_SUBTREE | typeof ACTION_CONTINUE | typeof ACTION_AGAIN
export const ACTION_NAMES: readonly WalkAction[] = ['subtree', 'continue', 'again']

/** enum page_walk_lock: how the caller of a walk with VMAs says that it holds mm->mmap_lock, and the VMA's own lock. */
export const WALK_LOCKS = ['rdlock', 'wrlock', 'wrlock_verify', 'vma_rdlock_verify'] as const
export type WalkLock = (typeof WALK_LOCKS)[number]

/** struct mm_walk. */
export interface Walk<P> {
  readonly cpu: Cpu
  readonly ops: WalkOps<P>
  /** The caller's own. */
  readonly private: P
  /** Number of the top table walked: 0 swapper_pg_dir. */
  readonly table: number
  /** Null: init_mm. */
  readonly mm: Mm | null
  /** What of it is walked; null in a walk without VMAs, and between them. */
  vma: Vma | null
  /** Set by a callback; reset by the walker at each PUD and PMD slot. */
  action: Action
}

/**
 * A callback on an entry. [addr, next) is what of its range is walked, `slot` its place in memory. Returns 0 to go
 * on; anything else, also if positive, ends the walk and is its result.
 */
export type EntryFn<P> = (slot: Slot, addr: Va, next: Va, walk: Walk<P>) => number

/** Members of struct mm_walk_ops (include/linux/pagewalk.h). */
export interface WalkMembers<P> {
  readonly pgdEntry?: EntryFn<P>
  readonly p4dEntry?: EntryFn<P>
  readonly pudEntry?: EntryFn<P>
  readonly pmdEntry?: EntryFn<P>
  /** Also for empty PTEs. `next` is addr + PAGE_SIZE. */
  readonly pteEntry?: EntryFn<P>
  /**
   * What pteEntry does, on `count` neighbouring entries, events included (see pte-run.ts), never failing. Used
   * instead of it where nothing can come between two entries.
   */
  readonly pteRun?: (slot: Slot, addr: Va, count: number, walk: Walk<P>) => void
  /** There is a pteRun, and the callbacks above it do nothing where there is a table. */
  readonly passesTables?: boolean
  /** The PTE callback remembers nothing from one entry to the next: see {@link Stepper.settled}. */
  readonly settles?: boolean
  /** A missing table; `depth` is its level with folding collapsed, 0 PGD … 3 PMD; −1: no VMA, or one to pass over. */
  readonly pteHole?: (addr: Va, next: Va, depth: Level | -1, walk: Walk<P>) => number
  /** Whether the VMA is walked: 0 yes, 1 no, a negative errno ends the walk. */
  readonly testWalk?: (start: Va, end: Va, walk: Walk<P>) => number
  /** Default: PGWALK_RDLOCK. */
  readonly walkLock?: WalkLock
  /** Only for mm's own use: a walk with it is refused with -EINVAL from 6.17 on. */
  readonly installPte?: (addr: Va, next: Va, walk: Walk<P>) => number
}

/** The same, prepared for walking. */
export interface WalkOps<P> extends WalkMembers<P> {
  /** Callbacks by level, PGD … PTE. */
  readonly entries: readonly (EntryFn<P> | null)[]
  /** Names of the callbacks in events, by level. */
  readonly names: readonly string[]
  /** By level: whether any callback exists below it. */
  readonly handlesBelow: readonly boolean[]
}

/** struct mm_walk_ops, prepared for walking. Events name their callbacks `<name>_pgd_entry` … `<name>_pte_entry`. */
export function walkOps<P>(name: string, members: WalkMembers<P>): WalkOps<P> {
  const { pgdEntry, p4dEntry, pudEntry, pmdEntry, pteEntry } = members
  const entries = [pgdEntry, p4dEntry, pudEntry, pmdEntry, pteEntry].map((fn) => fn ?? null)
  return {
    ...members,
    entries,
    names: ['pgd', 'p4d', 'pud', 'pmd', 'pte'].map((level) => `${name}_${level}_entry`),
    handlesBelow: entries.map((_, level) => entries.some((fn, at) => at > level && fn !== null)),
  }
}
