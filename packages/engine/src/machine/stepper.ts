import type { LockMode } from './hooks.ts'
import type { Slot } from './memory.ts'
import type { Lock } from './lock.ts'

/**
 * What a step is that neither loads, stores nor locks. `complete`: a dsb that waits for TLBIs. `tlb`: an access or
 * a fill. `free`: of a table.
 */
export type BarrierKind = 'dsb' | 'tlbi' | 'complete' | 'tlb' | 'free'

/**
 * What stands between a CPU and everything it shares with others in a scheduled run (see schedule.ts). Each method
 * is one step: it may suspend the CPU before it takes place. A CPU that is resumed runs its program again from the
 * start; its earlier steps are then answered from the log, not taken again.
 */
export interface Stepper {
  /** Low word of the entry; the high word is in {@link loadedHi} until the next load. */
  load(slot: Slot): number
  readonly loadedHi: number
  /** True: the caller stores now. False: it stored already, in an earlier run. */
  store(slot: Slot): boolean
  /** Null: the caller does its atomic now and reports it to {@link atomicDone}; else what it gave before. */
  atomic(slot: Slot): boolean | null
  atomicDone(result: boolean): void
  /** Waits until the lock can be had. True: the caller takes it now. */
  acquire(lock: Lock, mode: LockMode): boolean
  /** Takes the lock if it can be had. Null: the caller does so now and reports it to {@link atomicDone}. */
  tryAcquire(lock: Lock, mode: LockMode): boolean | null
  /** True: the caller gives it back now. */
  release(lock: Lock, mode: LockMode): boolean
  /** A barrier or a TLBI. True: it takes effect now. */
  barrier(kind: BarrierKind): boolean
  /** A value from shared state that is not memory (an allocation, a once-latch); never suspends. */
  shared(compute: () => number): number
  /** What the architecture leaves open within a step, as a number below `alternatives`; only inside {@link shared}. */
  choose(alternatives: number): number
  /** Where {@link settled} goes back to: taken before a loop. */
  mark(): number
  /**
   * All that the program remembers of its steps since `mark` is in `key` and in the task's state (lazy MMU mode,
   * context, spinlocks, allocations). A search may then take two histories with one key for the same.
   */
  settled(mark: number, key: number | string): void
}
