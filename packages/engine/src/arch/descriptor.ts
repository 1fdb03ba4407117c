import type { Geometry } from './geometry.ts'
import type { Pa, Words } from './u64.ts'

/** Bit positions of a descriptor, by the names of pgtable-hwdef.h and pgtable-prot.h. */
export const BIT = {
  VALID: 0,
  TYPE: 1,
  NS: 5,
  USER: 6,
  RDONLY: 7,
  AF: 10,
  NG: 11,
  GP: 50,
  DBM: 51,
  CONT: 52,
  PXN: 53,
  UXN: 54,
  DIRTY: 55,
  SPECIAL: 56,
  DEVMAP: 57,
  UFFD_WP: 58,
  PXN_TABLE: 59,
  UXN_TABLE: 60,
} as const
export type BitName = keyof typeof BIT

/** Several bits as one 64-bit value. */
export function bits(...names: readonly BitName[]): Words {
  let lo = 0
  let hi = 0
  for (const name of names) {
    const bit = BIT[name]
    if (bit < 32) lo |= 1 << bit
    else hi |= 1 << (bit - 32)
  }
  return { lo: lo >>> 0, hi: hi >>> 0 }
}

/** All the bits of several values. */
export const union = (...values: readonly Words[]): Words => ({
  lo: values.reduce((lo, value) => lo | value.lo, 0) >>> 0,
  hi: values.reduce((hi, value) => hi | value.hi, 0) >>> 0,
})

export const equals = (a: Words, b: Words): boolean => a.lo === b.lo && a.hi === b.hi

export const NO_BITS: Words = { lo: 0, hi: 0 }

const low = (name: BitName): number => 1 << BIT[name]
const high = (name: BitName): number => 1 << (BIT[name] - 32)

/** Words of single bits: `LO` those of bits 31:0, `HI` those of bits 63:32, signed where their bit 31 is set. */
export const LO = {
  VALID: low('VALID'),
  TYPE_MASK: low('VALID') | low('TYPE'),
  TYPE_TABLE: low('VALID') | low('TYPE'),
  TYPE_BLOCK: low('VALID'),
  USER: low('USER'),
  RDONLY: low('RDONLY'),
  AF: low('AF'),
  NG: low('NG'),
  /** SH = inner shareable; with LPA2 active bits 51:50 of the address. */
  SHARED: 0x300,
  ATTR_INDX: 0x1c,
} as const
export const HI = {
  GP: high('GP'),
  WRITE: high('DBM'),
  CONT: high('CONT'),
  PXN: high('PXN'),
  UXN: high('UXN'),
  DIRTY: high('DIRTY'),
  UFFD_WP: high('UFFD_WP'),
  PXN_TABLE: high('PXN_TABLE'),
  UXN_TABLE: high('UXN_TABLE'),
  /** PTE_SWBITS_MASK: bit 63 and bits 58:55; all of it is in the high word. */
  SWBITS: 0x8780_0000 | 0,
} as const

/** Bits 49:32 of a descriptor: the part of PTE_ADDR_LOW in its high word. */
const ADDRESS_HI = 0x3ffff

/**
 * `__pte_to_phys()`: the output address of a descriptor, block or page or table. What a block has below its size is
 * not cleared (`pmd_pfn()` does that).
 */
export function physOf(g: Geometry, lo: number, hi: number): Pa {
  const low = (lo & -g.pageSize) >>> 0
  let high = hi & ADDRESS_HI
  if (g.encoding === 'pa52-64k') high |= (lo & 0xf000) << 4
  else if (g.encoding === 'lpa2' && g.lpa2Active) high |= (lo & LO.SHARED) << 10
  return high * 2 ** 32 + low
}

/** Low word of `__phys_to_pte_val()`. */
export function physLo(g: Geometry, pa: Pa): number {
  const high = Math.floor(pa / 2 ** 32)
  if (g.encoding === 'pa52-64k') return ((pa & 0xffff0000) | ((high >>> 4) & 0xf000)) >>> 0
  if (g.encoding === 'lpa2') return ((pa & 0xffffff00) | ((high >>> 10) & LO.SHARED)) >>> 0
  return pa >>> 0
}

/** High word of `__phys_to_pte_val()`. PA[49:48] is also kept in place with 64K pages, as the kernel does. */
export function physHi(g: Geometry, pa: Pa): number {
  const high = Math.floor(pa / 2 ** 32)
  return g.encoding === 'plain' ? high >>> 0 : high & ADDRESS_HI
}

/** What of the kernel's configuration enters its protections. */
export interface ProtConfig {
  readonly lpa2Active: boolean
  /** arm64_use_ng_mappings: kernel mappings are not global (KPTI). */
  readonly ng: boolean
  /** PAGE_KERNEL carries the software DIRTY bit (6.12 and 7.3). */
  readonly dirty: boolean
}

/** PAGE_KERNEL (A/i/pgtable-prot.h). */
export function pageKernel(config: ProtConfig): Words {
  const lo = LO.TYPE_TABLE | LO.AF | (config.lpa2Active ? 0 : LO.SHARED) | (config.ng ? LO.NG : 0)
  const hi = HI.PXN | HI.UXN | HI.WRITE | (config.dirty ? HI.DIRTY : 0)
  return { lo: lo >>> 0, hi: hi >>> 0 }
}

/** PAGE_KERNEL_RO. */
export const pageKernelRo = (config: ProtConfig): Words => {
  const { lo, hi } = pageKernel(config)
  return { lo: (lo | LO.RDONLY) >>> 0, hi: (hi & ~HI.WRITE) >>> 0 }
}

/** PAGE_KERNEL_ROX. */
export const pageKernelRox = (config: ProtConfig): Words => {
  const { lo, hi } = pageKernelRo(config)
  return { lo, hi: (hi & ~HI.PXN) >>> 0 }
}

/** PAGE_KERNEL_EXEC. */
export const pageKernelExec = (config: ProtConfig): Words => {
  const { lo, hi } = pageKernel(config)
  return { lo, hi: (hi & ~HI.PXN) >>> 0 }
}
