/** The linear map's own calls (arch/arm64/mm/pageattr.c). `pa` is the physical address of the page. */
import type { Cpu } from '../machine/cpu.ts'
import { mayChangeDirectMap } from '../machine/features.ts'
import { P4D, PGD } from '../arch/level.ts'
import { p4dOffset, pgdOffset, pmdOffset, pteOffset, pudOffset } from '../machine/offsets.ts'
import { linearAddress, setMemoryValid, updateRange } from './pageattr.ts'
import { masksFor } from './pageattr-masks.ts'
import { isNone, isSect, isValid, pmdLeaf, pudLeaf, pudNone, pudSect } from '../arch/predicates.ts'
import { slotIsNone } from './table-alloc.ts'
import type { Pa } from '../arch/u64.ts'
import { loadHi, loadLo } from '../machine/load-store.ts'

/**
 * can_set_direct_map(): whether the linear map is made so that its permissions may change; from 6.17 also in a Realm.
 */
export const canSetDirectMap = (cpu: Cpu): boolean => mayChangeDirectMap(cpu.features, cpu.flavour)

/**
 * set_direct_map_invalid_noflush(), all versions: the page at `pa`, never a flush. 0 also if the map cannot be
 * changed; -EINVAL in a block; to 6.17 -ENOMEM for a missing table, from 6.18 (which may sleep) for a split.
 */
export const setDirectMapInvalidNoflush = (cpu: Cpu, pa: Pa): number =>
  canSetDirectMap(cpu)
    ? updateRange(cpu, linearAddress(cpu, pa), cpu.geometry.pageSize, masksFor(cpu, 'invalid'))
    : 0

/** set_direct_map_default_noflush(), all versions: valid and writable again; errors as when it was made invalid. */
export const setDirectMapDefaultNoflush = (cpu: Cpu, pa: Pa): number =>
  canSetDirectMap(cpu)
    ? updateRange(cpu, linearAddress(cpu, pa), cpu.geometry.pageSize, masksFor(cpu, 'default'))
    : 0

/** set_direct_map_valid_noflush() (6.17 and later) of nr pages: it does flush when it makes them invalid. */
export const setDirectMapValidNoflush = (cpu: Cpu, pa: Pa, nr: number, enable: boolean): number =>
  canSetDirectMap(cpu) ? setMemoryValid(cpu, linearAddress(cpu, pa), nr, enable) : 0

/** __kernel_map_pages() (debug_pagealloc), all versions: numpages from `pa` on; the result of the change is dropped. */
export function kernelMapPages(cpu: Cpu, pa: Pa, numpages: number, enable: boolean): void {
  if (canSetDirectMap(cpu)) setMemoryValid(cpu, linearAddress(cpu, pa), numpages, enable)
}

/**
 * kernel_page_present(), all versions: whether the linear map has the page at `pa` valid. To 6.18 a block whose VALID
 * was cleared is neither none nor a section, and is followed as if it were a table: a wild dereference.
 */
export function kernelPagePresent(cpu: Cpu, pa: Pa): boolean {
  const { geometry: g } = cpu
  const leaf = cpu.flavour.pageattr.presentInvalid
  const addr = linearAddress(cpu, pa)
  const pgd = pgdOffset(cpu, addr)
  if (slotIsNone(cpu, PGD, pgd)) return false
  const p4d = p4dOffset(cpu, pgd, addr)
  if (slotIsNone(cpu, P4D, p4d)) return false
  const pud = pudOffset(cpu, p4d, addr)
  const pudval = loadLo(cpu, pud)
  if (pudNone(g, pudval, loadHi(cpu, pud))) return false
  if (leaf ? pudLeaf(g, pudval) : pudSect(g, pudval)) return isValid(pudval)
  const pmd = pmdOffset(cpu, pud, addr)
  const pmdval = loadLo(cpu, pmd)
  if (isNone(pmdval, loadHi(cpu, pmd))) return false
  if (leaf ? pmdLeaf(pmdval) : isSect(pmdval)) return isValid(pmdval)
  return isValid(loadLo(cpu, pteOffset(cpu, pmd, addr)))
}
