import { hexOf } from '@pagetrail/engine'

import type { EventOf } from '../../event/kinds.ts'
import { highWord, lowWord, take } from '../../event/words.ts'
import { isWritable, PXN_HI } from '../../observers/descriptor-words.ts'
import { isGraver } from '../../observers/harm.ts'
import { endPageOf, hexPage, pageOf } from '../../observers/page-numbers.ts'
import { RowList } from '../../tables/row-list.ts'
import { type HeldEntry, TlbFold } from '../../observers/tlb-fold.ts'
import { isHeld, isSameToAll, type Relation } from '../../observers/translation.ts'
import type { Rule, Scope } from '../rule.ts'

export const tlbConflict: Rule = {
  name: 'tlb-conflict',
  hazard: 'H3',
  sentence: 'No CPU holds two translations of different size for one address.',
  needs: ['accesses'],
  remedies: [
    'Break before make, or BBML2/BBML3: one of the cached translations is used, without an abort.',
  ],
  start(scope) {
    return {
      on: {
        access(e) {
          if (e.outcome !== 'conflict') return
          scope.report({
            severity: 'error',
            proof: [e.seq],
            ...(e.va === null ? {} : { start: pageOf(e.va) }),
            message: `CPU ${e.cpu}: a ${e.mode} of ${e.va === null ? '?' : hexOf(e.va)} hits two TLB entries`,
          })
        },
      },
    }
  },
}

/** Older versions of what translates an address that are not gone, gravest first. */
function heldVersions({ fold }: Scope, va: bigint): { row: number; relation: Relation }[] {
  const { versions, harms } = fold.observers
  const { rows } = versions
  const page = pageOf(va)
  return [...rows.inRange(page, page + 1, new RowList())]
    .filter((row) => !rows.isTable(row))
    .map((row) => ({ row, relation: harms.gravest(row, page, page + 1) }))
    .toSorted((a, b) => (isGraver(a.relation, b.relation) ? -1 : 1))
}

/** The value is that of an entry of today: of another member of a contiguous span that is torn. */
function isOfToday({ fold }: Scope, { level, va, end, desc }: HeldEntry): boolean {
  const own = level === 'contpte' ? 'pte' : level === 'contpmd' ? 'pmd' : level
  if (own === null) return false
  take(desc)
  const lo = lowWord()
  const hi = highWord()
  const size = fold.sizes.of(own)
  for (let page = pageOf(va); page < endPageOf(end); page += size) {
    const slot = fold.tables.slot(own, page)
    if (slot !== undefined && isSameToAll(slot.lo, slot.hi, lo, hi)) return true
  }
  return false
}

const HARM: Readonly<Record<Relation, string>> = {
  'wrong-place': 'which leads where the tables do not lead',
  'too-much': 'which allows what the tables forbid',
  'too-little': 'which refuses what the tables allow',
  'other-size': 'of another size',
  equal: 'which translates alike',
  unknown: 'which cannot be compared with the tables',
}

export const staleAccess: Rule = {
  name: 'stale-access',
  hazard: 'H4',
  sentence: 'No access is answered by a version of an entry that is gone.',
  needs: ['accesses'],
  remedies: [
    'Flush before the change counts as done; until then the memory must not be given to others.',
  ],
  start(scope) {
    const tlb = new TlbFold(scope.fold.run.geometry?.pageShift ?? 12)
    const report = (e: EventOf<'access'>, va: bigint, store: number, relation: Relation) => {
      // The fault of an EL1 access that the tables allow: the kernel does not try again.
      const isError = relation === 'too-little' && e.outcome === 'fault'
      scope.report({
        severity: isError ? 'error' : 'note',
        proof: store < 0 ? [e.seq] : [store, e.seq],
        start: pageOf(va),
        message:
          `CPU ${e.cpu}: a ${e.mode} of ${hexOf(va)} was answered by an older version of the entry, ` +
          `${HARM[relation]}; no flush has ended it yet`,
      })
    }
    return {
      on: {
        tlb_fill: (e) => tlb.apply(e),
        tlb_evict: (e) => tlb.apply(e),
        tlbi: (e) => tlb.apply(e),
        dsb: (e) => tlb.apply(e),
        access(e) {
          if (!e.stale || e.va === null || e.outcome === 'conflict') return
          const [version] = heldVersions(scope, e.va)
          if (version !== undefined) {
            report(e, e.va, scope.fold.observers.versions.rows.seq(version.row), version.relation)
            return
          }
          if (tlb.heldAt(e.cpu, e.va).some((entry) => isOfToday(scope, entry))) {
            scope.report({
              severity: 'note',
              proof: [e.seq],
              start: pageOf(e.va),
              message:
                `CPU ${e.cpu}: a ${e.mode} of ${hexOf(e.va)} was answered by another member of its ` +
                'contiguous span, which says otherwise',
            })
            return
          }
          scope.report({
            severity: 'error',
            proof: [e.seq],
            start: pageOf(e.va),
            message: `CPU ${e.cpu}: a ${e.mode} of ${hexOf(e.va)} was answered by a version that is gone`,
          })
        },
      },
    }
  },
}

/** What was stored last is not usable on every CPU yet: its barrier may still come in time. */
function isUnderWay({ fold }: Scope, seq: number, op: number | null): boolean {
  for (const line of fold.observers.lines()) {
    for (const made of line.pending()) if (made.first <= seq && made.last >= seq) return true
  }
  return op !== null && fold.live.has(op) && fold.live.get(op)!.seq < seq
}

export const spuriousFault: Rule = {
  name: 'spurious-fault',
  hazard: 'H5',
  sentence: 'An access that the entry allows does not fault.',
  needs: ['accesses'],
  remedies: [
    'Make the entry visible (dsb, isb) before its address is used; keep contiguous spans whole.',
  ],
  start(scope) {
    return {
      on: {
        access(e) {
          // What an older version refuses is a stale access.
          if (e.outcome !== 'fault' || e.stale || e.va === null) return
          const leaf = scope.fold.tables.leafAt(pageOf(e.va))
          if (leaf === undefined || !isHeld(leaf.level, leaf.slot.lo)) return
          if (e.mode === 'write' && !isWritable(leaf.slot.lo, leaf.slot.hi)) return
          if (e.mode === 'exec' && (leaf.slot.hi & PXN_HI) !== 0) return
          scope.report({
            severity: isUnderWay(scope, leaf.slot.seq, e.op) ? 'note' : 'error',
            proof: leaf.slot.seq >= 0 ? [leaf.slot.seq, e.seq] : [e.seq],
            start: leaf.page,
            message:
              `CPU ${e.cpu}: a ${e.mode} of ${hexOf(e.va)} faults although the ${leaf.level} at ` +
              `${hexPage(leaf.page)} allows it`,
          })
        },
      },
    }
  },
}
