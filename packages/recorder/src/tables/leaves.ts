import { sizeText } from '../event/quantity.ts'
import {
  bigintOf,
  BIT,
  fromVa,
  HI,
  LEVEL_NAMES,
  type LevelName,
  LO,
  physOf,
} from '@pagetrail/engine'

import {
  hasBit,
  memoryTypeOf,
  readableGeometry,
  roleWords,
  shareabilityOf,
} from '../descriptor/bits.ts'
import type { PageState } from './page-state.ts'

/** A run of leaf entries of one level, alike but for the output address, which goes on without a gap. */
export interface Leaf {
  readonly level: LevelName
  readonly va: bigint
  /** First address after it; 2^64 wraps to 0. */
  readonly end: bigint
  /** Output address at `va`; of an invalid entry what its address field holds. */
  readonly pa: bigint
  /** The descriptor without its address. */
  readonly attributes: bigint
  readonly valid: boolean
  readonly cont: boolean
}

/** The same with exact numbers: what comparing and printing work on. */
export interface LeafNumbers {
  readonly level: number
  readonly start: number
  end: number
  readonly pa: number
  readonly attrLo: number
  readonly attrHi: number
}

/** Reachable leaves merged where level and attributes agree and the output address continues. */
export function mergedLeaves(state: PageState): LeafNumbers[] {
  const runs: LeafNumbers[] = []
  const geometry = readableGeometry(state.geometry)
  const address = roleWords('address', geometry)
  let last: LeafNumbers | undefined
  state.eachLeaf((level, start, lo, hi) => {
    const size = state.entrySize(level)
    const pa = physOf(geometry, lo, hi)
    const attrLo = (lo & ~address.lo) >>> 0
    const attrHi = (hi & ~address.hi) >>> 0
    if (
      last &&
      last.end === start &&
      last.level === level &&
      last.attrLo === attrLo &&
      last.attrHi === attrHi &&
      last.pa + (start - last.start) === pa
    ) {
      last.end += size
      return
    }
    last = { level, start, end: start + size, pa, attrLo, attrHi }
    runs.push(last)
  })
  return runs
}

/** {@link mergedLeaves} with every value as outside of hot code. */
export const leavesOf = (state: PageState): Leaf[] => mergedLeaves(state).map(leafOf)

export const leafOf = (run: LeafNumbers): Leaf => ({
  level: LEVEL_NAMES[run.level] ?? 'pte',
  va: fromVa(run.start),
  end: fromVa(run.end),
  pa: BigInt(run.pa),
  attributes: bigintOf(run.attrLo, run.attrHi),
  valid: (run.attrLo & LO.VALID) !== 0,
  cont: (run.attrHi & HI.CONT) !== 0,
})

/** The kernel's own bits and their texts, in its order: pte_bits[] of arch/arm64/mm/ptdump.c. */
const BITS: readonly (readonly [at: number | 'SH', set: string, clear: string])[] = [
  [BIT.VALID, ' ', 'F'],
  [BIT.USER, 'USR', '   '],
  [BIT.RDONLY, 'ro', 'RW'],
  [BIT.PXN, 'NX', 'x '],
  ['SH', 'SHD', '   '],
  [BIT.AF, 'AF', '  '],
  [BIT.NG, 'NG', '  '],
  [BIT.CONT, 'CON', '   '],
  [BIT.TYPE, '   ', 'BLK'],
  [BIT.UXN, 'UXN', '   '],
  [BIT.GP, 'GP', '  '],
]

/**
 * The attributes of a leaf as ptdump prints them, columns aligned. Address bits are not in them: the kernel's ptdump
 * shows bits 51:50 of an address as SHD.
 */
function ptdumpAttributes(desc: bigint): string {
  const texts = BITS.map(([at, set, clear]) => {
    const isSet = at === 'SH' ? shareabilityOf(desc, null)?.name === 'ISH' : hasBit(desc, at)
    return isSet ? set : clear
  })
  return [...texts, memoryTypeOf(desc).ptdump].join(' ')
}

export const hex16 = (address: bigint): string => '0x' + address.toString(16).padStart(16, '0')

/** One line of /sys/kernel/debug/kernel_page_tables. */
export function ptdumpLine({
  level,
  va,
  end,
  attributes,
}: Pick<Leaf, 'level' | 'va' | 'end' | 'attributes'>): string {
  const size = sizeText(Number(BigInt.asUintN(64, end - va))).padStart(10)
  const words = ptdumpAttributes(attributes).trimEnd()
  return `${hex16(va)}-${hex16(end)}   ${size} ${level.toUpperCase()} ${words}`
}

/** All leaves in ptdump's form: merged by attributes alone, as the kernel does. */
export function* ptdumpLines(state: PageState): Generator<string> {
  let open: LeafNumbers | undefined
  const line = (run: LeafNumbers) => ptdumpLine(leafOf(run))
  for (const run of mergedLeaves(state)) {
    if (
      open &&
      open.end === run.start &&
      open.level === run.level &&
      open.attrLo === run.attrLo &&
      open.attrHi === run.attrHi
    ) {
      open.end = run.end
      continue
    }
    if (open) yield line(open)
    open = { ...run }
  }
  if (open) yield line(open)
}
