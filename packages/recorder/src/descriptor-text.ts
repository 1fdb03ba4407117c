import {
  BIT,
  type BitName,
  type Geometry,
  type LevelName,
  physOf,
  wordsOf,
} from '@pagetrail/engine'

import { hex } from './field-codec.ts'

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

/** AttrIndx of MAIR_EL1 (A/i/memory.h MT_*). */
const MEMORY = [
  'normal',
  'tagged',
  'nc',
  'device-nGnRnE',
  'device-nGnRE',
  'attr5',
  'attr6',
  'attr7',
]

/** Bits shown by name in a leaf, and in a table where hardware gives the top bits another meaning. */
const LEAF_BITS: readonly (readonly [number, string])[] = [
  ...named('NS', 'USER', 'RDONLY', 'AF', 'NG', 'GP', 'DBM', 'CONT', 'PXN', 'UXN'),
  ...named('DIRTY', 'SPECIAL', 'DEVMAP', 'UFFD_WP'),
  [59, 'PBHA'],
  [60, 'PO_IDX_0'],
  [61, 'PO_IDX_1'],
  [62, 'PO_IDX_2'],
  [63, 'SW63'],
]
const TABLE_BITS: readonly (readonly [number, string])[] = [
  [BIT.AF, 'AF'],
  [BIT.PXN_TABLE, 'PXNTable'],
  [BIT.UXN_TABLE, 'UXNTable'],
  [61, 'APTable0'],
  [62, 'APTable1'],
  [63, 'NSTable'],
]
const SHARED = 0x300n
const SHARED_NAMES = ['', 'SH1', 'OSH', 'ISH']
const PLAIN_ADDRESS = ((1n << 50n) - 1n) & ~0xfffn

function named(...names: readonly BitName[]): (readonly [number, string])[] {
  return names.map((name) => [BIT[name], name] as const)
}

const has = (desc: bigint, bit: number): boolean => ((desc >> BigInt(bit)) & 1n) === 1n

export function formOf(desc: bigint, level: LevelName): DescriptorForm {
  if (desc === 0n) return 'none'
  if (!has(desc, BIT.VALID)) return has(desc, BIT.NG) ? 'present-invalid' : 'invalid'
  const leaf = level === 'pte' || level === 'contpte'
  if (has(desc, BIT.TYPE)) return leaf ? 'page' : 'table'
  return leaf ? 'reserved' : 'block'
}

/** Takes a descriptor apart. The geometry decides where address bits lie; null: unknown, plain 48-bit form. */
export function descriptorParts(
  desc: bigint,
  level: LevelName,
  geometry: Geometry | null = null,
): DescriptorParts {
  const form = formOf(desc, level)
  if (form === 'none') return { form, pa: 0n, access: '', memory: '', bits: [] }
  const pa = addressOf(desc, geometry)
  if (form === 'table') return { form, pa, access: '', memory: '', bits: namesIn(desc, TABLE_BITS) }
  const write = has(desc, BIT.RDONLY) ? '-' : 'w'
  const access = `r${write}${has(desc, BIT.PXN) ? '-' : 'x'}`
  const memory = MEMORY[Number((desc >> 2n) & 7n)]!
  const bits = namesIn(desc, LEAF_BITS)
  // With LPA2 active the shareability bits are bits 51:50 of the address.
  const shared = geometry?.lpa2Active ? '' : SHARED_NAMES[Number((desc & SHARED) >> 8n)]!
  return { form, pa, access, memory, bits: shared === '' ? bits : [shared, ...bits] }
}

const namesIn = (desc: bigint, list: readonly (readonly [number, string])[]): string[] =>
  list.filter(([bit]) => has(desc, bit)).map(([, name]) => name)

function addressOf(desc: bigint, geometry: Geometry | null): bigint {
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
