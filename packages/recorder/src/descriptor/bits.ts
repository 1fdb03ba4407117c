import {
  BIT,
  createGeometry,
  type Geometry,
  type LevelName,
  LO,
  physOf,
  type Words,
  wordsOf,
} from '@pagetrail/engine'

import { STOCK_GEOMETRY } from '../event/run.ts'

/** What an entry's bits are read as: a page or block (and what is neither), or an entry that leads to a table. */
export type EntryKind = 'leaf' | 'table'

/** What a field is for; a change of it changes that. */
export type BitRole =
  /** where the entry leads */
  | 'address'
  /** how a mapping is built, not what it does: block or page, one of a contiguous span */
  | 'shape'
  /** read by the kernel alone (PTE_SWBITS_MASK) */
  | 'software'
  /** permissions, memory type, and all that hardware may look at */
  | 'attribute'

/** One field of an arm64 stage-1 descriptor: which bits it is, and what they say. */
export interface BitField {
  /** The kernel's name; the architecture's, where the kernel has none; `BIT13` of a bit that neither uses. */
  readonly name: string
  /** Highest and lowest bit; of an address that lies in two places the higher part first. */
  readonly bits: readonly (readonly [high: number, low: number])[]
  readonly role: BitRole
  /** What a single bit says when it is set, and when it is clear; empty for wider fields. */
  readonly set: string
  readonly clear: string
  /** Worth showing even when it is 0. */
  readonly always: boolean
}

const bit = (at: number, name: string, set: string, clear: string): BitField => ({
  name,
  bits: [[at, at]],
  role: 'attribute',
  set,
  clear,
  always: false,
})
const always = (b: BitField): BitField => ({ ...b, always: true })
const shape = (b: BitField): BitField => ({ ...b, role: 'shape' })
const software = (b: BitField): BitField => ({ ...b, role: 'software' })
const wide = (high: number, low: number, name: string): BitField => ({
  ...bit(low, name, '', ''),
  bits: [[high, low]],
})

/** Pages and blocks, and what is neither: pgtable-hwdef.h and pgtable-prot.h of 6.12 to 7.3. */
const LEAF: readonly BitField[] = [
  always(bit(BIT.VALID, 'VALID', 'hardware uses it', 'hardware faults')),
  shape(bit(BIT.TYPE, 'TYPE', 'page', 'block')),
  wide(4, 2, 'AttrIndx'),
  bit(BIT.NS, 'NS', 'non-secure', 'secure'),
  bit(BIT.USER, 'USER', 'EL0 may access', 'kernel only'),
  always(bit(BIT.RDONLY, 'RDONLY', 'read-only', 'not read-only')),
  wide(9, 8, 'SH'),
  bit(BIT.AF, 'AF', 'accessed', 'never cached in a TLB'),
  bit(BIT.NG, 'NG', 'not global', 'global'),
  bit(BIT.GP, 'GP', 'guarded for BTI', 'not guarded'),
  always(bit(BIT.DBM, 'DBM', 'writable', 'not writable')),
  shape(bit(BIT.CONT, 'CONT', 'one of a contiguous span', 'stands alone')),
  always(bit(BIT.PXN, 'PXN', 'kernel may not execute', 'kernel may execute')),
  bit(BIT.UXN, 'UXN', 'EL0 may not execute', 'EL0 may execute'),
  software(bit(BIT.DIRTY, 'DIRTY', 'software dirty', 'software clean')),
  software(bit(BIT.SPECIAL, 'SPECIAL', 'special mapping', 'normal mapping')),
  software(bit(BIT.DEVMAP, 'DEVMAP', 'device map (6.12)', 'no device map')),
  software(bit(BIT.UFFD_WP, 'UFFD_WP', 'userfaultfd write-protected', 'not userfaultfd')),
  bit(59, 'PBHA', 'set', 'clear'),
  bit(60, 'PO_IDX_0', 'set', 'clear'),
  bit(61, 'PO_IDX_1', 'set', 'clear'),
  bit(62, 'PO_IDX_2', 'set', 'clear'),
  software(bit(63, 'SW63', 'software bit', 'clear')),
]

/** A descriptor that leads to a table: hardware gives the top bits another meaning. */
const TABLE: readonly BitField[] = [
  always(bit(BIT.VALID, 'VALID', 'hardware follows it', 'hardware faults')),
  shape(bit(BIT.TYPE, 'TYPE', 'table', 'block')),
  bit(BIT.AF, 'AF', 'accessed', 'not accessed'),
  bit(BIT.PXN_TABLE, 'PXNTable', 'nothing below is executable by the kernel', 'no limit'),
  bit(BIT.UXN_TABLE, 'UXNTable', 'nothing below is executable by EL0', 'no limit'),
  bit(61, 'APTable0', 'no EL0 access below', 'no limit'),
  bit(62, 'APTable1', 'read-only below', 'no limit'),
  bit(63, 'NSTable', 'non-secure below', 'no limit'),
]

const { pageShift, vaBits } = STOCK_GEOMETRY
const STOCK = createGeometry({ page_shift: pageShift, va_bits: vaBits })

/** The geometry that descriptors of unknown geometry (null) are read with. */
export const readableGeometry = (geometry: Geometry | null): Geometry => geometry ?? STOCK

