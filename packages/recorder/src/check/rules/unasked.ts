import { bigintOf, hexOf } from '@pagetrail/engine'
import {
  AF,
  CONT_HI,
  GP_HI,
  NG,
  PXN_HI,
  SOFTWARE_HI,
  USER,
  UXN_HI,
} from '../../observers/descriptor-words.ts'
import { type AskedChange, changeOf, masked, maskedChange } from '../../observers/masks.ts'
import { hexPage, hexRange, PAGE_LIMIT, pageOf } from '../../observers/page-numbers.ts'
import { RowList } from '../../tables/row-list.ts'
import type { Write } from '../../observers/write.ts'
import { isOthersWork, rangeMissed } from '../fold/asked-range.ts'
import { EntryReads } from '../fold/entry-reads.ts'
import type { Frame } from '../fold/lane.ts'
import type { Rule, Scope } from '../rule.ts'

/** The last gigabyte: a store to the top table goes by way of a fixmap entry there. */
const FIXMAP = PAGE_LIMIT - 2 ** 18

/** Whether the output addresses differ in one bit: the NS bit of a Realm's memory. */
function isOneBit(a: number, b: number): boolean {
  const [low, high] = a < b ? [a, b] : [b, a]
  return Number.isInteger(Math.log2(high - low))
}

/** Bits of a change that the call's masks have no part in, by what they mean. */
function beyond(s: Write, change: AskedChange, mayGp: boolean): string[] {
  const found: string[] = []
  const lo = s.attrsLo
  const hi = s.attrsHi | ((s.oldHi ^ s.newHi) & SOFTWARE_HI)
  const frame = s.oldFrame
  const now = s.newFrame
  if (frame !== now && !(change.movesOneBit && isOneBit(frame, now)))
    found.push('the output address')
  const mayHi = mayGp ? change.mayHi : change.mayHi & ~(GP_HI & ~(change.setHi | change.clearHi))
  const strayLo = lo & ~change.mayLo
  const strayHi = hi & ~mayHi
  if ((strayLo & USER) !== 0) found.push('EL0 access')
  if ((strayLo & AF) !== 0) found.push('the access flag')
  if ((strayHi & PXN_HI) !== 0) found.push('execution at EL1')
  if ((strayHi & UXN_HI) !== 0) found.push('execution at EL0')
  const restLo = strayLo & ~(USER | AF)
  const restHi = strayHi & ~(PXN_HI | UXN_HI)
  if ((restLo | restHi) !== 0) found.push(`bits ${hexOf(bigintOf(restLo >>> 0, restHi >>> 0))}`)
  // Right bits, turned the wrong way; nG of an entry that is not valid is how 7.3 marks it.
  const wrongLo = (lo & change.setLo & ~s.newLo) | (lo & change.clearLo & s.newLo)
  const wrongHi = (hi & change.setHi & ~s.newHi) | (hi & (change.clearHi | CONT_HI) & s.newHi)
  // Break and make are two steps of one call.
  const isBothWays = change.movesOneBit === true
  if (!isBothWays && ((wrongLo & ~NG) | wrongHi) !== 0)
    found.push('the opposite of what it was asked for')
  return found
}

/** The store wrote what no read-modify-write of the call makes; null: it is right, or not to be judged. */
function unasked({ fold }: Scope, change: AskedChange): string | null {
  const { write: s, call, lane } = fold
  if (!s.changes || s.page >= FIXMAP || s.wasNone) return null
  if (s.isNone) {
    const isKept = lane.innermost('walk') === undefined && s.level !== 'pte'
    return isKept ? null : 'the mapping is gone'
  }
  if (s.wasTable) return s.leadsToSameTable ? null : 'the table below is gone'
  // A split; what its table holds is compared with the block.
  if (s.isTable) return null
  // Another CPU stored in between: see lost-update.
  if (call?.isConcurrent === true && !s.isKnown) return null
  const stray = beyond(s, change, fold.feature('bti_kernel') !== 0)
  if (stray.length > 0) return `it changed ${stray.join(', ')}`
  // Splitting clears the contiguous bit of neighbours too.
  const missed = (s.attrsLo | (s.attrsHi & ~CONT_HI)) === 0 ? null : rangeMissed(fold)
  return missed === null ? null : `it reaches out of ${hexRange(missed.start, missed.end)}`
}

/** What the pieces of the block just split say otherwise than the block did. */
function splitDiffers({ fold }: Scope): string | null {
  const { write: s, observers } = fold
  const { rows } = observers.versions
  for (const row of rows.inRange(s.page, s.end, new RowList())) {
    if (rows.seq(row) !== s.seq || rows.isTable(row)) continue
    const relation = observers.harms.gravest(row, s.page, s.end)
    if (relation === 'wrong-place') return 'the pieces of the block do not map what it mapped'
    if (relation === 'too-much' || relation === 'too-little') {
      return 'the pieces of the block have other permissions than it had'
    }
  }
  return null
}

