import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { isTable } from '../../descriptor/bits.ts'
import { frameOf } from '../../observers/descriptor.ts'
import { hexPage, pageOf } from '../../observers/pages.ts'
import type { Rule, Scope } from '../rule.ts'

/** A table that no entry points to any more. */
interface Unlinked {
  readonly seq: number
  readonly level: LevelName
  readonly page: number
}

const ABOVE: Readonly<Partial<Record<LevelName, LevelName>>> = {
  pte: 'pmd',
  pmd: 'pud',
  pud: 'p4d',
  p4d: 'pgd',
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

/** The row of a version that still leads to a table; -1: none. */
function heldRow({ fold }: Scope, table: number): number {
  const { rows } = fold.observers.versions
  for (let row = 0; row < rows.high; row++) {
    if (!rows.isLive(row) || rows.isTable[row] === 0) continue
    if (frameOf(fold.geometry, rows.lo(row), rows.hi(row)) === table) return row
  }
  return -1
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
    const report = (proof: number[], level: LevelName, page: number, what: string): void => {
      const end = page + scope.fold.sizes.of(level)
      const message = `the table of the ${level} at ${hexPage(page)} was freed ${what}`
      scope.report({ severity: 'error', proof, start: page, end, message })
    }
    return {
      on: {
        desc_write(e) {
          const { write: s } = scope.fold
          if (!s.wasTable || !s.changes || s.leadsToSameTable) return
          const table = s.oldFrame
          unlinked.set(table, { seq: e.seq, level: s.level, page: s.page })
        },
        table_free(e) {
          if (e.pa === null || e.va === null || e.level === null) return
          const { sizes, tables, observers } = scope.fold
          const table = pageOf(e.pa)
          const from = unlinked.get(table)
          unlinked.delete(table)
          const above = ABOVE[e.level]
          if (above !== undefined) {
            const page = sizes.base(above, pageOf(e.va))
            const slot = tables.slot(above, page)
            const isLinked =
              slot !== undefined &&
              isTable(above, slot.lo) &&
              frameOf(scope.fold.geometry, slot.lo, slot.hi) === table
            if (isLinked) {
              const proof = slot.seq >= 0 ? [slot.seq, e.seq] : [e.seq]
              report(proof, above, page, 'while the entry still points to it')
              return
            }
          }
          const row = heldRow(scope, table)
          if (row >= 0) {
            const { rows } = observers.versions
            const level = LEVEL_NAMES[rows.level[row]!]!
            report(
              [rows.seq[row]!, e.seq],
              level,
              rows.base[row]!,
              'before the walk cache was flushed for it: __flush_tlb_kernel_pgtable() is owed, ' +
                'a last-level TLBI does not do',
            )
          }
          // Never linked: the loser of a race to populate frees its own page.
          if (from === undefined) return
          const reader = walkerIn(scope, from.page, from.page + sizes.of(from.level))
          if (reader === null) return
          const { walk, lane } = reader
          report(
            [walk.seq, from.seq, e.seq],
            from.level,
            from.page,
            `while ${walk.fn} on CPU ${lane.cpu} walks there`,
          )
        },
      },
      gap: () => unlinked.clear(),
    }
  },
}
