import type { Level } from '../arch/level.ts'

/** What `walk->action` was when a PUD or PMD callback returned; null where the walker ignores it. */
export type WalkAction = 'subtree' | 'continue' | 'again'

/** Which kind of exclusion a lock gives. `mutex` and the mmap_lock's `read`/`write` may sleep; `spin` may not. */
export const LOCK_MODES = ['read', 'write', 'mutex', 'spin'] as const
export type LockMode = (typeof LOCK_MODES)[number]

/** Where the CPU is running; see in_interrupt(). `bh_off` counts as interrupt for lazy MMU, not as a handler. */
export const CONTEXTS = ['task', 'bh_off', 'softirq', 'irq'] as const
export type Context = (typeof CONTEXTS)[number]

/** Operands of dsb and dmb that cover page-table walkers of all CPUs; `st` ones wait for stores alone. */
export const BARRIER_SCOPES = ['ishst', 'ish', 'sy', 'st'] as const
export type BarrierScope = (typeof BARRIER_SCOPES)[number]

/** Arguments of a top-level call as the scenario gave them: 64-bit values as bigint, the rest as is. */
export type CallArgs = Readonly<Record<string, bigint | number | string | boolean>>

/**
 * Everything observable, one method each, called at the moment it happens and in program order of its CPU.
 *
 * The contract: 64-bit values come as two unsigned 32-bit numbers, low word first; names are the kernel's and are
 * constant strings, so that an implementation can intern them by identity; nothing is allocated for a call except
 * the `args` of {@link opBegin}; a hook must not call back into the machine and must not throw. A machine without
 * hooks (`null`) runs at full speed.
 *
 * `va` of a descriptor is the base of what the entry translates; `va` of a callback is where the callback was
 * entered, clipped to the range and possibly not page aligned.
 */
export interface Hooks {
  /** The CPU that the following hooks speak of. Called once at the start and whenever the schedule switches. */
  cpu(cpu: number): void

  /** A top-level call begins. `hasRange` false: the call has no range, va and end mean nothing. */
  opBegin(
    fn: string,
    hasRange: boolean,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
    args: CallArgs,
  ): void
  /** It returned. A call that did not return (livelock, wild dereference, bug) has no opEnd. */
  opEnd(fn: string, ret: number): void

  /** A walker (`apply_to_page_range`, `walk_kernel_page_table_range_lockless`, …) accepts its range. */
  walkBegin(fn: string, vaLo: number, vaHi: number, endLo: number, endHi: number): void
  walkEnd(fn: string, ret: number): void

  /** A callback is entered: `change_page_range`, `pageattr_pte_entry`, … or the user's own. */
  cbEnter(level: Level, fn: string, vaLo: number, vaHi: number, endLo: number, endHi: number): void
  cbExit(
    level: Level,
    fn: string,
    vaLo: number,
    vaHi: number,
    ret: number,
    action: WalkAction | null,
  ): void
  /** A hole, reported to `pte_hole`; `level` is the depth passed: 0 pgd … 3 pmd, folding collapsed; −1 no VMA. */
  hole(level: Level | -1, vaLo: number, vaHi: number, endLo: number, endHi: number): void

  /**
   * After a store to an entry, before its barrier, also when the value did not change. `level` is the setter's,
   * the lowest name folded onto the slot.
   */
  descWrite(
    level: Level,
    vaLo: number,
    vaHi: number,
    oldLo: number,
    oldHi: number,
    newLo: number,
    newHi: number,
  ): void
  /** `level` is that of the new table's entries, `va` the start of its span, `pa` its physical address. */
  tableAlloc(level: Level, vaLo: number, vaHi: number, paLo: number, paHi: number): void
  tableAllocFail(level: Level, vaLo: number, vaHi: number): void
  tableFree(level: Level, vaLo: number, vaHi: number, paLo: number, paHi: number): void

  /**
   * After arch_enter_lazy_mmu_mode() or its counted successor ran. `depth` is the depth after. `ignored`: in
   * interrupt or paused, nothing happened. `api` null for the plain pair. The barrier of a leave comes before it.
   */
  lazyMmuEnter(depth: number, ignored: boolean, api: 'pause' | 'resume' | null): void
  lazyMmuLeave(depth: number, ignored: boolean, api: 'pause' | 'resume' | null): void
  /** A store's barrier was deferred to the end of the lazy section. */
  barrierQueue(): void
  /** dsb(ishst); isb() executed outside a flush. */
  barrier(): void
  /** A dsb alone: `ishst` before a split's table is installed, others of a user's own implementation. */
  dsb(scope: BarrierScope): void
  /** A dmb, and an isb, alone: of a user's own implementation. */
  dmb?(scope: BarrierScope): void
  isb?(): void

  /** A flush function was called. `hasRange` false: flush_tlb_all(). Its own barriers are not reported. */
  tlbFlush(
    fn: string,
    hasRange: boolean,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
  ): void
  /**
   * One TLBI instruction. `pages` is how many pages of the granule it covers, -1 where that means nothing
   * (vmalle1is); scale and num are those of a range instruction, else -1.
   */
  tlbi(insn: string, vaLo: number, vaHi: number, pages: number, scale: number, num: number): void

  lock(fn: string, mode: LockMode): void
  unlock(fn: string, mode: LockMode): void
  /** On entry to a split, before its table is allocated. */
  split(level: Level, vaLo: number, vaHi: number): void

  /** A WARN site was reached. `fired` false: its once-latch had gone off before, nothing was printed. */
  warn(fn: string, once: boolean, fired: boolean): void
  /** The kernel's complaint about an entry that is not a table where one is needed. */
  badEntry(level: Level, descLo: number, descHi: number): void
  /** The CPU's context changed. */
  context(context: Context): void
  /** Something that may sleep was done where sleeping is forbidden, whether or not it would have slept. */
  sleepInAtomic(fn: string, context: Context): void
  /** A simulated access through the model TLB; see tlb-model.ts. */
  access(
    mode: 'read' | 'write' | 'exec',
    vaLo: number,
    vaHi: number,
    outcome: 'ok' | 'fault' | 'conflict',
    stale: boolean,
  ): void

  /** A TLB now holds this translation, built from `desc`; `level` is contpte or contpmd for that of a whole span. */
  tlbFill?(
    level: Level,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
    descLo: number,
    descHi: number,
  ): void
  /** A TLB no longer holds what it held for an address, without an instruction that says so. */
  tlbEvict?(vaLo: number, vaHi: number): void
  /** A load of an entry; of scheduled runs only, where what was read when is what matters. */
  descRead?(level: Level, vaLo: number, vaHi: number, lo: number, hi: number): void
  /** A kernel function that is neither a walker nor a callback is entered, below a call. */
  spanBegin?(fn: string, vaLo: number, vaHi: number, endLo: number, endHi: number): void
  spanEnd?(fn: string, ret: number): void

  /** The call ends here without returning: the same callback again and again on one entry. */
  livelock(level: Level, fn: string, vaLo: number, vaHi: number, repeats: number): void
  /** The call ends here: something that is not a table would be followed (`__va`), area->pages[] read past its end. */
  wildDeref(fn: string, paLo: number, paHi: number): void
  /** The call ends here: BUG_ON at `fn`. */
  bug(fn: string): void
  /** The call ends here: the machine's bound on events was reached. */
  tooManyEvents(): void
}
