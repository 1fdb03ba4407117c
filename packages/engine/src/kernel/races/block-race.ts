/**
 * Two owners of pages of one block, reduced to what matters: each makes a table of the block unless it is one, and
 * then its own page read-only. Two tables for one block: what was changed in the first is lost, and it leaks. One
 * load, store, atomic, lock or unlock is one step, and the new table is filled without any: nobody can reach it yet.
 */
import { HI, LO, bits, physHi, physLo, physOf } from '../../arch/descriptor.ts'
import { EINVAL, ENOMEM } from '../../arch/errno.ts'
import { PMD, PTE } from '../../arch/level.ts'
import { isTable, pmdLeaf } from '../../arch/predicates.ts'
import { alignDown } from '../../arch/u64.ts'
import type { Va, Words } from '../../arch/u64.ts'
import type { Cpu } from '../../machine/cpu.ts'
import { NO_SLOT, findSlot } from '../../machine/find-slot.ts'
import { lock, unlock } from '../../machine/locks.ts'
import type { Slot } from '../../machine/memory.ts'
import { pteOffset } from '../../machine/offsets.ts'
import { setPteNosync } from '../set-pte.ts'
import { allocTable, freeTable } from '../table-alloc.ts'
import { compareExchange, loadHi, loadLo, store } from '../../machine/load-store.ts'

/** How the table is put in place: stored, stored if the block is still there, or stored under pgtable_split_lock. */
export const BLOCK_SPLIT_VARIANTS = ['plain', 'compare-exchange', 'lock'] as const
export type BlockSplitVariant = (typeof BLOCK_SPLIT_VARIANTS)[number]

const RDONLY = bits('RDONLY')
const WRITE = bits('DBM')

/**
 * Splits the block at `addr` and makes the page of `addr` read-only, without flush. 0; -EINVAL where there is no PMD
 * entry; -ENOMEM. Follows no kernel function: the split is split_pmd()'s of 6.18 in variants, the change
 * pageattr_pte_entry()'s.
 */
export function splitBlockAndProtect(cpu: Cpu, addr: Va, variant: BlockSplitVariant): number {
  const pmd = findSlot(cpu, PMD, addr)
  if (pmd === NO_SLOT) return EINVAL
  const { pgtableSplit } = cpu.system.locks
  if (variant === 'lock') lock(cpu, pgtableSplit, 'mutex')
  const err = splitIfBlock(cpu, pmd, addr, variant)
  if (variant === 'lock') unlock(cpu, pgtableSplit, 'mutex')
  if (err !== 0) return err
  const pte = pteOffset(cpu, pmd, addr)
  const lo = (loadLo(cpu, pte) & ~WRITE.lo) | RDONLY.lo
  setPteNosync(cpu, pte, lo >>> 0, (loadHi(cpu, pte) & ~WRITE.hi) >>> 0)
  return 0
}

function splitIfBlock(cpu: Cpu, pmd: Slot, addr: Va, variant: BlockSplitVariant): number {
  const lo = loadLo(cpu, pmd)
  const hi = loadHi(cpu, pmd)
  if (!pmdLeaf(lo)) return isTable(lo) ? 0 : EINVAL
  const table = allocTable(cpu, PTE, alignDown(addr, cpu.geometry.size[PMD] as number))
  if (table === -1) return ENOMEM
  fill(cpu, table, { lo, hi })
  const pa = cpu.memory.tablePa(table)
  const newLo = (LO.TYPE_TABLE | physLo(cpu.geometry, pa)) >>> 0
  const newHi = (HI.UXN_TABLE | physHi(cpu.geometry, pa)) >>> 0
  if (variant !== 'compare-exchange') store(cpu, PMD, pmd, newLo, newHi)
  else if (!compareExchange(cpu, PMD, pmd, { lo, hi }, newLo, newHi)) freeTable(cpu, table)
  return 0
}

function fill(cpu: Cpu, table: number, { lo, hi }: Words): void {
  const { geometry: g, memory } = cpu
  const pa = alignDown(physOf(g, lo, hi), g.size[PMD] as number)
  const attrsLo = ((lo ^ physLo(g, pa)) & ~LO.TYPE_MASK) | LO.TYPE_TABLE
  const attrsHi = hi ^ physHi(g, pa)
  for (let i = 0; i < g.entries; i++) {
    const page = pa + i * g.pageSize
    const entryLo = (physLo(g, page) | attrsLo) >>> 0
    setPteNosync(cpu, memory.firstSlot(table) + 2 * i, entryLo, (physHi(g, page) | attrsHi) >>> 0)
  }
}
