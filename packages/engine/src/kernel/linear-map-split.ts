/** Linear map and KFENCE pool split to pages outright (arch/arm64/mm/mmu.c, 6.18 and 7.3). */
import type { Cpu } from '../machine/cpu.ts'
import { setMemoryValid } from './pageattr.ts'
import { lock, unlock } from '../machine/locks.ts'
import { forcePteMapping, rangeSplitToPtes } from './split.ts'
import { flushTlbKernelRange } from './tlb.ts'
import type { Va } from '../arch/u64.ts'
import { bug } from '../machine/warn.ts'

/**
 * arch_kfence_init_pool(): a pool that is allocated late becomes pages, so that protecting one never needs to sleep.
 * True also where it is made of pages already: before 6.18, where leaves cannot be split, or with an early pool. No
 * TLB flush. False: out of memory.
 */
export function archKfenceInitPool(cpu: Cpu): boolean {
  const { features, flavour, system } = cpu
  if (flavour.split === null || !isSplitPossible(cpu) || !features.kfence_direct_map) return true
  const { kfence_start: start, kfence_size: size } = features
  lock(cpu, system.locks.pgtableSplit, 'mutex')
  const err = rangeSplitToPtes(cpu, start, start + size)
  unlock(cpu, system.locks.pgtableSplit, 'mutex')
  return err === 0
}

/** 6.18 split_leaf_mapping_possible(); 7.3 asks force_pte_mapping() alone. */
function isSplitPossible(cpu: Cpu): boolean {
  const { features } = cpu
  const known = features.caps_finalized ? features.bbml : features.cpu_bbml
  if (cpu.flavour.split === 'bbml2' && !features.bbml) return false
  return !forcePteMapping(features, known)
}

/** kfence_protect_page() (A/i/kfence.h): success is always reported. */
export function kfenceProtectPage(cpu: Cpu, addr: Va, protect: boolean): boolean {
  setMemoryValid(cpu, addr, 1, !protect)
  return true
}

/**
 * linear_map_maybe_split_to_ptes(): the boot CPU mapped the linear map with blocks, and another CPU cannot live with
 * splitting them later: all but the kernel image's alias [imageStart, imageEnd) becomes pages, under stop_machine(),
 * then everything is flushed. Nothing where all CPUs can. Out of memory is a panic.
 */
export function linearMapMaybeSplitToPtes(cpu: Cpu, imageStart: Va, imageEnd: Va): void {
  const { features, system, geometry: g } = cpu
  if (cpu.flavour.split === null || !system.linearMapRequiresBbml || features.bbml) return
  const start = -(2 ** g.vaBitsActual)
  const end = system.constants.PAGE_END
  const parts =
    imageStart < imageEnd
      ? [[start, imageStart] as const, [imageEnd, end] as const]
      : [[start, end] as const]
  for (const [from, to] of parts) {
    if (from < to && rangeSplitToPtes(cpu, from, to, 'atomic') !== 0)
      bug(cpu, 'linear_map_split_to_ptes')
  }
  flushTlbKernelRange(cpu, start, end)
}
