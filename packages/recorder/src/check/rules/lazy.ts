import { BriefMap } from '../../tables/brief-map.ts'
import { many } from '../../event/quantity.ts'
import type { Lane } from '../fold/lane.ts'
import { hexPage, pageOf } from '../../observers/page-numbers.ts'
import { type Rule, type Scope, unreturned } from '../rule.ts'

/** Calls of a scenario that are the lazy-MMU API itself. */
const isLazyCall = (fn: string): boolean => fn.startsWith('lazy_')

/** Who is in lazy MMU mode; but a call that was stopped, or whose end is not shown, might still leave it. */
const stillLazy = ({ fold }: Scope): Lane[] =>
  [...fold.lanes.values()].filter(
    ({ lazy, calls }) =>
      lazy.enabled > 0 && !calls.some((call) => call.isStopped || call.seq < lazy.since),
  )

export const lazyUnbalanced: Rule = {
  name: 'lazy-unbalanced',
  hazard: 'H5',
  sentence:
    'A call leaves lazy MMU mode as often as it enters it, on error paths too, and leaves no barrier pending.',
  needs: ['calls', 'lazy'],
  remedies: [
    'Enter before the walk and leave after it whatever it returned, as update_range_prot() does.',
    '7.3 counts and has debug checks (VM_WARN_ON_ONCE) for unmatched calls.',
  ],
  start(scope) {
    const atBegin = new BriefMap<number, number>()
    const queued = new BriefMap<Lane, number>()
    const done = () => {
      queued.delete(scope.fold.lane)
    }
    return {
      on: {
        op_begin(e) {
          if (e.op !== null) atBegin.set(e.op, scope.fold.lane.lazy.meant)
        },
        barrier_queue(e) {
          queued.set(scope.fold.lane, e.seq)
        },
        barrier: done,
        dsb: done,
        lazy_mmu_leave(e) {
          const { lane, kernel } = scope.fold
          const isCounted = kernel?.lazyMmu === 'counted' && e.api === undefined
          if (!isCounted || scope.fold.isIdleLazy(e)) return
          if (lane.lazy.enabled > 0 || lane.lazy.since < 0 || !lane.lazy.isKnown) return
          scope.report({
            severity: 'error',
            proof: [lane.lazy.since, e.seq],
            message: 'lazy MMU mode was left once more than it was entered: its count wraps',
          })
        },
        op_end(e) {
          const { lane } = scope.fold
          const before = e.op === null ? undefined : atBegin.get(e.op)
          if (e.op !== null) atBegin.delete(e.op)
          if (before !== undefined && before !== lane.lazy.meant && !isLazyCall(e.fn ?? '')) {
            const what = lane.lazy.meant > before ? 'entered' : 'left'
            const proof = [scope.fold.call?.seq ?? e.seq, lane.lazy.since, e.seq]
            scope.report({
              severity: 'error',
              proof: proof.filter((seq) => seq >= 0),
              message: `${e.fn} returned ${e.ret} having ${what} lazy MMU mode once too often`,
            })
          }
          const pending = queued.get(lane)
          if (pending === undefined || lane.isLazy || !lane.lazy.isKnown) return
          queued.delete(lane)
          scope.report({
            severity: 'error',
            proof: [pending, e.seq],
            message: `${e.fn} returned outside lazy MMU mode with a deferred barrier still pending`,
          })
        },
      },
      gap() {
        atBegin.clear()
        queued.clear()
      },
      end() {
        for (const call of scope.fold.unreturned) scope.lacks(unreturned(call))
        if (scope.fold.run.state !== 'complete') return
        for (const { lazy, cpu, name } of stillLazy(scope)) {
          scope.report({
            severity: 'error',
            call: null,
            cpu,
            proof: [lazy.since],
            message: `${name} is still in lazy MMU mode when the run ends: its barriers stay deferred`,
          })
        }
      },
    }
  },
}

/** An outer section whose effect an inner leave has ended. */
interface Broken {
  readonly outer: number
  readonly inner: number
  stores: number
}

export const lazyNested: Rule = {
  name: 'lazy-nested',
  hazard: 'H5',
  sentence: 'Lazy MMU mode lasts to the end of the outermost section.',
  needs: ['lazy', 'barriers'],
  remedies: [
    'Up to 6.18 it is one flag: an inner leave ends it, and what follows in the outer section is safe but not batched.',
    '7.3 counts: an inner disable flushes and stays lazy.',
  ],
  start(scope) {
    const broken = new BriefMap<Lane, Broken>()
    return {
      on: {
        lazy_mmu_leave(e) {
          const { lane } = scope.fold
          if (scope.fold.isIdleLazy(e) || e.api !== undefined) return
          const { meant, enabled, since } = lane.lazy
          const isFlag = scope.fold.kernel?.lazyMmu !== 'counted'
          if (meant > 1 && enabled === 1 && isFlag && !broken.has(lane)) {
            broken.set(lane, { outer: since, inner: e.seq, stores: 0 })
          }
          const open = broken.get(lane)
          if (meant > 1 || open === undefined) return
          broken.delete(lane)
          if (open.stores === 0) return
          scope.report({
            severity: 'note',
            proof: [open.outer, open.inner, e.seq],
            message: `an inner leave ended lazy MMU mode: ${many(open.stores, 'barrier')} in the rest of the outer section not deferred`,
          })
        },
        barrier() {
          const open = broken.get(scope.fold.lane)
          if (open !== undefined && !scope.fold.lane.isLazy) open.stores++
        },
      },
      gap: () => broken.clear(),
    }
  },
}

export const allocInLazy: Rule = {
  name: 'alloc-in-lazy',
  hazard: 'H14',
  sentence:
    'Tables are allocated outside lazy MMU mode, but for the split, which knows that sleeping is allowed.',
  needs: ['lazy', 'allocations'],
  remedies: [
    'apply_to_page_range() allocates first and is lazy only in the PTE loop; the page walk allocates nothing.',
    'With debug_pagealloc the allocator changes permissions itself: a nested section, see lazy-nested.',
  ],
  start(scope) {
    const splits = new Map<Lane, number>()
    return {
      on: {
        split(e) {
          splits.set(scope.fold.lane, e.seq)
        },
        table_alloc(e) {
          const { lane, isLazy } = scope.fold
          if (!isLazy || (splits.get(lane) ?? -1) > lane.lazy.since) return
          scope.report({
            severity: 'warning',
            proof: [lane.lazy.since, e.seq],
            message:
              `a ${e.level} table${e.va === null ? '' : ` for ${hexPage(pageOf(e.va))}`} was allocated ` +
              'in lazy MMU mode: it may sleep there, and the allocator may enter the mode again',
          })
        },
      },
      gap: () => splits.clear(),
    }
  },
}
