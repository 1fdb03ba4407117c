import { hexPage, pageOf } from '../fold/page.ts'
import type { Rule, Scope } from '../rule.ts'

/** A table that no entry points to any more. */
interface Unlinked {
  readonly seq: number
  readonly level: string
  readonly page: number
}

/** A walk of another CPU that is inside [start, end) now. */
function walkerIn({ fold }: Scope, start: number, end: number) {
  for (const lane of fold.lanes.values()) {
    if (lane === fold.lane) continue
    const walk = lane.frames.find((f) => f.kind === 'walk' && f.start < end && start < f.end)
    if (walk !== undefined) return { walk, lane }
  }
  return null
}

export const freedInUse: Rule = {
  name: 'table-freed-in-use',
  hazard: 'H15',
  sentence:
    'A table is freed after its entry was cleared, the walk cache flushed, and all walkers were waited for.',
  needs: ['frees', 'stores'],
  remedies: [
    '6.18: while ptdump runs, the freer takes and drops init_mm.mmap_lock for reading before it frees (static key).',
    '6.12.107 and 7.3: mmap_read_trylock(init_mm) around free and set; without it no huge mapping is made.',
    '6.17 has neither in the code read: ptdump takes the lock, the freer does not.',
  ],
  start(scope) {
    const unlinked = new Map<number, Unlinked>()
    return {
      on: {
        desc_write(e) {
          const { write: s } = scope.fold
          if (!s.wasTable || !s.changes) return
          const table = s.oldFrame
          if (s.isTable && s.newFrame === table) return
          unlinked.set(table, { seq: e.seq, level: s.level, page: s.page })
        },
        table_free(e) {
          if (e.pa === null || e.va === null) return
          const table = pageOf(e.pa)
          const from = unlinked.get(table)
          // Never linked: the loser of a race to populate frees its own page.
          if (from === undefined) return
          unlinked.delete(table)
          const { ledger, sizes } = scope.fold
          const parent = from.level === 'pud' ? 'pud' : from.level === 'p4d' ? 'p4d' : 'pmd'
          const end = from.page + sizes.of(parent)
          const debt = ledger.at(parent, from.page)
          if (debt !== undefined && debt.kind === 'table') {
            scope.report({
              severity: 'error',
              proof: [from.seq, e.seq],
              start: from.page,
              end,
              message:
                `the table of the ${from.level} at ${hexPage(from.page)} was freed before the walk cache was ` +
                'flushed for it: __flush_tlb_kernel_pgtable() is owed, a last-level TLBI does not do',
            })
          }
          const reader = walkerIn(scope, from.page, end)
          if (reader === null) return
          scope.report({
            severity: 'error',
            proof: [reader.walk.seq, from.seq, e.seq],
            start: from.page,
            end,
            message:
              `the table of the ${from.level} at ${hexPage(from.page)} was freed while ${reader.walk.fn} on CPU ` +
              `${reader.lane.cpu} walks there`,
          })
        },
      },
      gap: () => unlinked.clear(),
    }
  },
}
