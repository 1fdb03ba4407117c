import { isLeafLike, VALID } from '../../observers/descriptor-words.ts'
import { hexPage, pageOf, pagesSize } from '../../observers/page-numbers.ts'
import type { Rule } from '../rule.ts'

const entry = (level: string, page: number): string => `${level} ${page}`

export const splitValidates: Rule = {
  name: 'split-validates',
  hazard: 'H10',
  sentence: 'A split leaves an invalid block invalid.',
  needs: ['stores'],
  remedies: [
    '7.3 makes the pieces of a block that is not valid present-invalid.',
    '6.18 sets the page type, and with it VALID; without KPTI it does not see such a block and leaves it whole.',
  ],
  start(scope) {
    /** Valid blocks whose split has begun, by entry, and the call: such a split may make them invalid itself. */
    const begun = new Map<string, number>()
    return {
      on: {
        split(e) {
          const { tables, sizes } = scope.fold
          if (e.va === null || (e.level !== 'pmd' && e.level !== 'pud')) return
          const page = sizes.base(e.level, pageOf(e.va))
          const block = tables.slot(e.level, page)
          const isValid = block !== undefined && (block.lo & VALID) !== 0
          if (isValid) begun.set(entry(e.level, page), e.op ?? -1)
        },
        op_end: (e) => {
          for (const [key, op] of begun) if (op === e.op) begun.delete(key)
        },
        desc_write(e) {
          const { write: s, tables } = scope.fold
          if (!s.isTable || s.wasValid || !isLeafLike(s.level, s.oldLo, s.oldHi)) return
          if (begun.get(entry(s.level, s.page)) === (e.op ?? -1)) return
          const first = tables.slot(s.level === 'pud' ? 'pmd' : 'pte', s.page)
          if (first === undefined || (first.lo & VALID) === 0) return
          scope.report({
            severity: 'error',
            proof: first.seq >= 0 ? [first.seq, e.seq] : [e.seq],
            start: s.page,
            end: s.end,
            message:
              `the split of the invalid ${pagesSize(s.pages)} block at ${hexPage(s.page)} made valid entries: ` +
              'what was unmapped can be accessed again',
          })
        },
      },
      gap: () => begun.clear(),
    }
  },
}
