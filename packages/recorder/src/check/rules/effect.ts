import { BriefMap } from '../../tables/brief-map.ts'
import { ABSENT, EntryTable } from '../../tables/entry-table.ts'
import { unitKey } from '../../observers/rows/version-rows.ts'
import { PTE } from '@pagetrail/engine'
import type { EventOf } from '../../event/kinds.ts'
import type { Frame, Lane, OpenCall } from '../fold/lane.ts'
import {
  type AskedChange,
  changeOf,
  changeOn,
  isConditional,
  satisfies,
} from '../../observers/masks.ts'
import { hexPage, pagesSize } from '../../observers/page-numbers.ts'
import { isSuccess } from '../../observers/promises.ts'
import { RangeList } from '../../observers/range-list.ts'
import { type Rule, type Scope, unreturned } from '../rule.ts'

/** Longest range, in 4K pages, whose effect is looked at entry by entry: 16G. */
const MAX_PAGES_JUDGED = 2 ** 22

/** Which event emptied an entry, by its page: of what is unmapped there may be millions. */
class Emptied {
  readonly #pageShift: number
  #seqs: EntryTable

  constructor(pageShift: number) {
    this.#pageShift = pageShift
    this.#seqs = new EntryTable(pageShift)
  }

  since(page: number): number | undefined {
    const place = this.#seqs.find(unitKey(PTE, page))
    return place === ABSENT ? undefined : this.#seqs.lo(place)
  }

  set(page: number, seq: number): void {
    this.#seqs.set(unitKey(PTE, page), seq, 0)
  }

  delete(page: number): void {
    if (this.#seqs.size > 0) this.#seqs.forget(unitKey(PTE, page))
  }

  clear(): void {
    this.#seqs = new EntryTable(this.#pageShift)
  }
}

/** A call that returned 0, whose effect is judged now or, with others live, when all have returned. */
interface Promise {
  readonly call: OpenCall
  readonly change: AskedChange
  readonly start: number
  readonly end: number
  readonly seq: number
  readonly ret: number | null
}

/**
 * Pages of [start, end) that are known not to have what was asked for: leaves without it, and what was emptied since
 * the call began. A leaf that maps nothing has no permission that anyone could ask for.
 */
function unmet(
  { fold }: Scope,
  { start, end, change, call }: Promise,
  emptied: Emptied,
): RangeList {
  const missing = new RangeList()
  for (let page = start; page < end;) {
    const leaf = fold.tables.leafAt(page)
    if (leaf === undefined) {
      const empty = fold.tables.emptyAt(page)
      const since = empty === undefined ? undefined : emptied.since(empty.page)
      const next = Math.min(end, page + fold.sizes.page)
      if (since !== undefined && since >= call.seq) missing.add(page, next)
      page = next
      continue
    }
    const next = Math.min(end, leaf.page + leaf.pages)
    if (!satisfies(change, leaf.slot.lo, leaf.slot.hi)) missing.add(page, next)
    page = next
  }
  return missing
}

const isOn = (feature: number | null): boolean | null => (feature === null ? null : feature === 1)

function promiseOf(scope: Scope, call: OpenCall, seq: number, ret: number | null): Promise | null {
  const { fold } = scope
  const change = changeOn(call.fn, call.args, {
    presentInvalid: fold.kernel?.pageattr.presentInvalid ?? null,
    kpti: isOn(fold.feature('ng_mappings')),
    ipaBits: isOn(fold.feature('realm')) === true ? fold.feature('ipa_bits') : null,
  })
  if (change === null) return null
  if (isConditional(call.fn) && call.walks.isEmpty) return null
  // The page pointer of a real set_direct_map_*() is not an address: its walk has the range.
  const hasRange = call.end > call.start
  const start = hasRange ? call.start : call.walks.isEmpty ? 0 : call.walks.start
  const end = hasRange ? call.end : call.walks.isEmpty ? 0 : call.walks.end
  if (end <= start) return null
  if (end - start > MAX_PAGES_JUDGED) {
    scope.lacks(`time for a range of ${pagesSize(end - start)}`)
    return null
  }
  return { call, change, start, end, seq, ret }
}

/** Pages of one walk that no callback was called for although there is a table for them. */
interface Missed {
  readonly ranges: RangeList
  seq: number
}

/** Where the next PTE callback of a walk is due: page, and the table that it lies in (-1: none was come to). */
interface Due {
  readonly walk: Frame
  next: number
  table: number
  /** A callback took a block whole. */
  hasLeaf: boolean
}

/**
 * Walks whose callbacks are shown call one for every PTE of a table that they come to, whatever it holds. Pages
 * without one, in a table of which others had theirs, were passed over.
 */
class Visits {
  readonly #scope: Scope
  readonly #due = new BriefMap<Lane, Due>()
  readonly #missed = new BriefMap<number, Missed>()

  constructor(scope: Scope) {
    this.#scope = scope
  }

  begin(): void {
    const { lane } = this.#scope.fold
    const walk = lane.innermost('walk')
    if (walk !== undefined)
      this.#due.set(lane, { walk, next: walk.start, table: -1, hasLeaf: false })
  }

  enter({ level, seq }: EventOf<'cb_enter'>): void {
    const { lane, sizes } = this.#scope.fold
    const due = this.#due.get(lane)
    const { top } = lane
    if (due === undefined || top === undefined) return
    if (level !== 'pte') {
      due.next = Math.max(due.next, top.start)
      due.table = -1
      return
    }
    const table = sizes.base('pmd', top.start)
    const isSame = table === due.table || sizes.base('pmd', due.next) === table
    if (isSame && top.start > due.next) this.#add(due.next, top.start, seq)
    due.next = Math.max(due.next, top.end)
    due.table = table
  }

