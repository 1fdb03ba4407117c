import type { Cpu } from '../machine/cpu.ts'
import { NO_BITS, physHi, physLo, physOf } from '../arch/descriptor.ts'
import { emitBarriers, queueBarriers } from './lazy-mmu.ts'
import { PTE } from '../arch/level.ts'
import type { Slot } from '../machine/memory.ts'
import { isValidNotUser } from '../arch/predicates.ts'
import type { Words } from '../arch/u64.ts'
import { compareExchange, exchange, store } from '../machine/load-store.ts'

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

/**
 * set_ptes(): `count` neighbouring entries, the output address going up a page each. 6.12: a barrier for each; from
 * 6.17 (__set_ptes_anysz()) one after the last, judged on the last value.
 */
export function setPtes(cpu: Cpu, slot: Slot, lo: number, hi: number, count: number): void {
  const { geometry: g } = cpu
  const first = physOf(g, lo, hi)
  const set = cpu.flavour.lazyMmu === 'none' ? setPte : setPteNosync
  for (let i = 0; i < count; i++) {
    const pa = first + i * g.pageSize
    const entryLo = (lo ^ physLo(g, first) ^ physLo(g, pa)) >>> 0
    set(cpu, slot + 2 * i, entryLo, (hi ^ physHi(g, first) ^ physHi(g, pa)) >>> 0)
  }
  // No bit that is asked about depends on the address.
  if (set === setPteNosync && count > 0 && isValidNotUser(lo, hi)) queueBarriers(cpu)
}

/** ptep_get_and_clear(), all versions: exchanges the entry with 0 and gives what it held. No barrier. One step. */
export const ptepGetAndClear = (cpu: Cpu, slot: Slot): Words => exchange(cpu, PTE, slot, 0, 0)

/** ptep_try_set() (7.3): stores to an empty PTE, with a barrier at once, lazy or not. False: it was not empty. */
export function ptepTrySet(cpu: Cpu, slot: Slot, lo: number, hi: number): boolean {
  const stored = compareExchange(cpu, PTE, slot, NO_BITS, lo, hi)
  if (stored) emitBarriers(cpu)
  return stored
}
