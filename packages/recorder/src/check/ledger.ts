import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { CONT_HI, frameOf, PXN_HI, RDONLY, WRITE_HI } from './descriptor.ts'
import type { PageSizes } from './page.ts'
import type { Store } from './store.ts'

/** Why a flush is owed: what a stale translation still allows, or (`relax`) still forbids. */
export type DebtKind = 'unmap' | 'restrict' | 'relax' | 'replace' | 'table'

/** A TLB flush that is owed: a valid entry was changed, and TLBs may still hold what it was. */
export interface Debt {
  readonly level: LevelName
  readonly page: number
  readonly pages: number
  readonly kind: DebtKind
  /** The store that opened it. */
  readonly seq: number
  readonly op: number | null
  readonly cpu: number
  /** The call that made the change. */
  readonly fn: string | null
  /** What TLBs may still hold. */
  readonly staleLo: number
  readonly staleHi: number
  /** Changed again since, to a third value: more than one translation may be held. */
  again: boolean
  /** The store that made the entry valid again with other contents, -1: none. */
  revalidated: number
  /** 4K pages from its start that were flushed; it is paid when they are all of it. */
  covered: number
  paid: boolean
}

function kindOf(s: Store): DebtKind {
  if (s.wasTable) return 'table'
  if (!s.isValid) return 'unmap'
  if (frameOf(s.oldLo, s.oldHi) !== frameOf(s.newLo, s.newHi)) return 'replace'
  const restricts =
    (s.newLo & ~s.oldLo & RDONLY) !== 0 ||
    (s.oldHi & ~s.newHi & WRITE_HI) !== 0 ||
    (s.newHi & ~s.oldHi & PXN_HI) !== 0
  return restricts ? 'restrict' : 'relax'
}

/** Does this store leave a stale translation behind? A split does not: the pieces translate as the block did. */
function opens(s: Store): boolean {
  if (!s.wasValid || !s.changes) return false
  if (s.wasTable) return !s.isTable || frameOf(s.oldLo, s.oldHi) !== frameOf(s.newLo, s.newHi)
  if (s.isTable) return false
  return (
    !s.isValid ||
    (s.attrsLo | (s.attrsHi & ~CONT_HI)) !== 0 ||
    frameOf(s.oldLo, s.oldHi) !== frameOf(s.newLo, s.newHi)
  )
}

/**
 * Flushes owed: each change of a valid entry opens a debt, each flush that covers the entry pays it. A debt is also
 * settled when the entry gets back exactly what TLBs may hold.
 */
export class FlushLedger {
  readonly #sizes: PageSizes
  readonly #open: Readonly<Record<LevelName, Map<number, Debt>>>
  readonly #ofOp = new Map<number, Debt[]>()
  #count = 0

  constructor(sizes: PageSizes) {
    this.#sizes = sizes
    this.#open = Object.fromEntries(LEVEL_NAMES.map((level) => [level, new Map()])) as Record<
      LevelName,
      Map<number, Debt>
    >
  }

  get count(): number {
    return this.#count
  }

  at(level: LevelName, page: number): Debt | undefined {
    return this.#open[level].get(page)
  }

  /** All open debts, oldest first. */
  debts(): Debt[] {
    const all = LEVEL_NAMES.flatMap((level) => [...this.#open[level].values()])
    return all.toSorted((a, b) => a.seq - b.seq)
  }

  store(s: Store, seq: number, op: number | null, cpu: number, fn: string | null): void {
    const debt = this.#open[s.level].get(s.page)
    if (debt !== undefined) {
      this.#again(debt, s, seq)
      return
    }
    if (!opens(s)) return
    const { level, page, pages, oldLo: staleLo, oldHi: staleHi } = s
    const kind = kindOf(s)
    const opened: Debt = {
      level,
      page,
      pages,
      kind,
      seq,
      op,
      cpu,
      fn,
      staleLo,
      staleHi,
      again: false,
      revalidated: -1,
      covered: 0,
      paid: false,
    }
    this.#open[level].set(page, opened)
    this.#count++
    if (op === null) return
    const ofOp = this.#ofOp.get(op)
    if (ofOp === undefined) this.#ofOp.set(op, [opened])
    else ofOp.push(opened)
  }

  #again(debt: Debt, s: Store, seq: number): void {
    if (!s.isValid) return
    if (s.newLo === debt.staleLo && s.newHi === debt.staleHi && !debt.again) {
      this.#settle(debt)
    } else if (!s.wasValid) {
      debt.revalidated = seq
    } else {
      debt.again = true
    }
  }

  #settle(debt: Debt): void {
    debt.paid = true
    this.#open[debt.level].delete(debt.page)
    this.#count--
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
    for (const debt of this.#inRange(start, end)) {
      if (leavesOnly && debt.kind === 'table') continue
      this.#cover(debt, start, end)
      touched++
    }
    return touched
  }

  /** Looks at the entries of the range, or at all debts, whichever are fewer. */
  *#inRange(start: number, end: number): Generator<Debt> {
    if (this.#count === 0) return
    for (const level of LEVEL_NAMES) {
      const open = this.#open[level]
      const size = this.#sizes.of(level)
      if ((end - start) / size < open.size) {
        for (let page = this.#sizes.base(level, start); page < end; page += size) {
          const debt = open.get(page)
          if (debt !== undefined) yield debt
        }
      } else {
        for (const debt of open.values()) {
          if (end > debt.page && start < debt.page + debt.pages) yield debt
        }
      }
    }
  }

  #cover(debt: Debt, start: number, end: number): void {
    if (start <= debt.page + debt.covered) {
      debt.covered = Math.max(debt.covered, Math.min(end - debt.page, debt.pages))
    }
    if (debt.covered >= debt.pages) this.#settle(debt)
  }

  /** The debts that a call opened and left unpaid; they stay open, owed by whoever flushes later. */
  takeUnpaid(op: number): Debt[] {
    const debts = this.#ofOp.get(op)
    if (debts === undefined) return []
    this.#ofOp.delete(op)
    return debts.filter((debt) => !debt.paid)
  }

  forget(): void {
    for (const level of LEVEL_NAMES) this.#open[level].clear()
    this.#ofOp.clear()
    this.#count = 0
  }
}
