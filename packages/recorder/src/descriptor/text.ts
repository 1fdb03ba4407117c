import { BIT, type Geometry, type LevelName, physOf, wordsOf } from '@pagetrail/engine'

import {
  type DescriptorBit,
  hasBit,
  LEAF_BITS,
  memoryTypeOf,
  SHAREABILITY,
  shareabilityOf,
  TABLE_BITS,
} from './bits.ts'
import { hex } from '../event/field-codec.ts'

/** What the low two bits make of a descriptor at its level. */
export type DescriptorForm =
  /** all zero */
  | 'none'
  | 'page'
  | 'block'
  | 'table'
  /** VALID clear, PRESENT_INVALID (NG) set: present to the kernel, a fault to hardware */
  | 'present-invalid'
  /** VALID clear and not zero */
  | 'invalid'
  /** a valid PTE without its TYPE bit: hardware faults */
  | 'reserved'

/** A descriptor in named parts. */
export interface DescriptorParts {
  readonly form: DescriptorForm
  /** Output address; with an unknown geometry bits 49:12 as they stand. */
  readonly pa: bigint
  /** EL1 permissions of a leaf, `rw-`; those it would have if it were valid. Empty for none and tables. */
  readonly access: string
  /** Memory type of a leaf: `normal`, `tagged`, …; empty for none and tables. */
  readonly memory: string
  /** The other bits that are set, by the kernel's names, lowest first. */
  readonly bits: readonly string[]
}

const PLAIN_ADDRESS = ((1n << 50n) - 1n) & ~0xfffn

/** Null counts as the last level. */
export function formOf(desc: bigint, level: LevelName | null): DescriptorForm {
  if (desc === 0n) return 'none'
  if (!hasBit(desc, BIT.VALID)) return hasBit(desc, BIT.NG) ? 'present-invalid' : 'invalid'
  const leaf = level === 'pte' || level === 'contpte' || level === null
  if (hasBit(desc, BIT.TYPE)) return leaf ? 'page' : 'table'
  return leaf ? 'reserved' : 'block'
}

/** Takes a descriptor apart. The geometry decides where address bits lie; null: unknown, plain 48-bit form. */
export function descriptorParts(
  desc: bigint,
  level: LevelName | null,
  geometry: Geometry | null = null,
): DescriptorParts {
  const form = formOf(desc, level)
  if (form === 'none') return { form, pa: 0n, access: '', memory: '', bits: [] }
  const pa = outputAddress(desc, geometry)
  if (form === 'table') return { form, pa, access: '', memory: '', bits: namesIn(desc, TABLE_BITS) }
  const write = hasBit(desc, BIT.RDONLY) ? '-' : 'w'
  const access = `r${write}${hasBit(desc, BIT.PXN) ? '-' : 'x'}`
  const memory = memoryTypeOf(desc).short
  const bits = namesIn(desc, LEAF_BITS)
  // With LPA2 active the shareability bits are bits 51:50 of the address.
  const shared = geometry?.lpa2Active ? '' : (SHAREABILITY[shareabilityOf(desc)]?.name ?? '')
  return { form, pa, access, memory, bits: shared === '' ? bits : [shared, ...bits] }
}

/** VALID is told by the form. */
const namesIn = (desc: bigint, list: readonly DescriptorBit[]): string[] =>
  list.filter(({ at }) => at !== BIT.VALID && hasBit(desc, at)).map(({ name }) => name)

/**
 * Where a descriptor leads, with the address bits of its geometry's encoding (`__pte_to_phys()`); with an unknown
 * geometry bits 49:12 as they stand.
 */
export function outputAddress(desc: bigint, geometry: Geometry | null): bigint {
  if (geometry === null) return desc & PLAIN_ADDRESS
  const { lo, hi } = wordsOf(desc)
  return BigInt(physOf(geometry, lo, hi))
}

/** One line: `page 0x500040000 rw- normal ISH AF DBM PXN UXN`. */
export function descriptorText(
  desc: bigint,
  level: LevelName,
  geometry: Geometry | null = null,
): string {
  const { form, pa, access, memory, bits } = descriptorParts(desc, level, geometry)
  if (form === 'none') return 'none'
  return [form, hex(pa), access, memory, ...bits].filter((part) => part !== '').join(' ')
}

/**
 * What a store changed, one line: `rw- → r-- +RDONLY -DBM`; where the form changed both sides in whole. Empty when the
 * values are equal.
 */
export function changeText(
  old: bigint,
  now: bigint,
  level: LevelName,
  geometry: Geometry | null = null,
): string {
  if (old === now) return ''
  const before = descriptorParts(old, level, geometry)
  const after = descriptorParts(now, level, geometry)
  if (
    before.form === 'none' ||
    after.form === 'none' ||
    (before.form === 'table') !== (after.form === 'table')
  ) {
    return `${descriptorText(old, level, geometry)} → ${descriptorText(now, level, geometry)}`
  }
  const parts: string[] = []
  const turned = (a: string, b: string) => a !== b && parts.push(`${a} → ${b}`)
  turned(before.form, after.form)
  turned(before.access, after.access)
  turned(before.memory, after.memory)
  turned(hex(before.pa), hex(after.pa))
  for (const bit of after.bits) if (!before.bits.includes(bit)) parts.push(`+${bit}`)
  for (const bit of before.bits) if (!after.bits.includes(bit)) parts.push(`-${bit}`)
  return parts.length > 0 ? parts.join(' ') : `${hex(old)} → ${hex(now)}`
}
