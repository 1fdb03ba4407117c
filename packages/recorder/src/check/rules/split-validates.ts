import { isLeafLike, VALID } from '../../observers/descriptor-words.ts'
import { hexPage, pagesSize } from '../../observers/page-numbers.ts'
import type { Rule } from '../rule.ts'

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
    return {
      on: {
        desc_write(e) {
          const { write: s, tables } = scope.fold
          if (!s.isTable || s.wasValid || !isLeafLike(s.level, s.oldLo, s.oldHi)) return
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
    }
  },
}
