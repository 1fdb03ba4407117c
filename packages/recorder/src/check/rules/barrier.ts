import { USER, UXN_HI } from '../fold/descriptor.ts'
import type { Lane } from '../fold/lane.ts'
import { counted, hexPage } from '../fold/page.ts'
import type { Rule } from '../rule.ts'
import type { Write } from '../fold/write.ts'

/** Stores of one lane that made entries valid, and that no barrier has followed. */
interface Unseen {
  readonly first: number
  readonly page: number
  readonly level: string
  count: number
}

/** The condition of the kernel's setters: for PTEs pte_valid_not_user(), above them VALID. */
const needsBarrier = (s: Write): boolean =>
  !s.wasValid &&
  s.isValid &&
  (s.level !== 'pte' || ((s.newLo & USER) === 0 && (s.newHi & UXN_HI) !== 0))

export const barrierMissing: Rule = {
  name: 'barrier-missing',
  hazard: 'H5',
  sentence:
    'An entry made valid is followed by dsb(ishst) and isb() before the call returns or lazy MMU mode ends.',
  needs: ['stores', 'barriers'],
  remedies: [
    'Leave or flush lazy MMU mode before the address is used; leave it on error paths too.',
    'KASAN leaves and enters again around such spots in 6.17 and 6.18, pauses and resumes in 7.3.',
  ],
  start(scope) {
    const unseen = new Map<Lane, Unseen>()
    const done = () => {
      unseen.delete(scope.fold.lane)
    }
    const judge = (seq: number, when: string) => {
      const { lane } = scope.fold
      const open = unseen.get(lane)
      if (open === undefined) return
      unseen.delete(lane)
      scope.report({
        severity: 'error',
        proof: [open.first, seq],
        start: open.page,
        message:
          `${counted(open.count, 'entry', 'entries')} made valid, first the ${open.level} at ${hexPage(open.page)}, ` +
          `had no barrier when ${when}: the next access may fault`,
      })
    }
    return {
      on: {
        desc_write(e) {
          const { write: s, lane } = scope.fold
          if (!needsBarrier(s)) return
          const open = unseen.get(lane)
          if (open !== undefined) open.count++
          else unseen.set(lane, { first: e.seq, page: s.page, level: s.level, count: 1 })
        },
        barrier: done,
        dsb: done,
        tlb_flush: done,
        lazy_mmu_leave(e) {
          const { lane, run } = scope.fold
          // The barrier of a leave is before the event; in a real kernel it may come just after the probe.
          if (run.source === 'ftrace') return
          const leaves = e.api === 'pause' ? lane.isLazy : lane.isLazy && lane.lazy.enabled <= 1
          if (!e.ignored && leaves) judge(e.seq, 'lazy MMU mode ended')
        },
        op_end(e) {
          if (!scope.fold.lane.isLazy) judge(e.seq, `${e.fn} returned`)
        },
      },
      gap: () => unseen.clear(),
    }
  },
}

/** Where the last store of a lane to a table of this level fell. */
interface Filled {
  readonly parent: number
  readonly seq: number
}

export const publishedEarly: Rule = {
  name: 'published-early',
  hazard: 'H5',
  sentence:
    'A table is complete and visible to walkers (dsb) before the entry that leads to it is stored.',
  needs: ['stores', 'barriers'],
  remedies: [
    'split_pmd() and split_pud() execute dsb(ishst) between the last entry and the table descriptor.',
  ],
  start(scope) {
    const filled = new Map<Lane, Map<string, Filled>>()
    const done = () => {
      filled.delete(scope.fold.lane)
    }
    return {
      on: {
        desc_write(e) {
          const { write: s, lane, sizes } = scope.fold
          const ofLane = filled.get(lane) ?? new Map<string, Filled>()
          filled.set(lane, ofLane)
          const parent = s.level === 'pte' ? 'pmd' : s.level === 'pmd' ? 'pud' : null
          if (parent !== null) {
            ofLane.set(parent, { parent: sizes.base(parent, s.page), seq: e.seq })
          }
          if (!s.isTable || s.wasTable) return
          const last = ofLane.get(s.level)
          if (last === undefined || last.parent !== s.page) return
          scope.report({
            severity: 'error',
            proof: [last.seq, e.seq],
            start: s.page,
            end: s.end,
            message:
              `the ${s.level} at ${hexPage(s.page)} was made to point to a table whose entries were stored ` +
              'with no dsb in between: a walker may see them as they were',
          })
        },
        barrier: done,
        dsb: done,
        tlb_flush: done,
      },
      gap: () => filled.clear(),
    }
  },
}

export const bareTlbi: Rule = {
  name: 'tlbi-unordered',
  hazard: 'H4',
  sentence: 'A TLBI comes after dsb(ishst) of the store and is completed by dsb(ish).',
  needs: ['tlbi', 'barriers', 'stores'],
  remedies: ['flush_tlb_kernel_range() has both; do not execute TLBI by hand without them.'],
  start(scope) {
    const stored = new Map<Lane, number>()
    const issued = new Map<Lane, number>()
    return {
      on: {
        desc_write(e) {
          stored.set(scope.fold.lane, e.seq)
        },
        barrier() {
          stored.delete(scope.fold.lane)
        },
        dsb(e) {
          stored.delete(scope.fold.lane)
          if (e.scope === 'ish') issued.delete(scope.fold.lane)
        },
        tlb_flush() {
          stored.delete(scope.fold.lane)
          issued.delete(scope.fold.lane)
        },
        tlbi(e) {
          const { lane } = scope.fold
          // Inside a flush function its own barriers are not events.
          if (lane.flush !== null) return
          const store = stored.get(lane)
          if (store !== undefined) {
            stored.delete(lane)
            scope.report({
              severity: 'error',
              proof: [store, e.seq],
              message: `tlbi ${e.insn} with no dsb since the store: the old entry may be fetched again after it`,
            })
          }
          issued.set(lane, e.seq)
        },
        op_end(e) {
          const tlbi = issued.get(scope.fold.lane)
          if (tlbi === undefined) return
          issued.delete(scope.fold.lane)
          scope.report({
            severity: 'error',
            proof: [tlbi, e.seq],
            message: `${e.fn} returned with no dsb(ish) after its TLBI: other CPUs may still use the old entry`,
          })
        },
      },
      gap() {
        stored.clear()
        issued.clear()
      },
    }
  },
}
