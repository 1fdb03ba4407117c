import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { leadsToTable } from '../../descriptor/bits.ts'
import { frameOf } from '../../observers/descriptor-words.ts'
import { hexPage, pageOf } from '../../observers/page-numbers.ts'
import type { EventOf } from '../../event/kinds.ts'
import type { Rule, Scope } from '../rule.ts'

/** A table that no entry points to any more. */
interface Unlinked {
  readonly seq: number
  readonly level: LevelName
  readonly page: number
}

/** A table that is gone, in a run that shows every read. */
interface Freed extends Unlinked {
  readonly freedAt: number
  /** Level of its entries. */
  readonly entries: LevelName
  readonly end: number
}

/** Tables that are gone, and whether anybody reads them still. */
class FreedTables {
  /** Interleaved runs show what is read when; of others a walk that was going on is a suspicion. */
  showsReads = false
  readonly #freed: Freed[] = []

  add(freed: Freed): void {
    this.#freed.push(freed)
  }

  /** Another table is at its place now. */
  forget(level: LevelName, page: number): void {
    const at = this.#freed.findIndex((each) => each.level === level && each.page === page)
    if (at !== -1) this.#freed.splice(at, 1)
  }

  /** The freed table that this reads an entry of. */
  readBy(e: EventOf<'desc_read'>): Freed | undefined {
    this.showsReads = true
    if (this.#freed.length === 0 || e.va === null) return undefined
    const page = pageOf(e.va)
    return this.#freed.find((f) => f.entries === e.level && page >= f.page && page < f.end)
  }

  clear(): void {
    this.#freed.length = 0
  }
}

/** The entry that still points to a table that is freed. */
function linkOf({ fold }: Scope, e: EventOf<'table_free'>, table: number) {
  const above = e.level === null ? undefined : ABOVE[e.level]
  if (above === undefined || e.va === null) return null
  const page = fold.sizes.base(above, pageOf(e.va))
  const slot = fold.tables.slot(above, page)
  if (slot === undefined || !leadsToTable(above, slot.lo)) return null
  return frameOf(fold.geometry, slot.lo, slot.hi) === table ? { above, page, slot } : null
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
    if (!rows.isLive(row) || !rows.isTable(row)) continue
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
    const freed = new FreedTables()
    const suspected: (() => void)[] = []
    const report = (proof: number[], level: LevelName, page: number, what: string): void => {
      const end = page + scope.fold.sizes.of(level)
      const message = `the table of the ${level} at ${hexPage(page)} was freed ${what}`
      scope.report({ severity: 'error', proof, start: page, end, message })
    }
    return {
      on: {
        desc_read(e) {
          const used = freed.readBy(e)
          if (used === undefined) return
          const { seq, freedAt, level, page } = used
          report([seq, freedAt, e.seq], level, page, `and then read by CPU ${e.cpu}`)
        },
        desc_write(e) {
          const { write: s } = scope.fold
          if (s.isTable) freed.forget(s.level, s.page)
          if (!s.wasTable || !s.changes || s.leadsToSameTable) return
          const table = s.oldFrame
          unlinked.set(table, { seq: e.seq, level: s.level, page: s.page })
        },
        table_free(e) {
          if (e.pa === null || e.va === null || e.level === null) return
          const { sizes, observers } = scope.fold
          const table = pageOf(e.pa)
          const from = unlinked.get(table)
          unlinked.delete(table)
          const link = linkOf(scope, e, table)
          if (link !== null) {
            const { above, page, slot } = link
            const proof = slot.seq >= 0 ? [slot.seq, e.seq] : [e.seq]
            report(proof, above, page, 'while the entry still points to it')
            return
          }
          const row = heldRow(scope, table)
          if (row >= 0) {
            const { rows } = observers.versions
            const level = LEVEL_NAMES[rows.level(row)]!
            report(
              [rows.seq(row), e.seq],
              level,
              rows.base(row),
              'before the walk cache was flushed for it: __flush_tlb_kernel_pgtable() is owed, ' +
                'a last-level TLBI does not do',
            )
          }
          // Never linked: the loser of a race to populate frees its own page.
          if (from === undefined) return
          const end = from.page + sizes.of(from.level)
          freed.add({ ...from, freedAt: e.seq, entries: e.level, end })
          const reader = walkerIn(scope, from.page, end)
          if (reader === null) return
          const { walk, lane } = reader
          const proof = [walk.seq, from.seq, e.seq]
          const what = `while ${walk.fn} on CPU ${lane.cpu} walks there`
          suspected.push(() => report(proof, from.level, from.page, what))
        },
      },
      end() {
        if (!freed.showsReads) for (const each of suspected) each()
      },
      gap() {
        unlinked.clear()
        freed.clear()
      },
    }
  },
}
