import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'

/** Why a flush is owed: what a stale translation still allows, or (`relax`) still forbids. */
export type DebtKind = 'unmap' | 'restrict' | 'relax' | 'replace' | 'table'

/** A TLB flush that is owed: a valid entry was changed, and TLBs may still hold what it was. Pages are 4K. */
export interface Debt {
  readonly level: LevelName
  readonly page: number
  readonly pages: number
  readonly kind: DebtKind
  /** The store that opened it. */
  readonly seq: number
  readonly op: number | null
  readonly cpu: number
  /** The call that made the change, or the function where it was outside any. */
  readonly fn: string | null
  /** What TLBs may still hold. */
  readonly staleLo: number
  readonly staleHi: number
  /** The store that made the entry valid again with other contents, -1: none. */
  readonly revalidated: number
}

const KINDS: readonly DebtKind[] = ['unmap', 'restrict', 'relax', 'replace', 'table']
const NONE = -1
const INITIAL = 256

/** Open debts as columns: a call may owe a flush for each of a million entries. Rows are reused. */
export class DebtRows {
  #level = new Uint8Array(INITIAL)
  #kind = new Uint8Array(INITIAL)
  #isAgain = new Uint8Array(INITIAL)
  #cpu = new Uint16Array(INITIAL)
  #op = new Int32Array(INITIAL)
  #fn = new Int32Array(INITIAL)
  #stale = new Uint32Array(INITIAL * 2)
  /** page, pages, seq, revalidated, covered of each row. */
  #numbers = new Float64Array(INITIAL * 5)
  readonly #names: string[] = []
  readonly #ids = new Map<string, number>()
  readonly #free: number[] = []
  /** Rows beyond this one were never used since all were free. */
  #high = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Rows that may be open are below it; {@link isOpen} tells. */
  get high(): number {
    return this.#high
  }

  isOpen(row: number): boolean {
    return row < this.#high && this.#numbers[row * 5 + 1] !== 0
  }

  add(debt: Debt): number {
    const row = this.#free.pop() ?? this.#high++
    if (row >= this.#level.length) this.#grow()
    this.#count++
    this.#level[row] = LEVEL_NAMES.indexOf(debt.level)
    this.#kind[row] = KINDS.indexOf(debt.kind)
    this.#isAgain[row] = 0
    this.#cpu[row] = debt.cpu
    this.#op[row] = debt.op ?? NONE
    this.#fn[row] = debt.fn === null ? NONE : this.#intern(debt.fn)
    this.#stale[row * 2] = debt.staleLo
    this.#stale[row * 2 + 1] = debt.staleHi
    this.#numbers.set([debt.page, debt.pages, debt.seq, debt.revalidated, 0], row * 5)
    return row
  }

  remove(row: number): void {
    this.#numbers[row * 5 + 1] = 0
    if (--this.#count > 0) {
      this.#free.push(row)
      return
    }
    this.#free.length = 0
    this.#high = 0
  }

  /** A copy of one. */
  get(row: number): Debt {
    const fn = this.#fn[row]!
    const op = this.#op[row]!
    return {
      level: this.level(row),
      page: this.page(row),
      pages: this.pages(row),
      kind: this.kind(row),
      seq: this.seq(row),
      op: op === NONE ? null : op,
      cpu: this.#cpu[row]!,
      fn: fn === NONE ? null : this.#names[fn]!,
      staleLo: this.#stale[row * 2]!,
      staleHi: this.#stale[row * 2 + 1]!,
      revalidated: this.#numbers[row * 5 + 3]!,
    }
  }

  level(row: number): LevelName {
    return LEVEL_NAMES[this.#level[row]!]!
  }

  kind(row: number): DebtKind {
    return KINDS[this.#kind[row]!]!
  }

  page(row: number): number {
    return this.#numbers[row * 5]!
  }

  pages(row: number): number {
    return this.#numbers[row * 5 + 1]!
  }

  seq(row: number): number {
    return this.#numbers[row * 5 + 2]!
  }

  op(row: number): number {
    return this.#op[row]!
  }

  /** Whether this is the only translation that TLBs may hold besides the present one. */
  isStill(row: number, lo: number, hi: number): boolean {
    const { [row]: again } = this.#isAgain
    return again === 0 && this.#stale[row * 2] === lo && this.#stale[row * 2 + 1] === hi
  }

  /** Changed to a third value: more than one translation may be held. */
  changeAgain(row: number): void {
    this.#isAgain[row] = 1
  }

  revalidate(row: number, seq: number): void {
    this.#numbers[row * 5 + 3] = seq
  }

  /** Covers [start, end), from its own start on; true when all of it is covered. */
  cover(row: number, start: number, end: number): boolean {
    const at = row * 5
    const page = this.#numbers[at]!
    const pages = this.#numbers[at + 1]!
    let covered = this.#numbers[at + 4]!
    if (start <= page + covered) covered = Math.max(covered, Math.min(end - page, pages))
    this.#numbers[at + 4] = covered
    return covered >= pages
  }

  #intern(name: string): number {
    let id = this.#ids.get(name)
    if (id === undefined) {
      id = this.#names.push(name) - 1
      this.#ids.set(name, id)
    }
    return id
  }

  #grow(): void {
    const size = this.#level.length * 2
    this.#level = copied(this.#level, new Uint8Array(size))
    this.#kind = copied(this.#kind, new Uint8Array(size))
    this.#isAgain = copied(this.#isAgain, new Uint8Array(size))
    this.#cpu = copied(this.#cpu, new Uint16Array(size))
    this.#op = copied(this.#op, new Int32Array(size))
    this.#fn = copied(this.#fn, new Int32Array(size))
    this.#stale = copied(this.#stale, new Uint32Array(size * 2))
    this.#numbers = copied(this.#numbers, new Float64Array(size * 5))
  }
}

function copied<A extends { set(from: A): void }>(old: A, grown: A): A {
  grown.set(old)
  return grown
}
