import { BriefMap } from '../../tables/brief-map.ts'
import { many } from '../../event/quantity.ts'
import type { LevelName } from '@pagetrail/engine'
import { CONT_HI, frameOf, isLeafLike, SOFTWARE_HI } from '../../observers/descriptor-words.ts'
import { roleWords } from '../../descriptor/bits.ts'
import { NetChanges } from '../fold/net-changes.ts'
import { hexPage, hexRange, pagesSize } from '../../observers/page-numbers.ts'
import type { Frame, Lane } from '../fold/lane.ts'
import type { Rule, Scope } from '../rule.ts'
import { CallTally } from '../fold/call-tally.ts'

const EINVAL = -22

/** The last callback of a walk, and the warning before it failed. */
interface Progress {
  level: LevelName | null
  start: number
  end: number
  enter: number
  exit: number
  ret: number
  warn: number
}

const fresh = (start: number): Progress => ({
  level: null,
  start,
  end: start,
  enter: -1,
  exit: -1,
  ret: 0,
  warn: -1,
})

/** The block that stopped a walk. */
interface Refusal {
  readonly level: LevelName
  readonly page: number
  /** The part that the range covers. */
  readonly start: number
  readonly end: number
}

function refusalOf({ fold }: Scope, walk: Frame, at: Progress): Refusal | null {
  if (at.level !== null && at.level !== 'pte' && at.ret === EINVAL) {
    const page = fold.sizes.base(at.level, at.start)
    const slot = fold.tables.slot(at.level, page)
    const whole = at.end - at.start === fold.sizes.of(at.level)
    if (slot === undefined || whole || !isLeafLike(at.level, slot.lo, slot.hi)) return null
    return { level: at.level, page, start: at.start, end: at.end }
  }
  if (at.ret !== 0 || at.end >= walk.end) return null
  const leaf = fold.tables.leafAt(at.end)
  if (leaf === undefined || leaf.level === 'pte') return null
  const end = Math.min(walk.end, leaf.page + leaf.pages)
  return { level: leaf.level, page: leaf.page, start: at.end, end }
}

export const partialBlock: Rule = {
  name: 'partial-block',
  hazard: 'H1',
  sentence: 'A range that is changed begins and ends where leaf mappings do.',
  needs: ['callbacks'],
  remedies: [
    'The caller guarantees the alignment, as the comment in pageattr.c demands.',
    'Split the leaf first, where the CPUs have BBML2 or BBML3 (6.18, 7.3).',
    'Up to 6.17 apply_to_page_range() refuses every block; memory whose permissions change is mapped by pages.',
  ],
  start(scope) {
    const walks = new Map<Lane, Progress[]>()
    const current = () => walks.get(scope.fold.lane)?.at(-1)
    return {
      on: {
        walk_begin() {
          const { lane } = scope.fold
          const open = walks.get(lane) ?? []
          walks.set(lane, open)
          open.push(fresh(lane.top?.start ?? 0))
        },
        cb_enter(e) {
          const at = current()
          const frame = scope.fold.lane.top
          if (at === undefined || frame === undefined) return
          at.level = e.level
          at.start = frame.start
          // A callback above PTE level says where its subtree begins, not that it is done.
          at.end = e.level === 'pte' ? frame.end : frame.start
          at.enter = e.seq
          at.warn = -1
        },
        warn(e) {
          const at = current()
          if (at !== undefined) at.warn = e.seq
        },
        cb_exit(e) {
          const at = current()
          if (at === undefined) return
          at.exit = e.seq
          at.ret = e.ret ?? 0
          const { top } = scope.fold.lane
          const isDone = at.ret !== 0 || e.action === 'continue'
          if (isDone && top?.kind === 'cb') at.end = top.end
        },
        walk_end(e) {
          const at = walks.get(scope.fold.lane)?.pop()
          const walk = scope.fold.lane.innermost('walk')
          if (e.ret !== EINVAL || at === undefined || walk === undefined) return
          const refused = refusalOf(scope, walk, at)
          if (refused === null) return
          const size = pagesSize(scope.fold.sizes.of(refused.level))
          const part = pagesSize(refused.end - refused.start)
          scope.report({
            severity: 'error',
            proof: [walk.seq, at.enter, at.warn, at.exit, e.seq].filter((seq) => seq >= 0),
            start: refused.start,
            end: refused.end,
            message:
              `${e.fn} over ${hexRange(walk.start, walk.end)} meets the ${size} ${refused.level} block at ` +
              `${hexPage(refused.page)}, covers ${part} of it and is refused with -EINVAL`,
          })
        },
      },
      gap: () => walks.clear(),
    }
  },
}

/** Bits of an entry that say what it maps and allows; its type says how large. */
const TYPE_BIT = 2

