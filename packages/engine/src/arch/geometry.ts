import { P4D, PGD, PMD, PTE, PUD } from './level.ts'
import type { Level } from './level.ts'
import { InputError } from './input-error.ts'
import { alignDown, isBelow } from './u64.ts'
import type { Va } from './u64.ts'

/** What a kernel is built for, and the address bits its CPU really has. */
export interface GeometryChoice {
  readonly page_shift: number
  readonly va_bits: number
  /** Follows from the other two; checked when given. */
  readonly levels?: number | undefined
  /** 64 − TCR_EL1.T1SZ: 48 (4K, 64K) or 47 (16K) makes a 52-bit kernel fold at run time. Default: va_bits. */
  readonly va_bits_actual?: number | undefined
  /** 48 or 52. Default: 52 with LPA2 (4K and 16K pages, 52-bit VA), else 48, as in the corpus. */
  readonly pa_bits?: number | undefined
}

/** How an output address beyond 48 bits is spread over a descriptor (`__phys_to_pte_val`). */
export type AddressEncoding = 'plain' | 'pa52-64k' | 'lpa2'

/**
 * Everything that follows from page size and address bits (arch/arm64/include/asm/pgtable-hwdef.h), derived once.
 * Arrays are indexed by {@link Level}, PGD … PTE. A level folded at compile time has the size of the one above and
 * one entry (include/asm-generic/pgtable-nop*.h).
 */
export interface Geometry {
  /** `4k-48`; a 52-bit kernel on less capable hardware is `4k-52@48`. */
  readonly name: string
  readonly pageShift: number
  readonly pageSize: number
  readonly vaBits: number
  readonly vaBitsActual: number
  readonly levels: number
  /** Bytes translated by one entry. */
  readonly size: readonly number[]
  /** Entries of one table; the PGD's is PTRS_PER_PGD. */
  readonly ptrs: readonly number[]
  /** PTRS is 1: the level's entry is the parent's. */
  readonly folded: readonly boolean[]
  /** The lowest name folded onto the top table, at compile time or run time: what its entries are called. */
  readonly top: Level
  readonly topEntries: number
  /** What the top table's first entry translates. */
  readonly topVa: Va
  /** pgtable_l4_enabled(), pgtable_l5_enabled(). False if the level does not exist either. */
  readonly l4Enabled: boolean
  readonly l5Enabled: boolean
  /** Entries of a full table, 2^(pageShift − 3). */
  readonly entries: number
  readonly contPtes: number
  readonly contPmds: number
  readonly contPteSize: number
  readonly contPmdSize: number
  /** pud_table() is constant true: 64K pages, or no PUD level. */
  readonly pudAlwaysTable: boolean
  readonly encoding: AddressEncoding
  /** TCR.DS is on: MAYBE_SHARED is 0 and bits 9:8 are address bits. */
  readonly lpa2Active: boolean
  /** First kernel address of the compile-time space: −2^vaBits. */
  readonly base: Va
  /** Depth reported to pte_hole for a raw depth 0 PGD … 3 PMD (mm/pagewalk.c real_depth()). */
  readonly depth: readonly Level[]
}

/** The ten combinations Kconfig allows (ARM64_VA_BITS_*), as page_shift and va_bits. */
export const GEOMETRIES: readonly GeometryChoice[] = [
  { page_shift: 12, va_bits: 39 },
  { page_shift: 12, va_bits: 48 },
  { page_shift: 12, va_bits: 52 },
  { page_shift: 14, va_bits: 36 },
  { page_shift: 14, va_bits: 47 },
  { page_shift: 14, va_bits: 48 },
  { page_shift: 14, va_bits: 52 },
  { page_shift: 16, va_bits: 42 },
  { page_shift: 16, va_bits: 48 },
  { page_shift: 16, va_bits: 52 },
]

/** Entries of a contiguous span: ARM64_CONT_PTE_SHIFT and ARM64_CONT_PMD_SHIFT, by page shift. */
const CONT: Readonly<Record<number, { readonly ptes: number; readonly pmds: number }>> = {
  12: { ptes: 16, pmds: 16 },
  14: { ptes: 128, pmds: 32 },
  16: { ptes: 32, pmds: 32 },
}

const ALL: readonly Level[] = [PGD, P4D, PUD, PMD, PTE]

/** Levels of a kernel with these bits: floor((va − 4) / (page_shift − 3)). */
export const levelsOf = (pageShift: number, vaBits: number): number =>
  Math.floor((vaBits - 4) / (pageShift - 3))

/** `4k-48`, as in the corpus's ids. */
export const geometryName = (pageShift: number, vaBits: number): string =>
  `${2 ** (pageShift - 10)}k-${vaBits}`

export const GEOMETRY_NAMES: readonly string[] = GEOMETRIES.map((g) =>
  geometryName(g.page_shift, g.va_bits),
)

/**
 * Everything that follows from page size and address bits (A/Kconfig, A/i/pgtable-hwdef.h, the same in all versions).
 * @throws InputError if Kconfig does not allow the combination, or the parts contradict each other
 */
