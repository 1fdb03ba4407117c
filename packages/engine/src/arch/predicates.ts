/**
 * The kernel's predicates on a descriptor value (A/i/pgtable.h), each on its two words. What is constant because a
 * level is folded is constant here: the walkers need no case for it. Versions differ in `p4d_bad` only; which of
 * `sect` and `leaf` a path asks is the flavour's business.
 */
import { HI, LO } from './descriptor.ts'
import type { Geometry } from './geometry.ts'

// Own constants: an imported one is read from its module's cell on every use, and these are asked per entry.
const { VALID, TYPE_MASK, TYPE_TABLE, TYPE_BLOCK, NG } = LO
const VALID_NG = LO.VALID | LO.NG
const VALID_USER = LO.VALID | LO.USER
const { CONT, UXN } = HI

/** p?d_none(), pte_none(): all 64 bits are 0. */
export const isNone = (lo: number, hi: number): boolean => (lo | hi) === 0
/** pte_valid(), pmd_valid(), pud_valid(): bit 0. */
export const isValid = (lo: number): boolean => (lo & VALID) !== 0
/** pmd_table(): both type bits. */
export const isTable = (lo: number): boolean => (lo & TYPE_MASK) === TYPE_TABLE
/** pmd_sect() (gone in 7.3): a block, and VALID. */
export const isSect = (lo: number): boolean => (lo & TYPE_MASK) === TYPE_BLOCK

/** pte_present_invalid(): not VALID, but marked as mapped by NG. */
export const isPresentInvalid = (lo: number): boolean => (lo & VALID_NG) === NG
/** pte_present(), pmd_present(): valid or present-invalid. */
export const isPresent = (lo: number): boolean => (lo & VALID_NG) !== 0
/** pte_cont(), pmd_cont(): validity is not looked at. */
export const isCont = (hi: number): boolean => (hi & CONT) !== 0
/** pte_valid_not_user(): what makes a store to a PTE need a barrier. */
export const isValidNotUser = (lo: number, hi: number): boolean =>
  (lo & VALID_USER) === VALID && (hi & UXN) !== 0

/** pmd_leaf(): also a block that is present-invalid. */
export const pmdLeaf = (lo: number): boolean => isPresent(lo) && !isTable(lo)
/** pmd_bad(): everything that is not a table, none and blocks too. */
export const pmdBad = (lo: number): boolean => !isTable(lo)

/** pud_none(): false where the PUD is folded into the PMD. */
export const pudNone = (g: Geometry, lo: number, hi: number): boolean =>
  g.levels >= 3 && isNone(lo, hi)
/** pud_bad(): also of 64K pages, unlike pud_table(). */
export const pudBad = (g: Geometry, lo: number): boolean => g.levels >= 3 && !isTable(lo)
/** pud_present(). */
export const pudPresent = (g: Geometry, lo: number): boolean => g.levels < 3 || isPresent(lo)
/** pud_sect() (gone in 7.3). */
export const pudSect = (g: Geometry, lo: number): boolean => !g.pudAlwaysTable && isSect(lo)
/** pud_leaf(): constant false with 64K pages, where pud_table() is constant true. */
export const pudLeaf = (g: Geometry, lo: number): boolean =>
  !g.pudAlwaysTable && isPresent(lo) && !isTable(lo)

/** p4d_none(): false where the P4D is folded, at compile time or run time. */
export const p4dNone = (g: Geometry, lo: number, hi: number): boolean =>
  g.l4Enabled && isNone(lo, hi)
/** p4d_bad(). `typeBit1`: 6.12 looks at bit 1 only, later versions at both type bits. */
export const p4dBad = (g: Geometry, typeBit1: boolean, lo: number): boolean =>
  g.l4Enabled && (typeBit1 ? (lo & TYPE_MASK & ~VALID) === 0 : !isTable(lo))

/** pgd_none(). */
export const pgdNone = (g: Geometry, lo: number, hi: number): boolean =>
  g.l5Enabled && isNone(lo, hi)
/** pgd_bad(), as p4d_bad(). */
export const pgdBad = (g: Geometry, typeBit1: boolean, lo: number): boolean =>
  g.l5Enabled && (typeBit1 ? (lo & TYPE_MASK & ~VALID) === 0 : !isTable(lo))
