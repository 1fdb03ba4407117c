import { BriefMap } from '../../tables/brief-map.ts'
import type { Rule } from '../rule.ts'

const EBUSY = -16

export const bootWindow: Rule = {
  name: 'boot-window',
  hazard: 'H18',
  sentence: 'No leaf has to be split while the CPUs are up but their capabilities are not final.',
  needs: ['calls'],
  remedies: [
    '7.3 refuses with -EBUSY and a WARN; 6.18 returns 0 without splitting and the change then warns on the block.',
    'If not all CPUs qualify, the linear map is repainted to pages before it is used.',
  ],
  start(scope) {
    const refused = new BriefMap<number, number>()
    return {
      on: {
        cb_exit(e) {
          if (e.op !== null && e.ret !== null && e.ret < 0 && e.level !== 'pte')
            refused.set(e.op, e.seq)
        },
        op_end(e) {
          const at = e.op === null ? undefined : refused.get(e.op)
          if (e.op !== null) refused.delete(e.op)
          const isWindow =
            // Who splits leaves has the window.
            scope.fold.kernel !== undefined &&
            scope.fold.kernel.split !== null &&
            scope.fold.feature('caps_finalized') === 0 &&
            scope.fold.feature('cpu_bbml') === 1
          const isRefused = isWindow && e.ret !== null && e.ret < 0 && at !== undefined
          if (e.ret !== EBUSY && !isRefused) return
          scope.report({
            severity: 'error',
            proof: [scope.fold.call?.seq ?? e.seq, ...(at === undefined ? [] : [at]), e.seq],
            message: `${e.fn} returned ${e.ret}: before capabilities are final no leaf is split`,
          })
        },
      },
    }
  },
}