/** All 64 bits of a descriptor, each in one field, lowest first. */
export function bitFields(kind: EntryKind, geometry: Geometry | null): readonly BitField[] {
  const g = readableGeometry(geometry)
  const key = `${kind} ${g.encoding} ${g.pageShift} ${g.lpa2Active}`
  let fields = layouts.get(key)
  if (!fields) layouts.set(key, (fields = layOut(kind === 'table' ? TABLE : LEAF, kind, g)))
  return fields
}

const layouts = new Map<string, readonly BitField[]>()

/** Named fields give way to the address, bits that are in none of them are fields of their own. */
function layOut(named: readonly BitField[], kind: EntryKind, g: Geometry): BitField[] {
  const bits = addressBits(g)
  const name = kind === 'table' ? 'next table' : 'address'
  const address: BitField = { ...wide(49, 12, name), bits, role: 'address' }
  const taken = fieldMask(address)
  const fields = [address, ...named.filter((field) => (fieldMask(field) & taken) === 0n)]
  const covered = fields.reduce((mask, field) => mask | fieldMask(field), 0n)
  for (let at = 0; at < 64; at++) {
    if (((covered >> BigInt(at)) & 1n) === 0n) fields.push(bit(at, `BIT${at}`, 'set', 'clear'))
  }
  return fields.toSorted((a, b) => lowest(a) - lowest(b))
}

/** PTE_ADDR_LOW and, where addresses have 52 bits, PTE_ADDR_HIGH (pgtable-hwdef.h). */
function addressBits({ encoding, pageShift, lpa2Active }: Geometry): BitField['bits'] {
  const low = [49, pageShift] as const
  if (encoding === 'pa52-64k') return [low, [15, 12]]
  return lpa2Active ? [low, [9, 8]] : [low]
}

const lowest = ({ bits }: BitField): number => bits[0]![1]

/** The bits of a field, as a mask on the descriptor. */
export const fieldMask = ({ bits }: BitField): bigint =>
  bits.reduce(
    (mask, [high, low]) => mask | (((1n << BigInt(high - low + 1)) - 1n) << BigInt(low)),
    0n,
  )

/** `7`, `4:2`, `49:12,9:8`. */
export const bitsText = ({ bits }: BitField): string =>
  bits.map(([high, low]) => (high === low ? `${low}` : `${high}:${low}`)).join(',')

/** The bits of a leaf that have this role. */
export function roleMask(role: BitRole, geometry: Geometry | null): bigint {
  return bitFields('leaf', geometry).reduce(
    (mask, field) => (field.role === role ? mask | fieldMask(field) : mask),
    0n,
  )
}

/** The same on the two words of a descriptor, for code that runs for each event. */
export const roleWords = (role: BitRole, geometry: Geometry | null): Words =>
  wordsOf(roleMask(role, geometry))

/** The descriptor without where it leads. */
export const withoutAddress = (desc: bigint, geometry: Geometry | null): bigint =>
  desc & ~roleMask('address', geometry)

/** Where a descriptor leads (`__pte_to_phys()`). */
export function outputAddress(desc: bigint, geometry: Geometry | null): bigint {
  const { lo, hi } = wordsOf(desc)
  return BigInt(physOf(readableGeometry(geometry), lo, hi))
}

/** T = 3 above the last level (null counts as that): the entry leads to a table. */
export const leadsToTable = (level: LevelName | null, lo: number): boolean =>
  level !== 'pte' && level !== 'contpte' && level !== null && (lo & LO.TYPE_MASK) === LO.TYPE_TABLE

/** @param at a position of engine's BIT */
export const hasBit = (desc: bigint, at: number): boolean => ((desc >> BigInt(at)) & 1n) === 1n

/** A memory type: the kernel's name of its index in MAIR_EL1 (A/i/memory.h MT_*), a short one, and ptdump's. */
export interface MemoryType {
  readonly index: number
  readonly name: string
  readonly short: string
  readonly ptdump: string
}

const MEMORY: readonly MemoryType[] = [
  ['NORMAL', 'normal', 'MEM/NORMAL'],
  ['NORMAL_TAGGED', 'tagged', 'MEM/NORMAL-TAGGED'],
  ['NORMAL_NC', 'nc', 'MEM/NORMAL-NC'],
  ['DEVICE_nGnRnE', 'device-nGnRnE', 'DEVICE/nGnRnE'],
  ['DEVICE_nGnRE', 'device-nGnRE', 'DEVICE/nGnRE'],
].map(([name = '', short = '', ptdump = ''], index) => ({ index, name, short, ptdump }))

/** AttrIndx, bits 4:2. */
export function memoryTypeOf(desc: bigint): MemoryType {
  const index = Number((desc >> 2n) & 7n)
  const unnamed = `attr${index}`
  return MEMORY[index] ?? { index, name: unnamed, short: unnamed, ptdump: `MEM/${index}` }
}

/** SH, by its value: name and meaning. */
const SHAREABILITY = [
  { index: 0, name: '', meaning: 'non-shareable' },
  { index: 1, name: 'SH1', meaning: 'reserved' },
  { index: 2, name: 'OSH', meaning: 'outer' },
  { index: 3, name: 'ISH', meaning: 'inner' },
] as const

/** SH, bits 9:8; null where they are bits 51:50 of the address. */
export const shareabilityOf = (desc: bigint, geometry: Geometry | null) =>
  geometry?.lpa2Active ? null : SHAREABILITY[Number((desc >> 8n) & 3n)]!
