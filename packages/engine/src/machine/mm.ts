/** Address spaces besides init_mm: the top tables of user processes, of the EFI services. */
import type { Lock } from './lock.ts'
import type { Slot } from './memory.ts'
import type { Va, Words } from '../arch/u64.ts'

/** What a VMA maps: memory of its own, a file's pages, or pages that have no struct page (VM_PFNMAP). */
export const VMA_KINDS = ['anon', 'file', 'pfnmap'] as const
export type VmaKind = (typeof VMA_KINDS)[number]

/** struct vm_area_struct, as far as a page walk and the split of a huge page look at it. */
export interface Vma {
  readonly start: Va
  readonly end: Va
  readonly kind: VmaKind
  /** vm_page_prot: a descriptor without an address. */
  readonly prot: Words
}

/** How the caller of a walk holds mm->mmap_lock. */
export const MMAP_LOCKS = ['write', 'read', 'none'] as const
export type MmapLock = (typeof MMAP_LOCKS)[number]

/** struct mm_struct, as far as a page walk looks at it. */
export interface Mm {
  readonly name: string
  /** Number of its top table, which translates the lower half of the address space. */
  readonly table: number
  /** In ascending order. */
  readonly vmas: readonly Vma[]
  readonly mmapLock: MmapLock
  /** Tables of PTEs that wait to replace a huge page (pgtable_trans_huge_deposit()), by the slot of its PMD. */
  readonly deposits: ReadonlyMap<Slot, number>
  /** The lock of a table of PMDs, or page_table_lock where the PMD is the top. */
  readonly pmdLock: Lock
  /** The lock of a table of PTEs. */
  readonly pteLock: Lock
}
