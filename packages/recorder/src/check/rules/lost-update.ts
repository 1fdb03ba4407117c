import { bigintOf, hexOf } from '@pagetrail/engine'
import type { EventOf } from '../../event/kinds.ts'
import { changeOf, derives } from '../../observers/masks.ts'
import { type Broken, KeptPromises } from '../../observers/kept-promises.ts'
import { hexPage, pageOf } from '../../observers/page-numbers.ts'
import { undoesChange } from '../../observers/undone.ts'
import type { Write } from '../../observers/write.ts'
import { type EntryRead, EntryReads } from '../fold/entry-reads.ts'
import type { Rule, Scope } from '../rule.ts'

const REMEDIES = [
  'Serialise the split with a lock of its own: adopted, pgtable_split_lock in 6.18 and 7.3.',
  'Make the read-modify-write atomic in split and permission change: not adopted.',
  'Test the contiguous bit of every PTE and clear it atomically where set: lockless and sufficient, not adopted.',
  'Let the permission change retry while the contiguous bit is set: rejected, and not sufficient alone.',
]

/** The store's new value cannot come from the old one by what its call does: it came from an earlier value. */
function isForeign(scope: Scope): boolean {
  const { write: s, call } = scope.fold
  // Alone, a call that touches other bits than its name says is odd, but has overwritten nobody.
  if (call === null || !call.isConcurrent || !s.isKnown || !s.changes) return false
  if (s.wasNone || s.isNone || s.wasTable || s.isTable) return false
  if (s.oldFrame !== s.newFrame) return false
  const change = changeOf(call.fn, call.args)
  return change !== null && !derives(change, s.oldLo, s.oldHi, s.newLo, s.newHi)
}

function reportLost(scope: Scope, e: EventOf<'desc_write'>, readAt: number, why: string): void {
  const { write: s } = scope.fold
  const old = hexOf(bigintOf(s.oldLo, s.oldHi))
  const by = s.previous >= 0 ? `, which CPU ${s.previousCpu} stored at event ${s.previous}` : ''
  scope.report({
    severity: 'error',
    cpu: e.cpu,
    proof: [readAt, s.previous, e.seq].filter((seq) => seq >= 0),
    start: s.page,
    end: s.end,
    message:
      `CPU ${e.cpu} overwrites ${old} in the ${s.level} at ${hexPage(s.page)}${by}, with ` +
      `${hexOf(bigintOf(s.newLo, s.newHi))}: ${why}`,
  })
}

const undoes = (s: Write, read: EntryRead): boolean =>
  undoesChange(s.level, read, { lo: s.oldLo, hi: s.oldHi }, { lo: s.newLo, hi: s.newHi })

function reportBroken(scope: Scope, { kept, page, lo, hi }: Broken): void {
  scope.report({
    severity: 'error',
    cpu: kept.cpu,
    op: kept.op,
    proof: [kept.seq, scope.fold.tables.leafAt(page)?.slot.seq ?? -1].filter((seq) => seq >= 0),
    start: page,
    end: page + 1,
    message:
      `${kept.fn} on CPU ${kept.cpu} made the page at ${hexPage(page)} ${kept.change.asked}; once all calls have ` +
      `returned its entry is ${hexOf(bigintOf(lo, hi))}: that update is lost`,
  })
}

export const lostUpdate: Rule = {
  name: 'lost-update',
  hazard: 'H7',
  sentence:
    'No store undoes what another CPU has changed, and what calls made holds once all have returned.',
  needs: ['stores'],
  remedies: REMEDIES,
  start(scope) {
    const reads = new EntryReads()
    const kept = new KeptPromises()
    /** Pages of stores that were reported themselves. */
    const reported = new Set<number>()
    const leafAt = (page: number) => scope.fold.tables.leafAt(page)?.slot
    const judge = (): void => {
      for (const broken of kept.broken(leafAt)) {
        if (!reported.has(broken.page)) reportBroken(scope, broken)
      }
      kept.clear()
      if (reported.size > 0) reported.clear()
    }
    return {
      on: {
        op_begin() {
          const { call } = scope.fold
          if (call !== null) kept.begin(call, call.args)
        },
        op_end(e) {
          const { call } = scope.fold
          if (call === null) return
          // Alone, nobody else can have undone it.
          if (call.isConcurrent) kept.end(call.op, e.ret)
        },
        desc_read(e) {
          if (e.level !== null && e.va !== null && e.val !== null) {
            reads.add(e.cpu, e.level, pageOf(e.va), e.val, e.seq)
          }
        },
        cb_enter(e) {
          if (e.val === undefined || e.level === null || e.va === null) return
          reads.add(e.cpu, e.level, scope.fold.sizes.base(e.level, pageOf(e.va)), e.val, e.seq)
        },
        desc_write(e) {
          const { write: s } = scope.fold
          const read = reads.take(e.cpu, s.level, s.page)
          if (e.op !== null) kept.stored(e.op, s.page, s.newLo, s.newHi)
          if (read !== undefined && undoes(s, read)) {
            const was = hexOf(bigintOf(read.lo, read.hi))
            reported.add(s.page)
            reportLost(
              scope,
              e,
              read.seq,
              `derived from ${was}, which it had read before; that update is lost`,
            )
          } else if (read === undefined && isForeign(scope)) {
            reported.add(s.page)
            reportLost(
              scope,
              e,
              -1,
              `no change of ${scope.fold.call?.fn} makes this; an update in between is lost`,
            )
          }
        },
      },
      quiet() {
        reads.clear()
        judge()
      },
      end: judge,
      gap() {
        reads.clear()
        kept.clear()
      },
    }
  },
}

export const lostTable: Rule = {
  name: 'lost-table',
  hazard: 'H7',
  sentence: 'A table that is in use is not replaced by another.',
  needs: ['stores'],
  remedies: REMEDIES,
  start(scope) {
    return {
      on: {
        desc_write(e) {
          const { write: s } = scope.fold
          if (!s.wasTable || !s.isTable) return
          if (s.oldFrame === s.newFrame) return
          scope.report({
            severity: 'error',
            proof: s.previous >= 0 ? [s.previous, e.seq] : [e.seq],
            start: s.page,
            end: s.end,
            message:
              `the table of the ${s.level} at ${hexPage(s.page)} was replaced by another: what was changed in ` +
              'the first one is lost, and it leaks',
          })
        },
      },
    }
  },
}
