import { BriefMap } from '../../tables/brief-map.ts'
import { many } from '../../event/quantity.ts'
import { CONT_HI } from '../../observers/descriptor-words.ts'
import { hexRange, pagesSize } from '../../observers/page-numbers.ts'
import type { Rule } from '../rule.ts'
import { CallTally } from '../fold/call-tally.ts'

/** Functions whose flush is for the permissions they changed; others flush what is not in the trace (vunmap). */
const FLUSHES_FOR_PERMISSION: ReadonlySet<string> = new Set([
  'change_memory_common',
  '__change_memory_common',
  'set_memory_valid',
])

export const needlessFlush: Rule = {
  name: 'needless-flush',
  hazard: 'H4',
  sentence: 'A flush covers at least one entry that TLBs may hold in an older version.',
  needs: ['stores', 'flushes'],
  remedies: [
    'From 6.17 on a change that only sets VALID is not flushed; 7.3 compares its masks with present-invalid to valid.',
    'The flush does not depend on the result: it comes after an error, and when nothing changed, too.',
  ],
  start(scope) {
    const split = new Set<number>()
    return {
      on: {
        desc_write(e) {
          const { write: s } = scope.fold
          if (e.op === null || !s.wasValid || !s.isValid || !s.changes) return
          // Larger entries may linger after a split: owed or not, the flush is what removes them.
          if (s.isTable || (s.attrsHi & CONT_HI) !== 0) split.add(e.op)
        },
        op_end(e) {
          const { call } = scope.fold
          if (call === null || call.fn === 'flush_tlb_kernel_range' || split.delete(call.op)) return
          for (const flush of call.flushes) {
            const isOurs = flush.by === null || FLUSHES_FOR_PERMISSION.has(flush.by)
            if (!isOurs || flush.isOwed || flush.all || flush.end <= flush.start) continue
            scope.report({
              severity: 'note',
              proof: [flush.seq, e.seq],
              start: flush.start,
              end: flush.end,
              message:
                `${call.fn} flushed ${hexRange(flush.start, flush.end)} ` +
                `(${pagesSize(flush.end - flush.start)}), where no flush was owed`,
            })
          }
        },
      },
      gap: () => split.clear(),
    }
  },
}

export const redundantStore: Rule = {
  name: 'redundant-store',
  hazard: 'H4',
  sentence: 'A store changes the entry.',
  needs: ['stores'],
  remedies: [
    'The callbacks store without comparing: the store, its barrier and the flush happen all the same.',
  ],
  start(scope) {
    const same = new CallTally()
    const stores = new BriefMap<number, number>()
    return {
      on: {
        desc_write(e) {
          const { write: s, call } = scope.fold
          if (call === null) return
          stores.set(call.op, (stores.get(call.op) ?? 0) + 1)
          if (!s.changes) same.add('', call, e.cpu, e.seq, s.page, s.end)
        },
        op_end(e) {
          const all = e.op === null ? 0 : (stores.get(e.op) ?? 0)
          if (e.op !== null) stores.delete(e.op)
          for (const { ranges, first, last, count } of same.take(e.op)) {
            scope.report({
              severity: 'note',
              proof: [first, last],
              start: ranges.start,
              end: ranges.end,
              message: `${count} of ${many(all, 'store')} of ${e.fn} wrote what was there: ${ranges}`,
            })
          }
        },
      },
      gap() {
        same.clear()
        stores.clear()
      },
    }
  },
}
