/**
 * Huge pages of a process that a walk with a VMA splits before it comes to their pages (mm/huge_memory.c,
 * mm/pgtable-generic.c), with CONFIG_ARM64_CONTPTE. Not modelled: the huge zero page, swap and migration entries.
 */
import { HI, LO, physHi, physLo, physOf } from '../arch/descriptor.ts'
import { PMD } from '../arch/level.ts'
import { isNone, isPresent, isTable, pmdBad } from '../arch/predicates.ts'
import { alignDown, hiOf, loOf } from '../arch/u64.ts'
import type { Words } from '../arch/u64.ts'
import type { Cpu } from '../machine/cpu.ts'
import { exchange, loadHi, loadLo } from '../machine/load-store.ts'
import { lock, unlock } from '../machine/locks.ts'
import type { Slot } from '../machine/memory.ts'
import type { Mm, Vma } from '../machine/mm.ts'
import { bug } from '../machine/warn.ts'
import { clearBad } from './bad-entry.ts'
import { dmb } from './instructions.ts'
import { queueBarriers } from './lazy-mmu.ts'
import { setPtes } from './set-pte.ts'
import { setPmd } from './set-table.ts'
import { flushTlbRange } from './tlb.ts'
import type { Walk } from './walk-ops.ts'

/** pmd_trans_huge(), all versions: also a block that is present-invalid. */
export const isTransHuge = (lo: number): boolean => isPresent(lo) && !isTable(lo | LO.VALID)

/**
 * __pte_offset_map(), all versions: whether there is a table of PTEs to lock. A bad entry is complained about and
 * cleared.
 */
export function mapsPteTable(cpu: Cpu, pmd: Slot): boolean {
  const lo = loadLo(cpu, pmd)
  if (isNone(lo, loadHi(cpu, pmd)) || isTransHuge(lo)) return false
  if (!pmdBad(lo)) return true
  clearBad(cpu, PMD, pmd)
  return false
}

/** split_huge_pmd(), __split_huge_pmd(): under the lock of the table of PMDs; nothing where there is no huge page. */
export function splitHugePmd<P>({ cpu, mm, vma }: Walk<P>, pmd: Slot): void {
  if (mm === null || vma === null || !isTransHuge(loadLo(cpu, pmd))) return
  const va = cpu.memory.slotVa(pmd)
  cpu.hooks?.split(PMD, loOf(va), hiOf(va))
  lock(cpu, mm.pmdLock, 'spin')
  if (isTransHuge(loadLo(cpu, pmd))) splitLocked(cpu, mm, vma, pmd)
  unlock(cpu, mm.pmdLock, 'spin')
}

/**
 * __split_huge_pmd_locked(), all versions. A file's page is unmapped (pmdp_huge_clear_flush()). Of memory of its own
 * the block is made invalid and flushed (pmdp_invalidate()); its deposited table is filled and put in its place.
 */
function splitLocked(cpu: Cpu, mm: Mm, vma: Vma, pmd: Slot): void {
  const { memory, geometry: g } = cpu
  const va = memory.slotVa(pmd)
  const size = g.size[PMD] as number
  if (vma.kind !== 'anon') {
    exchange(cpu, PMD, pmd, 0, 0)
    flushTlbRange(cpu, va, va + size, size)
    return
  }
  const lo = loadLo(cpu, pmd)
  const old = exchange(cpu, PMD, pmd, ((lo & ~LO.VALID) | LO.NG) >>> 0, loadHi(cpu, pmd))
  flushTlbRange(cpu, va, va + size, size)
  // pgtable_trans_huge_withdraw() of a block that came without a table.
  const table = mm.deposits.get(pmd)
  if (table === undefined) bug(cpu, '__split_huge_pmd_locked')
  // pmd_populate() of an entry on the stack, by which the table is mapped: set_pmd() has its barrier there, too.
  queueBarriers(cpu)
  fillWithPages(cpu, memory.firstSlot(table), old, vma)
  // smp_wmb(): the pages before the table that has them.
  dmb(cpu, 'ishst')
  populateUser(cpu, pmd, table)
}

/** set_ptes() of the pages of a block, contpte_set_ptes(): each contiguous span is one, as all are aligned. */
function fillWithPages(cpu: Cpu, first: Slot, block: Words, vma: Vma): void {
  const { geometry: g } = cpu
  const pa = alignDown(physOf(g, block.lo, block.hi), g.size[PMD] as number)
  const prot = protOfPages(block, vma.prot)
  for (let i = 0; i < g.entries; i += g.contPtes) {
    const at = pa + i * g.pageSize
    const lo = (prot.lo | physLo(g, at)) >>> 0
    setPtes(cpu, first + 2 * i, lo, (prot.hi | physHi(g, at) | HI.CONT) >>> 0, g.contPtes)
  }
}

/** mk_pte() with vma->vm_page_prot, then what the block had: pte_mkwrite(), pte_mkold(), pte_mkdirty(), … */
function protOfPages(block: Words, prot: Words): Words {
  const isWritable = (block.hi & HI.WRITE) !== 0
  const isDirty = (block.hi & HI.DIRTY) !== 0 || (isWritable && (block.lo & LO.RDONLY) === 0)
  let { lo, hi } = prot
  if (isWritable) hi |= HI.WRITE
  if ((block.lo & LO.AF) === 0) lo &= ~LO.AF
  if (isDirty) hi |= HI.DIRTY
  // Both pte_mkwrite() of a dirty entry and pte_mkdirty() of a writable one.
  if ((hi & HI.WRITE) !== 0 && (hi & HI.DIRTY) !== 0) lo &= ~LO.RDONLY
  if ((block.hi & HI.UFFD_WP) !== 0) {
    hi = (hi | HI.UFFD_WP) & ~HI.WRITE
    lo |= LO.RDONLY
  }
  return { lo: lo >>> 0, hi: hi >>> 0 }
}

/** pmd_populate() of a process, all versions: a table whose pages the kernel does not execute. */
function populateUser(cpu: Cpu, pmd: Slot, table: number): void {
  const { geometry: g, memory, flavour } = cpu
  const pa = memory.tablePa(table)
  const lo = LO.TYPE_TABLE | (flavour.tableAf ? LO.AF : 0) | physLo(g, pa)
  setPmd(cpu, pmd, lo >>> 0, (HI.PXN_TABLE | physHi(g, pa)) >>> 0)
}
