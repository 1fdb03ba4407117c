import { BriefMap } from '../../tables/brief-map.ts'
import { many } from '../../event/quantity.ts'
import { coveredBy } from '../../observers/flushes.ts'
import type { Lane } from '../fold/lane.ts'
import { hexPage } from '../../observers/page-numbers.ts'
import { type Rule, unreturned } from '../rule.ts'

export const barrierMissing: Rule = {
  name: 'barrier-missing',
  hazard: 'H5',
  sentence:
    'An entry made valid is followed by dsb(ishst) and isb() before the call returns or lazy MMU mode ends.',
  needs: ['calls', 'stores', 'barriers'],
  remedies: [
    'Leave or flush lazy MMU mode before the address is used; leave it on error paths too.',
    'KASAN leaves and enters again around such spots in 6.17 and 6.18, pauses and resumes in 7.3.',
  ],
  start(scope) {
    const judged = new WeakSet<object>()
    const judge = (op: number, seq: number, when: string) => {
      const line = scope.fold.observers.line(scope.fold.lane.cpu)
      const open = line.unusable(op)
      if (open === null || judged.has(open.made)) return
      judged.add(open.made)
      const { first, level, page, count } = open.made
      scope.report({
        severity: 'error',
        proof: [first, seq],
        start: page,
        message:
          `${many(count, 'entry', 'entries')} made valid, first the ${level} at ${hexPage(page)}, ` +
          `had no ${open.needs} when ${when}: the next access may fault`,
      })
    }
    return {
      on: {
        lazy_mmu_leave(e) {
          const { fold } = scope
          const { lane, run } = fold
          // The barrier of a leave is before the event; in a real kernel it may come just after the probe.
          if (run.source === 'ftrace') return
          const leaves = e.api === 'pause' ? lane.isLazy : lane.isLazy && lane.lazy.enabled <= 1
          if (!fold.isIdleLazy(e) && leaves) judge(e.op ?? -1, e.seq, 'lazy MMU mode ended')
        },
        op_end(e) {
          if (!scope.fold.isLazy) judge(e.op ?? -1, e.seq, `${e.fn} returned`)
        },
      },
      end() {
        for (const call of scope.fold.unreturned) {
          scope.lacks(unreturned(call))
        }
      },
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
    'A table is complete before walkers see the entry that leads to it: a dsb or a dmb of stores stands in between.',
  needs: ['stores', 'barriers'],
  remedies: [
    'split_pmd() and split_pud() execute dsb(ishst) between the last entry and the table descriptor.',
    'smp_wmb(), which is dmb(ishst), orders the two stores as well.',
  ],
  start(scope) {
    const filled = new BriefMap<Lane, BriefMap<string, Filled>>()
    const done = () => {
      filled.delete(scope.fold.lane)
    }
    return {
      on: {
        desc_write(e) {
          const { write: s, lane, sizes } = scope.fold
          const ofLane = filled.get(lane) ?? new BriefMap<string, Filled>()
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
              'with neither dsb nor dmb in between: a walker may see them as they were',
          })
        },
        barrier: done,
        dsb: done,
        dmb: done,
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
    const early = new Set<number>()
    return {
      on: {
        tlbi(e) {
          const { observers, sizes, lane } = scope.fold
          const covered = coveredBy(e, sizes.page)
          if (covered === null) return
          const row = observers.versions.unorderedIn(covered.start, covered.end)
          if (row < 0) return
          const { rows } = observers.versions
          const store = rows.seq(row)
          if (early.has(store)) return
          early.add(store)
          const cpu = rows.cpu(row)
          const whose = cpu === lane.cpu ? '' : ` on CPU ${cpu}, which made it,`
          scope.report({
            severity: 'error',
            proof: [store, e.seq],
            start: rows.base(row),
            message: `tlbi ${e.insn} with no dsb${whose} since the store: the old entry may be fetched again after it`,
          })
        },
        op_end(e) {
          const { observers, lane, call } = scope.fold
          const line = observers.line(lane.cpu)
          const tlbi = line.issued.find((issued) => issued.seq > (call?.seq ?? -1))
          if (tlbi === undefined) return
          scope.report({
            severity: 'error',
            proof: [tlbi.seq, e.seq],
            message: `${e.fn} returned with no dsb(ish) after its TLBI: other CPUs may still use the old entry`,
          })
        },
      },
      gap: () => early.clear(),
    }
  },
}
