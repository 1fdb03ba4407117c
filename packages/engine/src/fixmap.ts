import type { Cpu } from './cpu.ts'
import { physHi, physLo } from './descriptor.ts'
import { emitBarriers, queueBarriers } from './lazy-mmu.ts'
import { PTE } from './level.ts'
import type { Level } from './level.ts'
import { lock, unlock } from './locks.ts'
import { store } from './memory.ts'
import type { Slot } from './memory.ts'
import { isValidNotUser } from './predicates.ts'
import { flushTlbKernelRange } from './tlb.ts'
import { hiOf, loOf } from './u64.ts'

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
  setFixmap(cpu, (physLo(g, pa) | prot.lo) >>> 0, (physHi(g, pa) | prot.hi) >>> 0)
  store(cpu, level, slot, lo, hi)
  setFixmap(cpu, 0, 0)
  flushTlbKernelRange(cpu, FIX_PGD_VA, FIX_PGD_VA + g.pageSize)
  unlock(cpu, system.locks.swapperPgdir, 'spin')
}

/** The PTE store of __set_fixmap() for FIX_PGD. The slot is only written under swapper_pgdir_lock. */
function setFixmap(cpu: Cpu, lo: number, hi: number): void {
  const pte = cpu.system.fixPgdPte
  const va = cpu.system.constants.FIX_PGD_VA
  cpu.hooks?.descWrite(PTE, loOf(va), hiOf(va), pte.lo, pte.hi, lo, hi)
  pte.lo = lo
  pte.hi = hi
  if (isValidNotUser(lo, hi)) queueBarriers(cpu)
}
