import type { Cpu } from './cpu.ts'
import { queueBarriers } from './lazy-mmu.ts'
import { PTE } from './level.ts'
import { store } from './memory.ts'
import type { Slot } from './memory.ts'
import { isValidNotUser } from './predicates.ts'

/** __set_pte_nosync(), all versions: the store alone. One step. */
export function setPteNosync(cpu: Cpu, slot: Slot, lo: number, hi: number): void {
  store(cpu, PTE, slot, lo, hi)
}

/** __set_pte(), all versions: the store, and a barrier (from 6.17 queued if lazy) if it is a valid kernel mapping. */
export function setPte(cpu: Cpu, slot: Slot, lo: number, hi: number): void {
  store(cpu, PTE, slot, lo, hi)
  if (isValidNotUser(lo, hi)) queueBarriers(cpu)
}

/** __pte_clear(), all versions: stores 0, for which no barrier is needed. */
export function pteClear(cpu: Cpu, slot: Slot): void {
  store(cpu, PTE, slot, 0, 0)
}
