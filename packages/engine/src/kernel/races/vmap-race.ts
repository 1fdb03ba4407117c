/**
 * ptdump against vmap (hazard H15), reduced to what matters: one walks a PTE table that the other takes out and frees
 * to map a block instead. One load, store, lock, unlock, TLBI, dsb or free is one step, and there are no others.
 */
import { EINVAL } from '../../arch/errno.ts'
import { physOf } from '../../arch/descriptor.ts'
import { indexOf } from '../../arch/geometry.ts'
import { PMD, PTE } from '../../arch/level.ts'
import { isTable } from '../../arch/predicates.ts'
import { hiOf, loOf } from '../../arch/u64.ts'
import type { Va } from '../../arch/u64.ts'
import type { Cpu } from '../../machine/cpu.ts'
import { NO_SLOT, findSlot } from '../../machine/find-slot.ts'
import { isKeyOn, lock, switchKey, tryLock, unlock } from '../../machine/locks.ts'
import type { Slot } from '../../machine/memory.ts'
import { freeTable } from '../table-alloc.ts'
import { flushTableInTwoSteps } from '../tlb.ts'
import { loadHi, loadLo, store } from '../../machine/load-store.ts'

/**
 * ptdump_walk() over `entries` PTEs from `addr` on: under init_mm.mmap_lock for write; 6.18 with the static key on
 * meanwhile, which arm64's freer asks for. 0; -EINVAL where there is no PMD entry.
 */
export function ptdumpWalk(cpu: Cpu, addr: Va, entries: number): number {
  const { locks } = cpu.system
  const pmd = findSlot(cpu, PMD, addr)
  if (pmd === NO_SLOT) return EINVAL
  const hasKey = cpu.flavour.tableFree === 'static-key'
  const end = addr + entries * cpu.geometry.pageSize
  if (hasKey) switchKey(cpu, locks.ptdumpKey, true)
  lock(cpu, locks.mmap, 'write')
  cpu.hooks?.walkBegin('walk_page_range_debug', loOf(addr), hiOf(addr), loOf(end), hiOf(end))
  const lo = loadLo(cpu, pmd)
  if (isTable(lo)) readEntries(cpu, lo, loadHi(cpu, pmd), addr, entries)
  cpu.hooks?.walkEnd('walk_page_range_debug', 0)
  unlock(cpu, locks.mmap, 'write')
  if (hasKey) switchKey(cpu, locks.ptdumpKey, false)
  return 0
}

/** The table is followed by what was loaded, whatever the entry holds by now. */
function readEntries(cpu: Cpu, lo: number, hi: number, addr: Va, entries: number): void {
  const { memory, geometry: g } = cpu
  const table = memory.tableAt(physOf(g, lo, hi))
  const first = memory.firstSlot(table) + 2 * indexOf(g, PTE, addr)
  const mark = cpu.stepper?.mark() ?? 0
  for (let i = 0; i < entries; i++) {
    loadLo(cpu, first + 2 * i)
    cpu.stepper?.settled(mark, i)
  }
}

/**
 * vmap_try_huge_pmd() and pmd_free_pte_page(), with their version's guard against ptdump: unlinks the PTE table of
 * `addr`, flushes the walk cache and frees the table. Returns 0, also if the lock is taken and nothing is done, or
 * -EINVAL where no table is linked.
 */
export function vmapHuge(cpu: Cpu, addr: Va): number {
  const { mmap } = cpu.system.locks
  const pmd = findSlot(cpu, PMD, addr)
  const table = pmd === NO_SLOT ? -1 : tableNow(cpu, pmd)
  if (table === -1) return EINVAL
  const { tableFree } = cpu.flavour
  if (tableFree === 'trylock' && !tryLock(cpu, mmap, 'read')) return 0
  store(cpu, PMD, pmd, 0, 0)
  flushTableInTwoSteps(cpu, addr)
  if (tableFree === 'static-key' && isKeyOn(cpu, cpu.system.locks.ptdumpKey)) {
    lock(cpu, mmap, 'read')
    unlock(cpu, mmap, 'read')
  }
  cpu.stepper?.barrier('free')
  freeTable(cpu, table)
  if (tableFree === 'trylock') unlock(cpu, mmap, 'read')
  return 0
}

/** Which table it is the caller knows: no step. */
function tableNow(cpu: Cpu, pmd: Slot): number {
  const find = (): number => {
    const { words } = cpu.memory
    const lo = words[pmd] as number
    return isTable(lo) ? cpu.memory.tableAt(physOf(cpu.geometry, lo, words[pmd + 1] as number)) : -1
  }
  return cpu.stepper === null ? find() : cpu.stepper.shared(find)
}