/** Whether the pieces of the block just replaced by their table map and allow what it did when the call began. */
function isSamePieces({ fold }: Scope, lo: number, hi: number): boolean {
  const { write: s, tables, sizes, geometry } = fold
  const level = s.level === 'pud' ? 'pmd' : 'pte'
  const frame = frameOf(geometry, lo, hi)
  const { lo: addressLo, hi: addressHi } = roleWords('address', geometry)
  for (let page = s.page; page < s.end; page += sizes.of(level)) {
    const piece = tables.slot(level, page)
    if (piece === undefined) return false
    if (frameOf(geometry, piece.lo, piece.hi) !== frame + page - s.page) return false
    if (((piece.lo ^ lo) & ~addressLo & ~TYPE_BIT) !== 0) return false
    if (((piece.hi ^ hi) & ~addressHi & ~CONT_HI & ~SOFTWARE_HI) !== 0) return false
  }
  return true
}

export const halfChanged: Rule = {
  name: 'half-changed',
  hazard: 'H1',
  sentence: 'A call that fails has changed nothing.',
  needs: ['calls', 'stores'],
  remedies: [
    'None in the kernel: what was changed before the error stays changed, and is flushed with the rest of the range.',
    'Check the whole range before the first store, or let the caller undo the call.',
  ],
  start(scope) {
    const changed = new CallTally()
    const net = new NetChanges()
    return {
      on: {
        desc_write(e) {
          const { write: s, lane, call } = scope.fold
          if (call === null || !s.changes) return
          const inCallback = lane.top?.kind === 'cb' && lane.top.level === s.level
          const lo = s.attrsLo
          const hi = s.attrsHi & ~CONT_HI
          const isPermission =
            (s.isAttributeChange && (lo | hi) !== 0) || (inCallback && s.wasNone && !s.isTable)
          if (isPermission) {
            changed.add('', call, e.cpu, e.seq, s.page, s.end)
            net.add(call.op, s.level, s.page, s.end, lo, hi)
          } else if (s.isTable && !s.wasTable && isLeafLike(s.level, s.oldLo, s.oldHi)) {
            // Off, flushed, on again as a table: the same, in pieces.
            const turned = net.of(call.op, s.level, s.page)
            const isTurned = (turned.lo | turned.hi) !== 0
            if (isTurned && isSamePieces(scope, s.oldLo ^ turned.lo, s.oldHi ^ turned.hi)) {
              net.add(call.op, s.level, s.page, s.end, turned.lo, turned.hi)
            }
          }
        },
        op_end(e) {
          const stores = changed.take(e.op)
          if (e.op === null) return
          if (e.ret === null || e.ret >= 0) return net.forget(e.op)
          const { ranges, entries } = net.take(e.op, scope.fold.sizes)
          if (entries === 0) return
          for (const { first, last } of stores) {
            scope.report({
              severity: 'error',
              proof: [first, last, e.seq],
              start: ranges.start,
              end: ranges.end,
              message: `${e.fn} returned ${e.ret}, but ${many(entries, 'entry stays', 'entries stay')} changed: ${ranges}`,
            })
          }
        },
      },
      gap: () => {
        changed.clear()
        net.clear()
      },
    }
  },
}

export const ignoredError: Rule = {
  name: 'ignored-error',
  hazard: 'H16',
  sentence: 'A call that succeeds has had no error on the way.',
  needs: ['calls', 'walks'],
  remedies: [
    '6.18 and 7.3 return the error of the linear alias at once; up to 6.17 it was dropped.',
  ],
  start(scope) {
    const failed = new BriefMap<number, { seq: number; ret: number; walk: Frame }>()
    return {
      on: {
        walk_end(e) {
          const walk = scope.fold.lane.innermost('walk')
          if (e.op === null || e.ret === null || e.ret >= 0 || walk === undefined) return
          if (!failed.has(e.op)) failed.set(e.op, { seq: e.seq, ret: e.ret, walk })
        },
        op_end(e) {
          const bad = e.op === null ? undefined : failed.get(e.op)
          if (e.op === null || bad === undefined) return
          failed.delete(e.op)
          if (e.ret !== 0) return
          scope.report({
            severity: 'error',
            proof: [bad.walk.seq, bad.seq, e.seq],
            start: bad.walk.start,
            end: bad.walk.end,
            message:
              `${e.fn} returned 0 although ${bad.walk.fn} over ${hexRange(bad.walk.start, bad.walk.end)} ` +
              `failed with ${bad.ret}`,
          })
        },
      },
      gap: () => failed.clear(),
    }
  },
}

export const warned: Rule = {
  name: 'warned',
  hazard: 'H1',
  sentence: 'No WARN site of the kernel is reached: each stands for a broken precondition.',
  needs: ['warnings'],
  remedies: [
    'Kept on purpose: reaching it is a programming error, which -EINVAL alone would not show.',
  ],
  start(scope) {
    return {
      on: {
        warn(e) {
          if (e.fired === false) return
          scope.report({
            severity: 'warning',
            proof: [e.seq],
            message: `WARN${e.once ? '_ON_ONCE' : '_ON'} in ${e.fn}`,
          })
        },
      },
    }
  },
}
