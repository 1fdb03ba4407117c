import { isWritable, PXN_HI, VALID } from '../fold/descriptor.ts'
import { hex } from '../../event/field-codec.ts'
import { hexPage, pageOf } from '../fold/page.ts'
import type { Rule } from '../rule.ts'

export const tlbConflict: Rule = {
  name: 'tlb-conflict',
  hazard: 'H3',
  sentence: 'No CPU holds two translations of different size for one address.',
  needs: [],
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
            message: `CPU ${e.cpu}: a ${e.mode} of ${e.va === null ? '?' : hex(e.va)} hits two TLB entries`,
          })
        },
      },
    }
  },
}

export const staleAccess: Rule = {
  name: 'stale-access',
  hazard: 'H4',
  sentence: 'After a change and its flush no access is answered by what the entry was before.',
  needs: [],
  remedies: [
    'Flush before the change counts as done; until then the memory must not be given to others.',
  ],
  start(scope) {
    return {
      on: {
        access(e) {
          if (!e.stale || e.va === null || e.outcome === 'conflict') return
          const { ledger, live, tables } = scope.fold
          const page = pageOf(e.va)
          const leaf = tables.leafAt(page)
          const debt = leaf === undefined ? undefined : ledger.at(leaf.level, leaf.page)
          // Between the store and the flush of a call that is still running this is how it works.
          const isWindow = debt?.op !== undefined && debt.op !== null && live.has(debt.op)
          scope.report({
            severity: isWindow ? 'note' : 'error',
            proof: debt === undefined ? [e.seq] : [debt.seq, e.seq],
            start: page,
            message:
              `CPU ${e.cpu}: a ${e.mode} of ${hex(e.va)} was answered by an entry older than the tables` +
              (isWindow ? ', before the flush of the call that changed it' : ''),
          })
        },
      },
    }
  },
}

export const spuriousFault: Rule = {
  name: 'spurious-fault',
  hazard: 'H5',
  sentence: 'An access that the entry allows does not fault.',
  needs: [],
  remedies: [
    'Make the entry visible (dsb, isb) before its address is used; keep contiguous spans whole.',
  ],
  start(scope) {
    return {
      on: {
        access(e) {
          if (e.outcome !== 'fault' || e.va === null) return
          const leaf = scope.fold.tables.leafAt(pageOf(e.va))
          if (leaf === undefined || (leaf.slot.lo & VALID) === 0) return
          if (e.mode === 'write' && !isWritable(leaf.slot.lo, leaf.slot.hi)) return
          if (e.mode === 'exec' && (leaf.slot.hi & PXN_HI) !== 0) return
          scope.report({
            severity: 'error',
            proof: leaf.slot.seq >= 0 ? [leaf.slot.seq, e.seq] : [e.seq],
            start: leaf.page,
            message:
              `CPU ${e.cpu}: a ${e.mode} of ${hex(e.va)} faults although the ${leaf.level} at ` +
              `${hexPage(leaf.page)} allows it`,
          })
        },
      },
    }
  },
}
