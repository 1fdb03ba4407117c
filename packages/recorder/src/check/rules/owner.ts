import { BriefMap } from '../../tables/brief-map.ts'
import { CONT_HI } from '../../observers/descriptor-words.ts'
import { changeOf } from '../../observers/masks.ts'
import { type AskedRange, rangeMissed } from '../fold/asked-range.ts'
import type { OpenCall } from '../fold/lane.ts'
import { hexPage, hexRange } from '../../observers/page-numbers.ts'
import { type Report, type Rule, type Scope, unreturned } from '../rule.ts'

/** What a live call owns: its own range, and those of the permission walks it made (the linear aliases). */
interface Owner {
  readonly call: OpenCall
  readonly ranges: AskedRange[]
  /** It has read or stored something: until then it may as well not have begun. */
  isActive: boolean
}

/** The first range of another active owner that a range of this one overlaps. */
function clashOf(owner: Owner, { start, end }: AskedRange, owners: Iterable<Owner>) {
  for (const other of owners) {
    if (other === owner || !other.isActive) continue
    const range = other.ranges.find((range) => range.start < end && start < range.end)
    if (range !== undefined) return { other, range }
  }
  return null
}

/** Overlaps of calls that are still open: one whose return was missed may long be over. */
class Waiting {
  readonly #scope: Scope
  readonly #open: { readonly ops: Set<number>; readonly finding: Report }[] = []

  constructor(scope: Scope) {
    this.#scope = scope
  }

  add(op: number, other: number, finding: Report): void {
    this.#open.push({ ops: new Set([op, other]), finding })
  }

  /** The call is over: what only it was waited for is reported. */
  settle(op: number | null): void {
    if (op === null) return
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const { ops, finding } = this.#open[i]!
      if (!ops.delete(op) || ops.size > 0) continue
      this.#open.splice(i, 1)
      this.#scope.report(finding)
    }
  }

  waitsFor(op: number): boolean {
    return this.#open.some(({ ops }) => ops.has(op))
  }

  clear(): void {
    this.#open.length = 0
  }
}

export const overlappingOwners: Rule = {
  name: 'overlapping-owners',
  hazard: 'H12',
  sentence:
    'While a call changes a range without a lock, nobody else changes entries of that range.',
  needs: ['calls', 'stores'],
  remedies: [
    'The caller owns the range exclusively: the comment on the lockless walker demands it, nothing checks it.',
    'x86 serialises with cpa_lock; for arm64 it was held to be unnecessary.',
  ],
  start(scope) {
    const owners = new BriefMap<number, Owner>()
    const waiting = new Waiting(scope)
    const claim = (owner: Owner, range: AskedRange) => {
      const clash = clashOf(owner, range, owners.values())
      if (clash === null) return
      const { call } = clash.other
      const start = Math.max(range.start, clash.range.start)
      const end = Math.min(range.end, clash.range.end)
      const finding: Report = {
        severity: 'error',
        call: owner.call,
        proof: [clash.range.seq, range.seq],
        start,
        end,
        message:
          `${owner.call.fn} on CPU ${owner.call.cpu} and ${call.fn} on CPU ${call.cpu} ` +
          `change ${hexRange(start, end)} at the same time`,
      }
      waiting.add(owner.call.op, call.op, finding)
    }
    const act = (op: number | null) => {
      const owner = op === null ? undefined : owners.get(op)
      if (owner === undefined || owner.isActive) return
      owner.isActive = true
      for (const range of owner.ranges) claim(owner, range)
    }
    return {
      on: {
        op_begin(e) {
          const { call } = scope.fold
          if (call === null || changeOf(call.fn, call.args) === null) return
          const { start, end } = call
          const ranges = end > start ? [{ start, end, seq: e.seq }] : []
          owners.set(call.op, { call, ranges, isActive: false })
        },
        walk_begin(e) {
          const owner = e.op === null ? undefined : owners.get(e.op)
          const walk = scope.fold.lane.top
          if (owner === undefined || walk === undefined || walk.end <= walk.start) return
          const { call } = owner
          if (walk.start >= call.start && walk.end <= call.end) return
          const range = { start: walk.start, end: walk.end, seq: e.seq }
          owner.ranges.push(range)
          if (owner.isActive) claim(owner, range)
        },
        desc_read: (e) => act(e.op),
        desc_write: (e) => act(e.op),
        lock: (e) => act(e.op),
        livelock: (e) => waiting.settle(e.op),
        wild_deref: (e) => waiting.settle(e.op),
        bug: (e) => waiting.settle(e.op),
        too_many_events: (e) => waiting.settle(e.op),
        op_end(e) {
          if (e.op === null) return
          owners.delete(e.op)
          waiting.settle(e.op)
        },
      },
      gap() {
        owners.clear()
        waiting.clear()
      },
      end() {
        for (const call of scope.fold.unreturned) {
          if (waiting.waitsFor(call.op)) scope.lacks(unreturned(call))
        }
      },
    }
  },
}

export const strayStore: Rule = {
  name: 'stray-store',
  hazard: 'H12',
  sentence: 'A call changes the attributes of no entry that reaches outside its range.',
  needs: ['calls', 'stores'],
  remedies: [
    'Test the size of a block against the range before the store, as the PUD and PMD callbacks do.',
  ],
  start(scope) {
    return {
      on: {
        desc_write(e) {
          const { write: s, call } = scope.fold
          if (call === null || !s.isAttributeChange) return
          // Splitting only clears the contiguous bit, also of neighbours.
          if ((s.attrsLo | (s.attrsHi & ~CONT_HI)) === 0) return
          const missed = rangeMissed(scope.fold)
          if (missed === null) return
          const { start, end, seq } = missed
          // An entry that lies beside the range, whole, is for unasked-change.
          if (s.page >= end || start >= s.end) return
          scope.report({
            severity: 'error',
            proof: [seq, e.seq],
            start: s.page,
            end: s.end,
            message:
              `${call.fn} changed the ${s.level} at ${hexPage(s.page)}, which translates ` +
              `${hexRange(s.page, s.end)}, for the range ${hexRange(start, end)}`,
          })
        },
      },
    }
  },
}
