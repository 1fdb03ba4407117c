import { BIT, type Geometry, hexOf, type LevelName } from '@pagetrail/engine'

import {
  bitFields,
  type EntryKind,
  hasBit,
  leadsToTable,
  memoryTypeOf,
  outputAddress,
  shareabilityOf,
} from './bits.ts'

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
  /** Output address. */
  readonly pa: bigint
  /** EL1 permissions of a leaf, `rw-`; those it would have if it were valid. Empty for none and tables. */
  readonly access: string
  /** Memory type of a leaf: `normal`, `tagged`, …; empty for none and tables. */
  readonly memory: string
  /** The other bits that are set, by the kernel's names, lowest first. */
  readonly bits: readonly string[]
}

/** Null counts as the last level. */
export function formOf(desc: bigint, level: LevelName | null): DescriptorForm {
  if (desc === 0n) return 'none'
  if (!hasBit(desc, BIT.VALID)) return hasBit(desc, BIT.NG) ? 'present-invalid' : 'invalid'
  const leaf = level === 'pte' || level === 'contpte' || level === null
  if (hasBit(desc, BIT.TYPE)) return leaf ? 'page' : 'table'
  return leaf ? 'reserved' : 'block'
}

/** Which of the two lists of fields a descriptor has. */
export const kindOf = (desc: bigint, level: LevelName | null): EntryKind =>
  leadsToTable(level, Number(desc & 3n)) ? 'table' : 'leaf'

/** Takes a descriptor apart; a geometry of null is read as 4K pages with plain addresses. */
export function descriptorParts(
  desc: bigint,
  level: LevelName | null,
  geometry: Geometry | null,
): DescriptorParts {
  const form = formOf(desc, level)
  if (form === 'none') return { form, pa: 0n, access: '', memory: '', bits: [] }
  const pa = outputAddress(desc, geometry)
  const kind = kindOf(desc, level)
  // The form says VALID and TYPE.
  const bits = flagsOf(kind, geometry)
    .filter(({ at }) => at !== BIT.VALID && at !== BIT.TYPE && hasBit(desc, at))
    .map(({ name }) => name)
  if (kind === 'table') return { form, pa, access: '', memory: '', bits }
  const write = hasBit(desc, BIT.RDONLY) ? '-' : 'w'
  const access = `r${write}${hasBit(desc, BIT.PXN) ? '-' : 'x'}`
  const memory = memoryTypeOf(desc).short
  const shared = shareabilityOf(desc, geometry)?.name ?? ''
  return { form, pa, access, memory, bits: shared === '' ? bits : [shared, ...bits] }
}

/** Fields of one bit. */
const flagsOf = (kind: EntryKind, geometry: Geometry | null) =>
  bitFields(kind, geometry).flatMap(({ name, bits: [[high, low] = [0, 1]] }) =>
    high === low ? [{ name, at: low }] : [],
  )

/** How a descriptor is said. */
export type Wording = (desc: bigint, level: LevelName | null, geometry: Geometry | null) => string

const joined = (...parts: readonly string[]): string => parts.filter((p) => p !== '').join(' ')

/** One line: `page 0x500040000 rw- normal ISH AF DBM PXN UXN`. */
export const descriptorText: Wording = (desc, level, geometry) =>
  wholeText(descriptorParts(desc, level, geometry), true)

/** The same without where it leads: `page rw- normal ISH AF DBM PXN UXN`. */
export const attributesText: Wording = (desc, level, geometry) =>
  wholeText(descriptorParts(desc, level, geometry), false)

const wholeText = ({ form, pa, access, memory, bits }: DescriptorParts, leads: boolean): string =>
  form === 'none' ? form : joined(form, leads ? hexOf(pa) : '', access, memory, ...bits)

/**
 * A few words, for a column: `rw-` of a page, `block r-x CONT`, `table`, `none`. Of the other bits what is unusual: a
 * memory type other than normal, USER, CONT, and that AF or, in what is not read-only, DBM is clear. Null: never seen.
 */
export function shortText(
  desc: bigint | null,
  level: LevelName | null,
  geometry: Geometry | null,
): string {
  if (desc === null) return '?'
  const { form, access, memory, bits } = descriptorParts(desc, level, geometry)
  if (access === '') return form
  const unusual = ['USER', 'CONT'].filter((name) => bits.includes(name))
  const isValid = form !== 'invalid' && form !== 'present-invalid'
  if (isValid && !bits.includes('AF')) unusual.push('AF=0')
  if (!bits.includes('RDONLY') && !bits.includes('DBM')) unusual.push('DBM=0')
  return joined(form === 'page' ? '' : form, access, memory === 'normal' ? '' : memory, ...unusual)
}

/** The bits of a mask by name, `RDONLY|CONT`; of a field of several bits as a number, `0x300`. */
export function maskText(mask: bigint, geometry: Geometry | null): string {
  const names: string[] = []
  let rest = mask
  for (const { name, at } of flagsOf('leaf', geometry)) {
    if (!hasBit(mask, at)) continue
    names.push(name)
    rest &= ~(1n << BigInt(at))
  }
  return rest === 0n && names.length > 0 ? names.join('|') : [...names, hexOf(rest)].join('|')
}

/**
 * What a store changed, one line: the bits that it set, those that it cleared, then memory type and address where they
 * differ, `+RDONLY -DBM`. From or to nothing, and between a table and a leaf, both sides in whole. Empty when the
 * values are equal.
 */
export function changeText(
  old: bigint,
  now: bigint,
  level: LevelName | null,
  geometry: Geometry | null,
  side: Wording = descriptorText,
): string {
  if (old === now) return ''
  if (!sharesBits(old, now, level)) {
    return `${side(old, level, geometry)} → ${side(now, level, geometry)}`
  }
  const parts = changedBits(old, now, level, geometry)
  const [from, to] = [outputAddress(old, geometry), outputAddress(now, geometry)]
  if (from !== to) parts.push(`${hexOf(from)} → ${hexOf(to)}`)
  return parts.length > 0 ? parts.join(' ') : `${hexOf(old)} → ${hexOf(now)}`
}

/** Both are something, and bits mean the same in them. */
export const sharesBits = (old: bigint, now: bigint, level: LevelName | null): boolean =>
  old !== 0n && now !== 0n && kindOf(old, level) === kindOf(now, level)

/** What {@link changeText} says of two entries of one kind, without where they lead: `+RDONLY`, `-DBM`. */
export function changedBits(
  old: bigint,
  now: bigint,
  level: LevelName | null,
  geometry: Geometry | null,
): string[] {
  const kind = kindOf(now, level)
  const set: string[] = []
  const cleared: string[] = []
  for (const { name, at } of flagsOf(kind, geometry)) {
    if (!hasBit(old ^ now, at)) continue
    if (hasBit(now, at)) set.push(`+${name}`)
    else cleared.push(`-${name}`)
  }
  const parts = [...set, ...cleared]
  if (kind === 'table') return parts
  const turned = (a = '', b = '') => a !== b && parts.push(`${a} → ${b}`)
  turned(memoryTypeOf(old).short, memoryTypeOf(now).short)
  turned(shareabilityOf(old, geometry)?.meaning, shareabilityOf(now, geometry)?.meaning)
  return parts
}
