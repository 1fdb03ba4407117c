import type { Lock } from './locks.ts'
import type { LockMode } from './hooks.ts'
import type { Slot } from './memory.ts'

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
  store(): boolean
  /** Null: the caller does its atomic now and reports it to {@link atomicDone}; else what it gave before. */
  atomic(slot: Slot): boolean | null
  atomicDone(result: boolean): void
  /** Waits until the lock can be had. True: the caller takes it now. */
  acquire(lock: Lock, mode: LockMode): boolean
  /** True: the caller gives it back now. */
  release(): boolean
  /** A barrier or a TLBI. True: it takes effect now. */
  barrier(): boolean
  /** A value from shared state that is no memory (an allocation, a once-latch); never suspends. */
  shared(compute: () => number): number
}
