import type { OpenCall } from '../fold/lane.ts'
import { type Change, changeOf, isConditional, satisfies } from '../fold/masks.ts'
import { hexPage, sizeText } from '../fold/page.ts'
import { RangeList } from '../fold/range-list.ts'
import type { Rule, Scope } from '../rule.ts'

/** Longest range, in 4K pages, whose effect is looked at entry by entry: 16G. */
const MAX_PAGES_JUDGED = 2 ** 22

/** A call that returned 0, whose effect is judged now or, with others live, when all have returned. */
interface Promise {
  readonly call: OpenCall
  readonly change: Change
  readonly start: number
  readonly end: number
  readonly seq: number
}

/** Known leaves of [start, end) that do not have what was asked for; `holes`: pages known to have none at all. */
function unmet({ fold }: Scope, start: number, end: number, change: Change): RangeList {
  const missing = new RangeList()
  for (let page = start; page < end;) {
    const leaf = fold.tables.leafAt(page)
    if (leaf === undefined) {
      page += fold.sizes.page
      continue
    }
    const next = Math.min(end, leaf.page + leaf.pages)
    if (!satisfies(change, leaf.slot.lo, leaf.slot.hi)) missing.add(page, next)
    page = next
  }
  return missing
}

function promiseOf(scope: Scope, call: OpenCall, seq: number): Promise | null {
  const change = changeOf(call.fn, call.args)
  if (change === null) return null
  if (isConditional(call.fn) && call.walks.isEmpty) return null
  // The page pointer of a real set_direct_map_*() is no address: its walk tells the range.
  const hasRange = call.end > call.start
  const start = hasRange ? call.start : call.walks.isEmpty ? 0 : call.walks.start
  const end = hasRange ? call.end : call.walks.isEmpty ? 0 : call.walks.end
  if (end <= start) return null
  if (end - start > MAX_PAGES_JUDGED) {
    scope.lacks(`time for a range of ${sizeText(end - start)}`)
    return null
  }
  return { call, change, start, end, seq }
}

/** The bits both ask for, in opposite senses. */
const contradict = (a: Change, b: Change): boolean =>
  ((a.setLo & b.clearLo) |
    (a.clearLo & b.setLo) |
    (a.setHi & b.clearHi) |
    (a.clearHi & b.setHi)) !==
  0

function reportUnmet(scope: Scope, kept: Promise, missing: RangeList, when: string): void {
  scope.report({
    severity: 'error',
    call: kept.call,
    proof: [kept.call.seq, kept.seq],
    start: missing.start,
    end: missing.end,
    message: `${kept.call.fn} returned 0, but ${when} ${missing} is not ${kept.change.asked}`,
  })
}

export const silentNoOp: Rule = {
  name: 'silent-no-op',
  hazard: 'H9',
  sentence:
    'A call that returns 0 has done what it was asked to every leaf of its range, and it stays done.',
  needs: ['stores'],
  remedies: [
    '7.3: invalid entries are marked present-invalid (nG), callbacks and kernel_page_present() take them for leaves.',
    'Up to 6.18 a block whose VALID was cleared is no leaf to the callback: it is skipped, with success.',
  ],
  start(scope) {
    const waiting: Promise[] = []
    return {
      on: {
        op_end(e) {
          const { call } = scope.fold
          if (call === null || e.ret !== 0) return
          const kept = promiseOf(scope, call, e.seq)
          if (kept === null) return
          if (call.isConcurrent) {
            waiting.push(kept)
            return
          }
          const missing = unmet(scope, kept.start, kept.end, kept.change)
          if (!missing.isEmpty) reportUnmet(scope, kept, missing, 'afterwards')
        },
      },
      quiet() {
        for (const kept of waiting) {
          const isSuperseded = waiting.some(
            (other) =>
              other !== kept &&
              other.start < kept.end &&
              kept.start < other.end &&
              contradict(other.change, kept.change),
          )
          if (isSuperseded) continue
          const missing = unmet(scope, kept.start, kept.end, kept.change)
          if (!missing.isEmpty) reportUnmet(scope, kept, missing, 'when all calls had returned')
        }
        waiting.length = 0
      },
      gap() {
        waiting.length = 0
      },
    }
  },
}

export const mappingDestroyed: Rule = {
  name: 'mapping-destroyed',
  hazard: 'H9',
  sentence: 'A permission change takes no mapping away.',
  needs: ['stores'],
  remedies: [
    'apply_to_page_range() clears an entry it takes for bad and puts an empty table there: it must not meet one.',
    'From 6.18 on the walk skips such an entry; 7.3 knows it as present-invalid.',
  ],
  start(scope) {
    return {
      on: {
        desc_write(e) {
          const { write: s, lane, call } = scope.fold
          if (call === null || s.level === 'pte' || s.wasNone || !s.isNone) return
          if (lane.innermost('walk') === undefined) return
          scope.report({
            severity: 'error',
            proof: [call.seq, e.seq],
            start: s.page,
            end: s.end,
            message:
              `${call.fn} cleared the ${s.level} at ${hexPage(s.page)}: the mapping of ` +
              `${sizeText(s.pages)} is gone`,
          })
        },
      },
    }
  },
}