export const unaskedChange: Rule = {
  name: 'unasked-change',
  hazard: 'H9',
  sentence:
    'A call changes the bits that it is for, of the page that was mapped, and nothing else.',
  needs: ['calls', 'stores'],
  remedies: [
    'new = (old & ~clear) | set, from the value that was read: __change_memory_common() and its callbacks.',
    'apply_to_page_range() clears an entry it takes for bad and puts an empty table there: it must not meet one.',
  ],
  start(scope) {
    const reads = new EntryReads()
    /** Masks of callbacks, where they are shown: an interrupt may have one run inside another. */
    const given = new WeakMap<Frame, AskedChange>()
    const changeAt = ({ fold }: Scope): AskedChange | null => {
      const { lane, call } = fold
      const masks = lane.top === undefined ? undefined : given.get(lane.top)
      if (masks !== undefined) return masks
      if (call === null) return null
      // Another function of the API below the call: its arguments are not those of the call.
      if (isOthersWork(lane)) return null
      return changeOf(call.fn, call.args) ?? maskedChange(call.args)
    }
    return {
      on: {
        desc_read(e) {
          if (e.level === null || e.va === null || e.val === null) return
          reads.add(e.cpu, e.level, pageOf(e.va), e.val, e.seq)
        },
        cb_enter(e) {
          const { top } = scope.fold.lane
          if (e.set !== undefined && e.clear !== undefined && top !== undefined) {
            given.set(top, masked(e.set, e.clear))
          }
          if (e.level === null || e.va === null || e.val === undefined) return
          const { sizes } = scope.fold
          reads.add(e.cpu, e.level, sizes.base(e.level, pageOf(e.va)), e.val, e.seq)
        },
        desc_write(e) {
          const { write: s, call } = scope.fold
          if (call === null) return
          const change = changeAt(scope)
          if (change === null) return
          const read = reads.take(e.cpu, s.level, s.page)
          // Derived from another value than memory held: that is a lost update.
          if (read !== undefined && (read.lo !== s.oldLo || read.hi !== s.oldHi)) return
          if (read === undefined && call.isConcurrent) return
          const why = s.isTable && !s.wasTable ? splitDiffers(scope) : unasked(scope, change)
          if (why === null) return
          scope.report({
            severity: 'error',
            proof: [call.seq, e.seq],
            start: s.page,
            end: s.end,
            message: `${call.fn} changed the ${s.level} at ${hexPage(s.page)} in what nobody asked for: ${why}`,
          })
        },
      },
      quiet: () => reads.clear(),
      gap: () => reads.clear(),
    }
  },
}

export const unseenStore: Rule = {
  name: 'unseen-store',
  hazard: 'H7',
  sentence: 'A store replaces what the run says that the entry holds.',
  needs: ['stores'],
  remedies: [
    'Report every store, those of splits and of table set-up too, or say in `shows` that stores are not all shown.',
  ],
  start(scope) {
    const report = (seq: number, previous: number, start: number, end: number, what: string) =>
      scope.report({
        severity: 'error',
        proof: previous >= 0 ? [previous, seq] : [seq],
        start,
        end,
        message: `${what}, which no event has put there: the log contradicts itself`,
      })
    /** What a callback or a split found is not what the entry was known to hold. */
    const found = ({ seq, fn }: { readonly seq: number; readonly fn?: string | null }) => {
      const { observers, sizes } = scope.fold
      const { contradicted: known, evidence, entries } = observers
      if (known === null || !evidence.allStores) return
      const { level, page } = known
      const now = entries.slot(level, page)
      if (now === undefined) return
      const what =
        `${fn ?? 'the split'} finds ${hexOf(bigintOf(now.lo, now.hi))} in the ${level} at ` +
        hexPage(page)
      report(seq, known.seq, page, page + sizes.of(level), what)
    }
    return {
      on: {
        cb_enter: found,
        split: (e) => found({ seq: e.seq }),
        desc_write(e) {
          const { write: s, observers } = scope.fold
          if (!s.isContradicted || !observers.evidence.allStores) return
          const what =
            `the store to the ${s.level} at ${hexPage(s.page)} says that the entry held ` +
            hexOf(bigintOf(s.oldLo, s.oldHi))
          report(e.seq, s.previous, s.page, s.end, what)
        },
      },
      end() {
        if (!scope.fold.observers.evidence.allStores)
          scope.lacks('all stores, not only those of callbacks')
      },
    }
  },
}
