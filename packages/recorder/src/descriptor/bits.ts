import { BIT } from '@pagetrail/engine'

/** One bit of an arm64 stage-1 descriptor and what it says. */
export interface DescriptorBit {
  readonly at: number
  /** The kernel's name; the architecture's, where the kernel has none. */
  readonly name: string
  readonly set: string
  readonly clear: string
  /** Worth showing even when it is 0. */
  readonly always: boolean
}

const bit = (at: number, name: string, set: string, clear: string): DescriptorBit => ({
  at,
  name,
  set,
  clear,
  always: false,
})
const always = (b: DescriptorBit): DescriptorBit => ({ ...b, always: true })

/**
 * Bits of pages and blocks, and of what is neither: pgtable-hwdef.h and pgtable-prot.h of 6.12 to 7.3, lowest first.
 */
export const LEAF_BITS: readonly DescriptorBit[] = [
  always(bit(BIT.VALID, 'VALID', 'hardware uses it', 'hardware faults')),
  bit(BIT.NS, 'NS', 'non-secure', 'secure'),
  bit(BIT.USER, 'USER', 'EL0 may access', 'kernel only'),
  always(bit(BIT.RDONLY, 'RDONLY', 'read-only', 'not read-only')),
  bit(BIT.AF, 'AF', 'accessed', 'never cached in a TLB'),
  bit(BIT.NG, 'NG', 'not global', 'global'),
  bit(BIT.GP, 'GP', 'guarded for BTI', 'not guarded'),
  always(bit(BIT.DBM, 'DBM', 'writable', 'not writable')),
  bit(BIT.CONT, 'CONT', 'one of a contiguous span', 'stands alone'),
  always(bit(BIT.PXN, 'PXN', 'kernel may not execute', 'kernel may execute')),
  bit(BIT.UXN, 'UXN', 'EL0 may not execute', 'EL0 may execute'),
  bit(BIT.DIRTY, 'DIRTY', 'software dirty', 'software clean'),
  bit(BIT.SPECIAL, 'SPECIAL', 'special mapping', 'normal mapping'),
  bit(BIT.DEVMAP, 'DEVMAP', 'device map (6.12)', 'no device map'),
  bit(BIT.UFFD_WP, 'UFFD_WP', 'userfaultfd write-protected', 'not userfaultfd'),
  bit(59, 'PBHA', 'set', 'clear'),
  bit(60, 'PO_IDX_0', 'set', 'clear'),
  bit(61, 'PO_IDX_1', 'set', 'clear'),
  bit(62, 'PO_IDX_2', 'set', 'clear'),
  bit(63, 'SW63', 'software bit', 'clear'),
]

/** Bits of a descriptor that leads to a table: hardware gives the top ones another meaning. */
export const TABLE_BITS: readonly DescriptorBit[] = [
  always(bit(BIT.VALID, 'VALID', 'hardware follows it', 'hardware faults')),
  bit(BIT.AF, 'AF', 'accessed', 'not accessed'),
  bit(BIT.PXN_TABLE, 'PXNTable', 'nothing below is executable by the kernel', 'no limit'),
  bit(BIT.UXN_TABLE, 'UXNTable', 'nothing below is executable by EL0', 'no limit'),
  bit(61, 'APTable0', 'no EL0 access below', 'no limit'),
  bit(62, 'APTable1', 'read-only below', 'no limit'),
  bit(63, 'NSTable', 'non-secure below', 'no limit'),
]

export const hasBit = (desc: bigint, at: number): boolean => ((desc >> BigInt(at)) & 1n) === 1n

/** A memory type: the kernel's name of its index in MAIR_EL1 (A/i/memory.h MT_*), and a short one. */
export interface MemoryType {
  readonly index: number
  readonly name: string
  readonly short: string
}

const MEMORY: readonly MemoryType[] = [
  ['NORMAL', 'normal'],
  ['NORMAL_TAGGED', 'tagged'],
  ['NORMAL_NC', 'nc'],
  ['DEVICE_nGnRnE', 'device-nGnRnE'],
  ['DEVICE_nGnRE', 'device-nGnRE'],
].map(([name = '', short = ''], index) => ({ index, name, short }))

/** AttrIndx, bits 4:2. */
export function memoryTypeOf(desc: bigint): MemoryType {
  const index = Number((desc >> 2n) & 7n)
  return MEMORY[index] ?? { index, name: `attr${index}`, short: `attr${index}` }
}

/** SH, bits 9:8, where they are not address bits: index, name and meaning. */
export const SHAREABILITY = [
  { name: '', meaning: 'non-shareable' },
  { name: 'SH1', meaning: 'reserved' },
  { name: 'OSH', meaning: 'outer' },
  { name: 'ISH', meaning: 'inner' },
] as const

export const shareabilityOf = (desc: bigint): number => Number((desc >> 8n) & 3n)
