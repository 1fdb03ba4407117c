import type { LockMode } from './hooks.ts'

/** A kernel lock. Who holds it is shared state: it changes only in steps. */
export class Lock {
  readonly name: string
  /** CPUs holding it, one per hold; several only for `read`. */
  readonly #readers: number[] = []
  #writer = -1

  constructor(name: string) {
    this.name = name
  }

  canTake(mode: LockMode): boolean {
    return this.#writer === -1 && (mode === 'read' || this.#readers.length === 0)
  }

  take(cpu: number, mode: LockMode): void {
    if (mode === 'read') this.#readers.push(cpu)
    else this.#writer = cpu
  }

  give(cpu: number): void {
    if (this.#writer === cpu) this.#writer = -1
    else this.#readers.splice(this.#readers.indexOf(cpu), 1)
  }

  /** Who holds it and how, in a canonical form: empty if nobody does. */
  get holders(): string {
    if (this.#writer !== -1) return `w${this.#writer}`
    return this.#readers.length === 0 ? '' : `r${this.#readers.toSorted((a, b) => a - b).join(',')}`
  }

  isHeldBy(cpu: number): boolean {
    return this.#writer === cpu || this.#readers.includes(cpu)
  }

  /** Held by anybody, in the given mode or (`read`) any mode: what rwsem_assert_held() asks without lockdep. */
  isHeld(mode: 'read' | 'write'): boolean {
    return this.#writer !== -1 || (mode === 'read' && this.#readers.length > 0)
  }
}

/** The locks of init_mm that the modelled paths take. */
export interface Locks {
  /** arch/arm64/mm/mmu.c, 6.18 and 7.3: a mutex. */
  readonly pgtableSplit: Lock
  /** init_mm.page_table_lock, a spinlock: populating tables. */
  readonly pageTable: Lock
  /** swapper_pgdir_lock, a spinlock: set_swapper_pgd(). */
  readonly swapperPgdir: Lock
  /** init_mm.mmap_lock, a read-write semaphore. */
  readonly mmap: Lock
  /** Of x86 (arch/x86/mm/pat/set_memory.c), a spinlock: for the question what arm64 would gain by it. */
  readonly cpa: Lock
  /** arm64_ptdump_lock_key (6.18), a static key: held by readers while ptdump runs. */
  readonly ptdumpKey: Lock
  /** Something that one CPU stores and others load until they see it: held until then. */
  readonly flag: Lock
}

const NAMES = {
  pgtableSplit: 'pgtable_split_lock',
  pageTable: 'init_mm.page_table_lock',
  swapperPgdir: 'swapper_pgdir_lock',
  mmap: 'init_mm.mmap_lock',
  cpa: 'cpa_lock',
} as const satisfies Record<Exclude<keyof Locks, 'ptdumpKey' | 'flag'>, string>

/** The names of the locks, as events and scenarios have them. */
export const LOCK_NAMES = Object.values(NAMES)

export type LockName = (typeof LOCK_NAMES)[number]

const BY_NAME = {
  [NAMES.pgtableSplit]: 'pgtableSplit',
  [NAMES.pageTable]: 'pageTable',
  [NAMES.swapperPgdir]: 'swapperPgdir',
  [NAMES.mmap]: 'mmap',
  [NAMES.cpa]: 'cpa',
} as const satisfies Record<LockName, keyof Locks>

export const createLocks = (): Locks => ({
  pgtableSplit: new Lock(NAMES.pgtableSplit),
  pageTable: new Lock(NAMES.pageTable),
  swapperPgdir: new Lock(NAMES.swapperPgdir),
  mmap: new Lock(NAMES.mmap),
  cpa: new Lock(NAMES.cpa),
  ptdumpKey: new Lock('arm64_ptdump_lock_key'),
  flag: raisedLater(),
})

export const lockNamed = (locks: Locks, name: LockName): Lock => locks[BY_NAME[name]]

/** Nobody's CPU. */
export const NOBODY = -2

function raisedLater(): Lock {
  const flag = new Lock('flag')
  flag.take(NOBODY, 'write')
  return flag
}
