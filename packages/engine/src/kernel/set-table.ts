/**
 * Setters of the levels above PTE (A/i/pgtable.h). A store to a folded level goes down to the setter of the lowest
 * name folded onto the slot; the event's level is that setter's. Entries of swapper_pg_dir take set_swapper_pgd().
 */
import type { Cpu } from '../machine/cpu.ts'
import { HI, LO, physHi, physLo } from '../arch/descriptor.ts'
import { inSwapperPgdir, setSwapperPgd } from './fixmap.ts'
import { queueBarriers } from './lazy-mmu.ts'
import { P4D, PGD, PMD, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import type { Slot } from '../machine/memory.ts'
import { isValid } from '../arch/predicates.ts'
import type { Pa } from '../arch/u64.ts'
import { store } from '../machine/load-store.ts'

/** set_pmd(), pmd_clear(), all versions: a barrier if the new value is VALID. Top level with two levels. */
export function setPmd(cpu: Cpu, slot: Slot, lo: number, hi: number): void {
  if (cpu.geometry.folded[PMD] && inSwapperPgdir(cpu, slot)) {
    setSwapperPgd(cpu, PMD, slot, lo, hi)
    return
  }
  store(cpu, PMD, slot, lo, hi)
  if (isValid(lo)) queueBarriers(cpu)
}

/** set_pud(), all versions: a barrier if the new value is VALID. Top level with three, or folded at run time. */
export function setPud(cpu: Cpu, slot: Slot, lo: number, hi: number): void {
  if (cpu.geometry.folded[PMD]) {
    setPmd(cpu, slot, lo, hi)
    return
  }
  if (!cpu.geometry.l4Enabled && inSwapperPgdir(cpu, slot)) {
    setSwapperPgd(cpu, PUD, slot, lo, hi)
    return
  }
  store(cpu, PUD, slot, lo, hi)
  if (isValid(lo)) queueBarriers(cpu)
}

/** set_p4d(), all versions: always a barrier. Top level with four, of which five may be folded at run time. */
export function setP4d(cpu: Cpu, slot: Slot, lo: number, hi: number): void {
  if (cpu.geometry.folded[PUD]) {
    setPud(cpu, slot, lo, hi)
    return
  }
  if (inSwapperPgdir(cpu, slot)) {
    setSwapperPgd(cpu, P4D, slot, lo, hi)
    return
  }
  store(cpu, P4D, slot, lo, hi)
  queueBarriers(cpu)
}

/** set_pgd(), all versions: always a barrier. Top level with five. */
export function setPgd(cpu: Cpu, slot: Slot, lo: number, hi: number): void {
  if (cpu.geometry.folded[P4D]) {
    setP4d(cpu, slot, lo, hi)
    return
  }
  if (inSwapperPgdir(cpu, slot)) {
    setSwapperPgd(cpu, PGD, slot, lo, hi)
    return
  }
  store(cpu, PGD, slot, lo, hi)
  queueBarriers(cpu)
}

export type SetEntry = (cpu: Cpu, slot: Slot, lo: number, hi: number) => void

/** By level, PGD … PMD. */
export const SET_ENTRY: readonly SetEntry[] = [setPgd, setP4d, setPud, setPmd]

/**
 * __pmd_populate(), __pud_populate(), __p4d_populate(), __pgd_populate(), all versions: point a slot at a table of
 * init_mm. UXNTable always; PXNTable where everything below is PXN. A level folded at run time is not populated.
 */
export function populate(cpu: Cpu, level: Level, slot: Slot, pa: Pa, pxn: boolean): void {
  const { geometry: g } = cpu
  const lo = LO.TYPE_TABLE | (cpu.flavour.tableAf ? LO.AF : 0) | physLo(g, pa)
  const hi = HI.UXN_TABLE | (pxn ? HI.PXN_TABLE : 0) | physHi(g, pa)
  ;(SET_ENTRY[level] as SetEntry)(cpu, slot, lo >>> 0, hi >>> 0)
}
