import { BriefMap } from '../../tables/brief-map.ts'
import type { Fold } from '../fold/fold.ts'
import type { Lane } from '../fold/lane.ts'
import type { Rule, Scope } from '../rule.ts'

/** Functions that take a sleeping lock where the lock itself is not in the trace of a stock kernel. */
const SLEEPING: ReadonlyMap<string, string> = new Map([
  ['_vm_unmap_aliases', 'vmap_purge_lock'],
  ['split_kernel_leaf_mapping_locked', 'pgtable_split_lock'],
])

/** Why sleeping is forbidden on this lane now; null: it is not. */
function atomicBecause({ lane, context }: Fold): string | null {
  if (context !== 'task') return context === 'bh_off' ? 'bottom halves off' : context
  const spin = lane.locks.find((lock) => lock.mode === 'spin')
  return spin === undefined ? null : `spinlock ${spin.fn} held`
}

export const sleepInAtomic: Rule = {
  name: 'sleep-in-atomic',
  hazard: 'H6',
  sentence:
    'Nothing that may sleep is done in an interrupt, with bottom halves or preemption off, or under a spinlock.',
  needs: ['contexts'],
  remedies: [
    'Walk without the lock (walk_kernel_page_table_range_lockless): chosen, because KFENCE changes entries in softirq.',
    'Leave before the mutex for KFENCE addresses, debug_pagealloc and CPUs without BBML2 (6.18, 7.3).',
    'Taking init_mm.mmap_lock was rejected; it would also be a bottleneck.',
  ],
  start(scope) {
    // The engine reports the same thing itself, just before it does it.
    const reported = new BriefMap<Lane, number>()
    const judge = (what: string, seq: number) => {
      const { lane } = scope.fold
      const seen = reported.get(lane)
      reported.delete(lane)
      const why = atomicBecause(scope.fold)
      if (why === null || seen !== undefined) return
      const since = lane.locks.find((lock) => lock.mode === 'spin')?.seq
      scope.report({
        severity: 'error',
        proof: since === undefined ? [seq] : [since, seq],
        message: `${what} may sleep, which ${why} forbids, whether or not it would have slept`,
      })
    }
    return {
      on: {
        sleep_in_atomic(e) {
          reported.set(scope.fold.lane, e.seq)
          // A task with no lock of the run: preempt_disable() shows as nothing but this.
          const atomic = e.context === 'task' ? 'preemption being off' : e.context
          const why = atomicBecause(scope.fold) ?? atomic ?? 'atomic context'
          scope.report({
            severity: 'error',
            proof: [e.seq],
            message: `${e.fn} may sleep, which ${why} forbids, whether or not it would have slept`,
          })
        },
        lock(e) {
          if (e.mode !== 'spin') judge(`taking ${e.fn}`, e.seq)
        },
        table_alloc(e) {
          judge('allocating a table with GFP_KERNEL', e.seq)
        },
        table_alloc_fail(e) {
          judge('allocating a table with GFP_KERNEL', e.seq)
        },
        span_begin(e) {
          const lock = SLEEPING.get(e.fn ?? '')
          if (lock !== undefined) judge(`${e.fn}, which takes ${lock},`, e.seq)
        },
      },
      gap: () => reported.clear(),
    }
  },
}

const MMAP_LOCK = 'init_mm.mmap_lock'
/** Walkers that assert init_mm.mmap_lock. */
const LOCKED_WALKERS: ReadonlySet<string> = new Set([
  'walk_kernel_page_table_range',
  'walk_page_range_debug',
])

function assertsFailed(scope: Scope, fn: string): boolean {
  if (!LOCKED_WALKERS.has(fn)) return false
  // Where the trace shows no lock the caller may hold it all the same; the machine reports it where it does.
  const assumed = scope.fold.feature('init_mm_locked')
  if (assumed === null) {
    scope.lacks(`whether the caller of ${fn} holds ${MMAP_LOCK}`)
    return false
  }
  return assumed === 0 && !scope.fold.lane.locks.some((lock) => lock.fn === MMAP_LOCK)
}

export const walkUnlocked: Rule = {
  name: 'walk-unlocked',
  hazard: 'H6',
  sentence: 'walk_kernel_page_table_range() runs with init_mm.mmap_lock held.',
  needs: ['walks'],
  remedies: [
    'The lockless variant asserts nothing: its caller owns the range exclusively instead.',
  ],
  start(scope) {
    return {
      on: {
        walk_begin(e) {
          if (!assertsFailed(scope, e.fn ?? '')) return
          scope.report({
            severity: 'error',
            proof: [e.seq],
            message: `${e.fn} runs without ${MMAP_LOCK}: its assertion fails and it goes on`,
          })
        },
      },
    }
  },
}
