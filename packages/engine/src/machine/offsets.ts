/** `p?d_offset()`: the slot of an address in the table its parent's slot points to, with all folding. */
import type { Cpu } from './cpu.ts'
import { physOf } from '../arch/descriptor.ts'
import { indexOf } from '../arch/geometry.ts'
import { P4D, PGD, PMD, PTE, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import type { Slot } from './memory.ts'
import { isTable } from '../arch/predicates.ts'
import type { Va } from '../arch/u64.ts'
import { wildDeref } from './warn.ts'
import { loadHi, loadLo } from './load-store.ts'

/** pgd_offset_pgd(), all versions: the slot in a top table; swapper_pg_dir unless another is given. */
export const pgdOffset = (cpu: Cpu, addr: Va, table = 0): Slot =>
  cpu.memory.firstSlot(table) + 2 * indexOf(cpu.geometry, PGD, addr)

/** p4d_offset(), all versions: the slot that translates addr; a folded level hands on the slot above. */
export function p4dOffset(cpu: Cpu, pgd: Slot, addr: Va): Slot {
  const { geometry: g } = cpu
  if (g.folded[P4D]) return pgd
  return g.l5Enabled ? below(cpu, pgd, P4D, addr) : sameTable(cpu, pgd, P4D, addr)
}

/** pud_offset(), all versions: the slot that translates addr; a folded level hands on the slot above. */
export function pudOffset(cpu: Cpu, p4d: Slot, addr: Va): Slot {
  const { geometry: g } = cpu
  if (g.folded[PUD]) return p4d
  return g.l4Enabled ? below(cpu, p4d, PUD, addr) : sameTable(cpu, p4d, PUD, addr)
}

/** pmd_offset(), all versions: the slot that translates addr; a folded level hands on the slot above. */
export const pmdOffset = (cpu: Cpu, pud: Slot, addr: Va): Slot =>
  cpu.geometry.folded[PMD] ? pud : below(cpu, pud, PMD, addr)

/** pte_offset_kernel(), all versions: the slot of the PTE that translates addr. */
export const pteOffset = (cpu: Cpu, pmd: Slot, addr: Va): Slot => below(cpu, pmd, PTE, addr)

/** Folded at run time (`*_to_folded_*()`): the same page, indexed with the lower level's own index. */
const sameTable = (cpu: Cpu, slot: Slot, level: Level, addr: Va): Slot =>
  cpu.memory.firstSlot(cpu.memory.tableOf(slot)) + 2 * indexOf(cpu.geometry, level, addr)

/** Follows a descriptor; one that is not a table of this machine ends the call. */
function below(cpu: Cpu, parent: Slot, level: Level, addr: Va): Slot {
  const lo = loadLo(cpu, parent)
  const hi = loadHi(cpu, parent)
  const pa = physOf(cpu.geometry, lo, hi)
  const table = isTable(lo) ? cpu.memory.tableAt(pa) : -1
  if (table === -1) wildDeref(cpu, '__va', pa)
  return cpu.memory.firstSlot(table) + 2 * indexOf(cpu.geometry, level, addr)
}