  exit({ action }: EventOf<'cb_exit'>): void {
    const due = this.#due.get(this.#scope.fold.lane)
    if (due !== undefined && action === 'continue') due.hasLeaf = true
  }

  end({ ret, seq }: EventOf<'walk_end'>): void {
    const { lane, sizes } = this.#scope.fold
    const due = this.#due.get(lane)
    this.#due.delete(lane)
    if (due === undefined || ret !== 0) return
    if (due.table < 0) {
      if (!due.hasLeaf && due.next < due.walk.end) this.#nothing(due.walk, seq)
      return
    }
    const end = Math.min(due.walk.end, due.table + sizes.of('pmd'))
    if (due.next < end) this.#add(due.next, end, seq)
  }

  /** A walk without any callback for a page: apply_to_page_range() makes the tables, the page walk skips holes. */
  #nothing(walk: Frame, seq: number): void {
    // Of the engine all tables are known: see skipped-hole. What a capture showed of a page may be of long ago.
    if (this.#scope.fold.run.source !== 'ftrace') return
    if (walk.fn === 'apply_to_page_range') this.#add(walk.start, walk.end, seq)
    else this.#scope.lacks(`whether there is a page table at ${hexPage(walk.start)}`)
  }

  missedBy(op: number): Missed | null {
    const missed = this.#missed.get(op) ?? null
    this.#missed.delete(op)
    return missed
  }

  clear(): void {
    this.#due.clear()
    this.#missed.clear()
  }

  #add(start: number, end: number, seq: number): void {
    const { call } = this.#scope.fold
    if (call === null) return
    const missed = this.#missed.get(call.op) ?? { ranges: new RangeList(), seq }
    missed.seq = seq
    missed.ranges.add(start, end)
    this.#missed.set(call.op, missed)
  }
}

/** The bits both ask for, in opposite senses. */
const contradict = (a: AskedChange, b: AskedChange): boolean =>
  ((a.setLo & b.clearLo) |
    (a.clearLo & b.setLo) |
    (a.setHi & b.clearHi) |
    (a.clearHi & b.setHi)) !==
  0

/** A later call answers for what it stores itself: nothing is asked any more of the one that had returned before it. */
function leaveToLater(waiting: Promise[], start: number, end: number, call: OpenCall): void {
  for (let i = waiting.length - 1; i >= 0; i--) {
    const kept = waiting[i]!
    if (call.seq > kept.seq && start < kept.end && kept.start < end) waiting.splice(i, 1)
  }
}

function reportUnmet(scope: Scope, kept: Promise, missing: RangeList, when: string): void {
  scope.report({
    severity: 'error',
    call: kept.call,
    proof: [kept.call.seq, kept.seq],
    start: missing.start,
    end: missing.end,
    message: `${kept.call.fn} returned ${kept.ret}, but ${when} ${missing} is not ${kept.change.asked}`,
  })
}

export const silentNoOp: Rule = {
  name: 'silent-no-op',
  hazard: 'H9',
  sentence:
    'A call that returns 0 has done what it was asked to every leaf of its range, and it stays done.',
  needs: ['calls', 'stores'],
  remedies: [
    '7.3: invalid entries are marked present-invalid (nG), callbacks and kernel_page_present() take them for leaves.',
    'Up to 6.18 a block whose VALID was cleared is not a leaf to the callback: it is skipped, with success.',
  ],
  start(scope) {
    const waiting: Promise[] = []
    const visits = new Visits(scope)
    /** Entries that were emptied, with the store that did it. */
    const emptied = new Emptied(scope.fold.sizes.shift)
    return {
      on: {
        desc_write(e) {
          const { write: s, call } = scope.fold
          if (waiting.length > 0 && call !== null)
            leaveToLater(waiting, s.page, s.page + s.pages, call)
          if (s.isNone && !s.wasNone) emptied.set(s.page, e.seq)
          else if (!s.isNone) emptied.delete(s.page)
        },
        walk_begin: () => visits.begin(),
        cb_enter: (e) => visits.enter(e),
        cb_exit: (e) => visits.exit(e),
        walk_end: (e) => visits.end(e),
        op_end(e) {
          const { call } = scope.fold
          if (call === null || !isSuccess(call.fn, e.ret)) return
          const kept = promiseOf(scope, call, e.seq, e.ret)
          if (kept === null) return
          if (call.isConcurrent) {
            waiting.push(kept)
            return
          }
          const missing = unmet(scope, kept, emptied)
          if (!missing.isEmpty) reportUnmet(scope, kept, missing, 'afterwards')
          const missed = visits.missedBy(call.op)
          if (missed !== null && missing.isEmpty) {
            const { fn } = call
            scope.report({
              severity: 'error',
              proof: [call.seq, missed.seq, e.seq],
              start: missed.ranges.start,
              end: missed.ranges.end,
              message: `${fn} returned ${e.ret}, but no callback was called for ${missed.ranges}`,
            })
          }
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
          const missing = unmet(scope, kept, emptied)
          if (!missing.isEmpty) reportUnmet(scope, kept, missing, 'when all calls had returned')
        }
        waiting.length = 0
      },
      end() {
        for (const call of scope.fold.unreturned) {
          if (changeOf(call.fn, call.args) !== null) scope.lacks(unreturned(call))
        }
      },
      gap() {
        waiting.length = 0
        emptied.clear()
        visits.clear()
      },
    }
  },
}
