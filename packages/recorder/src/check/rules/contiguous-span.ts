import { BriefMap } from '../../tables/brief-map.ts'
import { many } from '../../event/quantity.ts'
import type { LevelName } from '@pagetrail/engine'
import { CONT_HI, VALID } from '../../observers/descriptor-words.ts'
import type { Fold } from '../fold/fold.ts'
import type { OpenCall } from '../fold/lane.ts'
import { hexPage, hexRange, pagesSize } from '../../observers/page-numbers.ts'
import { tearOf, type Torn } from '../../observers/torn.ts'
import type { Rule } from '../rule.ts'
import { CallTally } from '../fold/call-tally.ts'

/** A contiguous span that was touched and has to be judged when no call is live. */
interface Touched {
  readonly level: LevelName
  readonly base: number
  readonly call: OpenCall | null
  readonly cpu: number
  first: number
  last: number
}

const isContiguous = (lo: number, hi: number): boolean => (lo & VALID) !== 0 && (hi & CONT_HI) !== 0

/** Where a span of the run disagrees with itself; members as 4K pages. */
function tear(fold: Fold, level: LevelName, base: number): Torn | null {
  const size = fold.sizes.of(level)
  const entries = fold.sizes.span(level) / size
  const at = (member: number) => fold.tables.slot(level, base + member * size)
  const torn = tearOf(fold.geometry, size, entries, at)
  if (torn === null) return null
  return { ...torn, with: base + torn.with * size, member: base + torn.member * size }
}

export const tornSpan: Rule = {
  name: 'torn-span',
  hazard: 'H2',
  sentence: 'The entries of a contiguous span agree in all but their output address.',
  needs: ['stores'],
  remedies: [
    'Split the span before changing part of it (6.18, 7.3 with BBML2 or BBML3).',
    'Check for the contiguous bit in the PTE callback: asked for in review, not done; the callback is unconditional.',
    'The caller guarantees whole spans: the comment says "or a cont mapping".',
  ],
  start(scope) {
    const touched = new BriefMap<string, Touched>()
    const judge = () => {
      for (const span of touched.values()) {
        const torn = tear(scope.fold, span.level, span.base)
        if (torn === null) continue
        const end = span.base + scope.fold.sizes.span(span.level)
        scope.report({
          severity: 'error',
          hazard: torn.isInvalid ? 'H11' : 'H2',
          call: span.call,
          cpu: span.cpu,
          proof: [span.first, span.last],
          start: span.base,
          end,
          message:
            `the contiguous ${span.level} span ${hexRange(span.base, end)} is torn: the entry at ` +
            `${hexPage(torn.with)} is valid and contiguous, the one at ${hexPage(torn.member)} ${torn.why}`,
        })
      }
      touched.clear()
    }
    return {
      on: {
        desc_write(e) {
          const { write: s, sizes, call } = scope.fold
          const length = sizes.span(s.level)
          if (length === 0 || ((s.oldHi | s.newHi) & CONT_HI) === 0 || s.isTable) return
          const base = s.page - (s.page % length)
          const key = `${s.level}${base}`
          const span = touched.get(key)
          if (span !== undefined) span.last = e.seq
          else {
            const { seq, cpu } = e
            touched.set(key, { level: s.level, base, call, cpu, first: seq, last: seq })
          }
        },
      },
      quiet: judge,
      end: judge,
      gap: () => touched.clear(),
    }
  },
}

export const mixedSpan: Rule = {
  name: 'mixed-span',
  hazard: 'H2',
  sentence: 'A contiguous span is not live while its entries are changed one by one.',
  needs: ['stores'],
  remedies: [
    'The kernel relies on exclusive ownership and on the flush that follows; the architecture would want it broken first.',
    'pgattr_change_is_safe() of 6.12 to 6.18 refuses any change of a contiguous entry; set_memory_*() does not ask it.',
  ],
  start(scope) {
    const mixed = new CallTally()
    return {
      on: {
        desc_write(e) {
          const { write: s, call } = scope.fold
          if (!isContiguous(s.oldLo, s.oldHi) || !isContiguous(s.newLo, s.newHi)) return
          if (!s.isAttributeChange) return
          mixed.add(s.level, call, e.cpu, e.seq, s.page, s.end)
        },
        op_end(e) {
          for (const entry of mixed.take(e.op)) {
            const { ranges, first, last, count, what } = entry
            scope.report({
              severity: 'note',
              proof: [first, last],
              start: ranges.start,
              end: ranges.end,
              message:
                `${many(count, `live contiguous ${what} entry was`, `live contiguous ${what} entries were`)} changed one after another, ` +
                `${pagesSize(ranges.pages)}: between the first store and the last, spans in ${ranges} are mixed`,
            })
          }
        },
      },
      gap: () => mixed.clear(),
    }
  },
}
