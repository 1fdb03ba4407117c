import { CONT_HI } from './descriptor.ts'
import { changeOf } from './masks.ts'
import type { OpenCall } from './lane.ts'
import { hexPage, hexRange } from './page.ts'
import type { Rule } from './rule.ts'

/** Ranges that a live call owns: its own, and those of the permission walks it made (the linear aliases). */
interface Owned {
  readonly call: OpenCall
  readonly ranges: { readonly start: number; readonly end: number; readonly seq: number }[]
}

export const overlappingOwners: Rule = {
  name: 'overlapping-owners',
  hazard: 'H12',
  sentence:
    'While a call changes a range without a lock, nobody else changes entries of that range.',
  needs: ['callbacks'],
  remedies: [
    'The caller owns the range exclusively: the comment on the lockless walker demands it, nothing checks it.',
    'x86 serialises with cpa_lock; for arm64 it was held to be unnecessary.',
  ],
  start(scope) {
    const owners = new Map<number, Owned>()
    const claim = (owned: Owned, start: number, end: number, seq: number) => {
      for (const other of owners.values()) {
        if (other === owned) continue
        const clash = other.ranges.find((range) => range.start < end && start < range.end)
        if (clash === undefined) continue
        const from = Math.max(start, clash.start)
        const to = Math.min(end, clash.end)
        scope.report({
          severity: 'error',
          proof: [clash.seq, seq],
          start: from,
          end: to,
          message:
            `${owned.call.fn} on CPU ${owned.call.cpu} and ${other.call.fn} on CPU ${other.call.cpu} ` +
            `change ${hexRange(from, to)} at the same time`,
        })
        break
      }
      owned.ranges.push({ start, end, seq })
    }
    return {
      on: {
        op_begin(e) {
          const { call } = scope.fold
          if (call === null || changeOf(call.fn, call.args) === null) return
          const owned: Owned = { call, ranges: [] }
          owners.set(call.op, owned)
          if (call.end > call.start) claim(owned, call.start, call.end, e.seq)
        },
        walk_begin(e) {
          const owned = e.op === null ? undefined : owners.get(e.op)
          const walk = scope.fold.lane.top
          if (owned === undefined || walk === undefined || walk.end <= walk.start) return
          const { call } = owned
          if (walk.start >= call.start && walk.end <= call.end) return
          claim(owned, walk.start, walk.end, e.seq)
        },
        op_end(e) {
          if (e.op !== null) owners.delete(e.op)
        },
      },
      gap: () => owners.clear(),
    }
  },
}

export const strayStore: Rule = {
  name: 'stray-store',
  hazard: 'H12',
  sentence: 'A call changes the attributes of no entry that reaches outside its range.',
  needs: ['stores'],
  remedies: [
    'Test the size of a block against the range before the store, as the PUD and PMD callbacks do.',
  ],
  start(scope) {
    return {
      on: {
        desc_write(e) {
          const { store: s, call, lane } = scope.fold
          if (call === null || !s.isAttributeChange || changeOf(call.fn, call.args) === null) return
          const change = changeOf(call.fn, call.args)
          // Splitting only clears the contiguous bit, also of neighbours.
          if (
            change === null ||
            ((s.attrsLo & change.mayLo) | (s.attrsHi & change.mayHi & ~CONT_HI)) === 0
          )
            return
          const walk = lane.innermost('walk')
          const inWalk = walk !== undefined && s.page >= walk.start && s.end <= walk.end
          const inCall = s.page >= call.start && s.end <= call.end
          if (inWalk || inCall) return
          const [start, end] = walk === undefined ? [call.start, call.end] : [walk.start, walk.end]
          scope.report({
            severity: 'error',
            proof: [walk?.seq ?? call.seq, e.seq],
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
