import { type Geometry, HI, type LevelName, LO, physOf } from '@pagetrail/engine'

import { leadsToTable, roleWords } from '../descriptor/bits.ts'

/** Bits of descriptors as masks on their two 32-bit words; `_HI` masks are for the high word. */
export const VALID = LO.VALID
const ATTR_INDEX = LO.ATTR_INDX
export const USER = LO.USER
export const RDONLY = LO.RDONLY
const SHARED = LO.SHARED
export const AF = LO.AF

/** Not global; in an invalid entry PTE_PRESENT_INVALID. */
export const NG = LO.NG
export const GP_HI = HI.GP
export const WRITE_HI = HI.WRITE
export const CONT_HI = HI.CONT
export const PXN_HI = HI.PXN
export const UXN_HI = HI.UXN
export const DIRTY_HI = HI.DIRTY

/** All of them are in the high word, in every geometry. */
export const SOFTWARE_HI = roleWords('software', null).hi

/** Output address as a number of 4K pages. */
export const frameOf = (geometry: Geometry, lo: number, hi: number): number =>
  physOf(geometry, lo, hi) / 4096

/** A leaf, or what is left of one after VALID was cleared: neither none nor a table. */
export const isLeafLike = (level: LevelName, lo: number, hi: number): boolean =>
  (lo | hi) !== 0 && !leadsToTable(level, lo)

export const isWritable = (lo: number, hi: number): boolean =>
  (lo & RDONLY) === 0 && (hi & WRITE_HI) !== 0

const MEMORY_NORMAL_TAGGED = 1

function memoryTypeChanges(oldLo: number, newLo: number): boolean {
  const before = (oldLo & ATTR_INDEX) >> 2
  const after = (newLo & ATTR_INDEX) >> 2
  return before !== after && (before > MEMORY_NORMAL_TAGGED || after > MEMORY_NORMAL_TAGGED)
}

/** With LPA2 active what was SH is part of the address. */
const sharingChanges = ({ lpa2Active }: Geometry, oldLo: number, newLo: number): boolean =>
  !lpa2Active && ((oldLo ^ newLo) & SHARED) !== 0

/** What a store of one valid entry over another changes that needs break-before-make; [] for none. */
export function liveChanges(
  geometry: Geometry,
  level: LevelName,
  oldLo: number,
  oldHi: number,
  newLo: number,
  newHi: number,
): string[] {
  const wasTable = leadsToTable(level, oldLo)
  if (wasTable !== leadsToTable(level, newLo)) return ['size']
  const changed: string[] = []
  if (frameOf(geometry, oldLo, oldHi) !== frameOf(geometry, newLo, newHi)) {
    changed.push(wasTable ? 'table address' : 'output address')
  }
  if (wasTable) return changed
  if (((oldHi ^ newHi) & CONT_HI) !== 0) changed.push('contiguous bit')
  if (memoryTypeChanges(oldLo, newLo)) changed.push('memory type')
  if (sharingChanges(geometry, oldLo, newLo)) changed.push('shareability')
  if ((oldLo & NG) !== 0 && (newLo & NG) === 0) changed.push('non-global to global')
  return changed
}

/**
 * pgattr_change_is_safe() (arch/arm64/mm/mmu.c), which set_memory_*() never asks: the bits of a valid-to-valid change
 * that it does not allow, by name. `strictCont`: 6.12 to 6.18 refuse any change of an entry with CONT.
 */
export function unsafeAttributes(
  geometry: Geometry,
  oldLo: number,
  oldHi: number,
  newLo: number,
  newHi: number,
  strictCont: boolean,
): string[] {
  const unsafe: string[] = []
  if (strictCont && ((oldHi | newHi) & CONT_HI) !== 0) unsafe.push('CONT')
  else if (((oldHi ^ newHi) & CONT_HI) !== 0) unsafe.push('CONT')
  if (((oldHi ^ newHi) & GP_HI) !== 0) unsafe.push('GP')
  if (((oldHi ^ newHi) & UXN_HI) !== 0) unsafe.push('UXN')
  if (((oldLo ^ newLo) & AF) !== 0) unsafe.push('AF')
  if (sharingChanges(geometry, oldLo, newLo)) unsafe.push('SH')
  if (((oldLo ^ newLo) & USER) !== 0) unsafe.push('USER')
  if ((oldLo & NG) !== 0 && (newLo & NG) === 0) unsafe.push('nG')
  if (memoryTypeChanges(oldLo, newLo)) unsafe.push('AttrIndx')
  return unsafe
}
