import type { Cpu } from './cpu.ts'
import { queueBarriers } from './lazy-mmu.ts'
import { PTE } from './level.ts'
import { store } from './memory.ts'
import type { Slot } from './memory.ts'
import { isValidNotUser } from './predicates.ts'

/** __set_pte_nosync(): the store alone. */
export function setPteNosync(cpu: Cpu, slot: Slot, lo: number, hi: number): void {
  store(cpu, PTE, slot, lo, hi)
}

/** __set_pte(): the store, and a barrier if the new value is a valid kernel mapping (from 6.17 it may be queued). */
export function setPte(cpu: Cpu, slot: Slot, lo: number, hi: number): void {
  store(cpu, PTE, slot, lo, hi)
  if (isValidNotUser(lo, hi)) queueBarriers(cpu)
}

/** __pte_clear(). */
export function pteClear(cpu: Cpu, slot: Slot): void {
  store(cpu, PTE, slot, 0, 0)
}
