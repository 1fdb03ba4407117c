import type { Cpu } from '../machine/cpu.ts'
import { P4D, PGD, PMD, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import type { Slot } from '../machine/memory.ts'
import { p4dBad, pgdBad, pmdBad, pudBad } from '../arch/predicates.ts'
import { SET_ENTRY } from './set-table.ts'
import type { SetEntry } from './set-table.ts'
import { loadHi, loadLo } from '../machine/load-store.ts'

/** `p?d_bad()` of a value, by level PGD … PMD. */
export function isBad(cpu: Cpu, level: Level, lo: number): boolean {
  const { geometry: g, flavour } = cpu
  if (level === PMD) return pmdBad(lo)
  if (level === PUD) return pudBad(g, lo)
  if (level === P4D) return p4dBad(g, flavour.badIsTypeBit1, lo)
  return pgdBad(g, flavour.badIsTypeBit1, lo)
}

/**
 * `p?d_clear_bad()` (mm/pgtable-generic.c): complain and clear. For a folded P4D or PUD it is an empty macro, so the
 * entry stays and may be followed; a folded PMD is cleared, and complained about by the name of the PGD.
 */
export function clearBad(cpu: Cpu, level: Level, slot: Slot): void {
  const folded = cpu.geometry.folded[level] === true
  if (folded && level !== PMD) return
  cpu.hooks?.badEntry(folded ? PGD : level, loadLo(cpu, slot), loadHi(cpu, slot))
  ;(SET_ENTRY[level] as SetEntry)(cpu, slot, 0, 0)
}