export function createGeometry(choice: GeometryChoice): Geometry {
  const { page_shift: pageShift, va_bits: vaBits } = choice
  const known = GEOMETRIES.some((g) => g.page_shift === pageShift && g.va_bits === vaBits)
  if (!known) {
    throw InputError.of(
      'geometry',
      `page_shift ${pageShift} with va_bits ${vaBits} does not exist; use one of ${GEOMETRY_NAMES.join(', ')}`,
    )
  }
  const levels = levelsOf(pageShift, vaBits)
  if (choice.levels !== undefined && choice.levels !== levels) {
    throw InputError.of('geometry.levels', `${choice.levels} should be ${levels}`)
  }
  return derive(pageShift, vaBits, levels, actualBits(choice), choice.pa_bits)
}

function actualBits(choice: GeometryChoice): number {
  const { page_shift: pageShift, va_bits: vaBits, va_bits_actual: actual = vaBits } = choice
  const fallback = pageShift === 14 ? 47 : 48
  if (actual === vaBits || (vaBits === 52 && actual === fallback)) return actual
  const right = vaBits === 52 ? `52 or ${fallback}` : `${vaBits}`
  throw InputError.of('geometry.va_bits_actual', `${actual} should be ${right}`)
}

function derive(
  pageShift: number,
  vaBits: number,
  levels: number,
  vaBitsActual: number,
  paBits: number | undefined,
): Geometry {
  const bits = pageShift - 3
  const shiftOf = (level: Level): number => pageShift + (PTE - level) * bits
  const topShift = pageShift + (levels - 1) * bits
  const folded = ALL.map((level) => level !== PGD && shiftOf(level) >= topShift)
  const size = ALL.map((level) => 2 ** Math.min(shiftOf(level), topShift))
  const ptrs = ALL.map((level) =>
    level === PGD ? 2 ** (vaBits - topShift) : folded[level] ? 1 : 2 ** bits,
  )
  const l5Enabled = levels === 5 && vaBitsActual === 52
  const l4Enabled = levels >= 4 && !(pageShift === 14 && vaBitsActual === 47)
  const top = topOf(levels, folded, l4Enabled, l5Enabled)
  const topEntries = ptrs[levels === 5 - top || folded[top] ? PGD : top] as number
  const contPtes = CONT[pageShift]?.ptes ?? 1
  const contPmds = CONT[pageShift]?.pmds ?? 1
  const lpa2 = vaBits === 52 && pageShift !== 16
  const name = geometryName(pageShift, vaBits)
  return {
    name: vaBitsActual === vaBits ? name : `${name}@${vaBitsActual}`,
    pageShift,
    pageSize: 2 ** pageShift,
    vaBits,
    vaBitsActual,
    levels,
    size,
    ptrs,
    folded,
    top,
    topEntries,
    topVa: -topEntries * (size[top] as number),
    l5Enabled,
    l4Enabled,
    entries: 2 ** bits,
    contPtes,
    contPmds,
    contPteSize: contPtes * 2 ** pageShift,
    contPmdSize: contPmds * 2 ** (pageShift + bits),
    pudAlwaysTable: pageShift === 16 || levels < 3,
    encoding: encodingOf(pageShift, lpa2, paBits),
    lpa2Active: lpa2 && vaBitsActual === 52,
    base: -(2 ** vaBits),
    depth: [PGD, P4D, PUD, PMD].map((depth) => realDepth(depth as Level, folded)),
  }
}

function topOf(
  levels: number,
  folded: readonly boolean[],
  l4Enabled: boolean,
  l5Enabled: boolean,
): Level {
  if (levels === 5 && !l5Enabled) return P4D
  if (levels === 4 && !l4Enabled) return PUD
  return ALL.findLast((level) => level === PGD || folded[level]) ?? PGD
}

function encodingOf(pageShift: number, lpa2: boolean, paBits: number | undefined): AddressEncoding {
  if (paBits !== undefined && paBits !== 48 && paBits !== 52) {
    throw InputError.of('geometry.pa_bits', `${paBits} should be 48 or 52`)
  }
  if (lpa2) {
    if (paBits === 48) throw InputError.of('geometry.pa_bits', 'a 52-bit VA needs 52 with LPA2')
    return 'lpa2'
  }
  if (paBits !== 52) return 'plain'
  if (pageShift !== 16) throw InputError.of('geometry.pa_bits', '52 needs 64K pages or LPA2')
  return 'pa52-64k'
}

/** mm/pagewalk.c real_depth(): the compile-time folding only, also where a level is folded at run time. */
function realDepth(raw: Level, folded: readonly boolean[]): Level {
  let depth = raw
  if (depth === PMD && folded[PMD]) depth = PUD
  if (depth === PUD && folded[PUD]) depth = P4D
  if (depth === P4D && folded[P4D]) depth = PGD
  return depth
}

/** Index of an address in its table at a level that is not folded: `p?d_index()`. */
export const indexOf = (g: Geometry, level: Level, addr: Va): number =>
  Math.floor(addr / (g.size[level] as number)) & ((g.ptrs[level] as number) - 1)

/**
 * `p?d_addr_end()`: the next boundary of the level above addr, or end if that comes first. A folded level hands on
 * end, so its loop runs once.
 */
export function addrEnd(g: Geometry, level: Level, addr: Va, end: Va): Va {
  if (g.folded[level]) return end
  const size = g.size[level] as number
  const boundary = alignDown(addr, size) + size
  return isBelow(boundary - 1, end - 1) ? boundary : end
}
