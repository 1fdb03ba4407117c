import { BriefMap } from '../../tables/brief-map.ts'
import { many } from '../../event/quantity.ts'
import type { Frame, Lane } from '../fold/lane.ts'
import { pagesSize } from '../../observers/page-numbers.ts'
import { RangeList } from '../../observers/range-list.ts'
import type { Rule, Scope } from '../rule.ts'
import { CallTally } from '../fold/call-tally.ts'
import { evidenceOf } from '../../event/evidence.ts'
import { changeOf } from '../../observers/masks.ts'

export const materialised: Rule = {
  name: 'materialised-entry',
  hazard: 'H13',
  sentence: 'A permission change leaves an empty entry empty.',
  needs: ['stores'],
  remedies: [
    'The page walk skips missing tables, but its PTE callback still writes every PTE of an existing table.',
    'Up to 6.17 missing tables are allocated and filled with such entries.',
  ],
  start(scope) {
    const made = new CallTally()
    const showsCallbacks = evidenceOf(scope.fold.run).kinds.has('cb_enter')
    return {
      on: {
        desc_write(e) {
          const { write: s, lane, call } = scope.fold
          if (!s.wasNone || s.isNone || s.isTable) return
          const cb = lane.top
          if (cb?.kind === 'cb') {
            if (cb.level !== s.level || s.page < cb.start || s.end > cb.end) return
          } else if (showsCallbacks) {
            return
          } else if (call === null || changeOf(call.fn, call.args) === null) {
            // By a walker with whose callbacks, or by who fills an entry because that is its work.
            if (call !== null) scope.lacks('callbacks of the walk (cb_enter, cb_exit)')
            return
          } else if (!s.isReached || s.page < call.start || s.end > call.end) {
            // Of a table that is not linked yet a split fills the entries.
            return
          }
          made.add('', call, e.cpu, e.seq, s.page, s.end)
        },
        op_end(e) {
          for (const { ranges, first, last, count } of made.take(e.op)) {
            scope.report({
              severity: 'error',
              proof: [first, last],
              start: ranges.start,
              end: ranges.end,
              message:
                `${e.fn} wrote attributes into ${many(count, 'empty entry', 'empty entries')}, ${ranges}: ` +
                'neither none nor mapped now, they will make the unmapping warn',
            })
          }
        },
      },
      gap: () => made.clear(),
    }
  },
}

/** Longest range, in 4K pages, that is looked at page by page: 16G. */
const MAX_PAGES_JUDGED = 2 ** 22

/** Pages of one walk that a callback was called for. */
interface Visit {
  readonly walk: Frame
  pages: number
}

/** Walks of one call that found no table for part of their range. */
interface Skipped {
  readonly proof: number[]
  readonly ranges: RangeList
  pages: number
}

/** Pages of a walk's range at which no entry is known. */
function unmapped({ fold }: Scope, { start, end }: Frame): number {
  let pages = 0
  for (let page = start; page < end && page - start < MAX_PAGES_JUDGED;) {
    const leaf = fold.tables.leafAt(page)
    const next = leaf === undefined ? page + fold.sizes.page : leaf.page + leaf.pages
    if (leaf === undefined && fold.tables.slot('pte', page) === undefined) pages += fold.sizes.page
    page = next
  }
  return pages
}

export const skippedHole: Rule = {
  name: 'skipped-hole',
  hazard: 'H13',
  sentence: 'A call that returns 0 has found a table for every page of its range.',
  needs: ['start', 'callbacks'],
  remedies: [
    'The page walk skips holes with success and no pte_hole(); apply_to_page_range() fills them with tables.',
    'The caller knows what is mapped: set_memory_*() is for mapped memory.',
  ],
  start(scope) {
    const visits = new BriefMap<Lane, Visit>()
    const skipped = new BriefMap<number, Skipped>()
    return {
      on: {
        walk_begin() {
          const { lane } = scope.fold
          if (lane.top !== undefined) visits.set(lane, { walk: lane.top, pages: 0 })
        },
        cb_enter(e) {
          const { lane, tables } = scope.fold
          const visit = visits.get(lane)
          const frame = lane.top
          if (visit === undefined || frame === undefined) return
          if (e.level === 'pte' || tables.leafAt(frame.start)?.level === e.level) {
            visit.pages += frame.end - frame.start
          }
        },
        walk_end(e) {
          const { lane, call } = scope.fold
          const visit = visits.get(lane)
          visits.delete(lane)
          if (visit === undefined || e.ret !== 0 || call === null) return
          const { walk } = visit
          if (visit.pages >= walk.end - walk.start) return
          // Some walks have no PTE callback: what they passed over is a hole only if nothing is known to be there.
          const pages = unmapped(scope, walk)
          if (pages === 0) return
          const before = skipped.get(call.op) ?? { proof: [], ranges: new RangeList(), pages: 0 }
          skipped.set(call.op, before)
          before.proof.push(walk.seq, e.seq)
          before.ranges.add(walk.start, walk.end)
          before.pages += pages
        },
        op_end(e) {
          const { call } = scope.fold
          const found = e.op === null ? undefined : skipped.get(e.op)
          if (e.op !== null) skipped.delete(e.op)
          if (found === undefined || call === null || e.ret !== 0) return
          if (changeOf(call.fn, call.args) === null) return
          const { ranges, pages, proof } = found
          scope.report({
            severity: 'warning',
            proof: [...proof, e.seq],
            start: ranges.start,
            end: ranges.end,
            message: `${call.fn} returned 0 though ${pagesSize(pages)} of ${ranges} have no table and were skipped`,
          })
        },
      },
      gap() {
        visits.clear()
        skipped.clear()
      },
    }
  },
}
