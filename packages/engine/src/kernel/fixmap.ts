import type { Cpu } from '../machine/cpu.ts'
import { physHi, physLo } from '../arch/descriptor.ts'
import { emitBarriers } from './lazy-mmu.ts'
import type { Level } from '../arch/level.ts'
import { lock, unlock } from '../machine/locks.ts'
import type { Slot } from '../machine/memory.ts'
import { pteClear, setPte } from './set-pte.ts'
import { flushTlbKernelRange } from './tlb.ts'
import { store } from '../machine/load-store.ts'

/** in_swapper_pgdir(): the slot's page is swapper_pg_dir. */
export const inSwapperPgdir = (cpu: Cpu, slot: Slot): boolean => cpu.memory.tableOf(slot) === 0

/**
 * set_swapper_pgd() (arch/arm64/mm/mmu.c): the top table is read-only once mark_rodata_ro() ran, so an entry is
 * stored through a fixmap slot that is mapped and unmapped around it; its flush is the barrier. Lazy MMU mode defers
 * neither the store nor the flush, only the barrier of the fixmap PTE. `level` is the setter that came here.
 */
export function setSwapperPgd(cpu: Cpu, level: Level, slot: Slot, lo: number, hi: number): void {
  if (cpu.features.rodata_is_rw) {
    store(cpu, level, slot, lo, hi)
    emitBarriers(cpu)
    return
  }
  const { geometry: g, memory, system } = cpu
  const pa = memory.tablePa(memory.tableOf(slot))
  const prot = system.pageKernel
  const { FIX_PGD_VA } = system.constants
  lock(cpu, system.locks.swapperPgdir, 'spin')
  setPte(cpu, memory.fixPgdSlot, physLo(g, pa) | prot.lo, physHi(g, pa) | prot.hi)
  store(cpu, level, slot, lo, hi)
  pteClear(cpu, memory.fixPgdSlot)
  flushTlbKernelRange(cpu, FIX_PGD_VA, FIX_PGD_VA + g.pageSize)
  unlock(cpu, system.locks.swapperPgdir, 'spin')
}
