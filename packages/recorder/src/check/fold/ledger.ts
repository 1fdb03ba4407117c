import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { ABSENT, entryKey, EntryTable } from '../../tables/entry-table.ts'
import { type Debt, type DebtKind, DebtRows } from './debt.ts'
import { CONT_HI, PXN_HI, RDONLY, WRITE_HI } from './descriptor.ts'
import type { PageSizes } from './page.ts'
import type { Write } from './write.ts'

function kindOf(s: Write): DebtKind {
  if (s.wasTable) return 'table'
  if (!s.isValid) return 'unmap'
  if (s.oldFrame !== s.newFrame) return 'replace'
  const restricts =
    (s.newLo & ~s.oldLo & RDONLY) !== 0 ||
    (s.oldHi & ~s.newHi & WRITE_HI) !== 0 ||
    (s.newHi & ~s.oldHi & PXN_HI) !== 0
  return restricts ? 'restrict' : 'relax'
}

/** Does this store leave a stale translation behind? A split does not: the pieces translate as the block did. */
function opens(s: Write): boolean {
  if (!s.wasValid || !s.changes) return false
  if (s.wasTable) return !s.isTable || s.oldFrame !== s.newFrame
  if (s.isTable) return false
  return !s.isValid || (s.attrsLo | (s.attrsHi & ~CONT_HI)) !== 0 || s.oldFrame !== s.newFrame
}

/** In the place of a row. */
const NONE = -1

const keyOf = (level: LevelName, page: number): number =>
  entryKey(LEVEL_NAMES.indexOf(level), page * 4096)

/**
 * Flushes owed: each change of a valid entry opens a debt, each flush that covers the entry pays it. A debt is also
 * settled when the entry gets back exactly what TLBs may hold.
 */
export class FlushLedger {
  readonly #sizes: PageSizes
  readonly #rows = new DebtRows()
  /** Row of each entry's debt. */
  readonly #open = new EntryTable()
  /** Rows that a call opened; some may have been paid and reused since. */
  readonly #ofOp = new Map<number, number[]>()

  constructor(sizes: PageSizes) {
    this.#sizes = sizes
  }

  /** The open debt of an entry. */
  at(level: LevelName, page: number): Debt | undefined {
    const row = this.#rowOf(level, page)
    return row === NONE ? undefined : this.#rows.get(row)
  }

  isOpen(debt: Debt): boolean {
    const row = this.#rowOf(debt.level, debt.page)
    return row !== NONE && this.#rows.seq(row) === debt.seq
  }

  /** All open debts, oldest first. */
  debts(): Debt[] {
    const rows = this.#rows
    const all: Debt[] = []
    for (let row = 0; row < rows.high; row++) if (rows.isOpen(row)) all.push(rows.get(row))
    return all.toSorted((a, b) => a.seq - b.seq)
  }

  write(s: Write, seq: number, op: number | null, cpu: number, fn: string | null): void {
    const open = this.#rowOf(s.level, s.page)
    if (open !== NONE) {
      this.#again(open, s, seq)
      return
    }
    if (!opens(s)) return
    const { level, page, pages, oldLo: staleLo, oldHi: staleHi } = s
    const kind = kindOf(s)
    const debt = { level, page, pages, kind, seq, op, cpu, fn, staleLo, staleHi, revalidated: -1 }
    const row = this.#rows.add(debt)
    this.#open.set(keyOf(level, page), row, 0)
    if (op === null) return
    const ofOp = this.#ofOp.get(op)
    if (ofOp === undefined) this.#ofOp.set(op, [row])
    else ofOp.push(row)
  }

  #again(row: number, s: Write, seq: number): void {
    if (!s.isValid) return
    if (this.#rows.isStill(row, s.newLo, s.newHi)) this.#settle(row)
    else if (!s.wasValid) this.#rows.revalidate(row, seq)
    else this.#rows.changeAgain(row)
  }

  #rowOf(level: LevelName, page: number): number {
    if (this.#rows.count === 0) return NONE
    const place = this.#open.find(keyOf(level, page))
    return place === ABSENT ? NONE : this.#open.lo(place)
  }

  #settle(row: number): void {
    this.#open.forget(keyOf(this.#rows.level(row), this.#rows.page(row)))
    this.#rows.remove(row)
  }

  /** Whether an open debt lies in [start, end). */
  owes(start: number, end: number): boolean {
    return this.#inRange(start, end).next().done !== true
  }

  /**
   * Pages [start, end) were flushed; `leavesOnly`: entries of the walk cache survive it. Returns how many debts got
   * at least a part of their flush from it. A large entry may be cached in pieces, so it is paid when all of it is
   * covered, in ascending order.
   */
  flush(start: number, end: number, leavesOnly: boolean): number {
    let touched = 0
    for (const row of this.#inRange(start, end)) {
      if (leavesOnly && this.#rows.kind(row) === 'table') continue
      if (this.#rows.cover(row, start, end)) this.#settle(row)
      touched++
    }
    return touched
  }

  /** Rows in [start, end), found by looking at the entries of the range or at all rows, whichever are fewer. */
  *#inRange(start: number, end: number): Generator<number> {
    const rows = this.#rows
    if (rows.count === 0) return
    if ((end - start) / this.#sizes.page <= rows.high) {
      for (const level of LEVEL_NAMES) {
        const size = this.#sizes.of(level)
        for (let page = this.#sizes.base(level, start); page < end; page += size) {
          const row = this.#rowOf(level, page)
          if (row !== NONE) yield row
        }
      }
      return
    }
    for (let row = 0; row < rows.high; row++) {
      if (!rows.isOpen(row)) continue
      const page = rows.page(row)
      if (end > page && start < page + rows.pages(row)) yield row
    }
  }

  /** The debts that a call opened and that are still open. */
  unpaidOf(op: number): Debt[] {
    const rows = this.#rows
    const own = (this.#ofOp.get(op) ?? []).filter((row) => rows.isOpen(row) && rows.op(row) === op)
    return [...new Set(own)].map((row) => rows.get(row))
  }

  /** A call has returned; what it left unpaid stays open, owed by whoever flushes later. */
  endOp(op: number): void {
    this.#ofOp.delete(op)
  }

  forget(): void {
    const rows = this.#rows
    for (let row = 0, high = rows.high; row < high; row++) {
      if (rows.isOpen(row)) this.#settle(row)
    }
    this.#ofOp.clear()
  }
}
