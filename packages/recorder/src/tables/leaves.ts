import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'

import type { PageState } from './page-state.ts'
import { addressToBigint, joinWords } from '../event/words.ts'

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
export interface LeafRun {
  readonly level: number
  readonly start: number
  end: number
  readonly pa: number
  readonly attrLo: number
  readonly attrHi: number
}

/** Bits 49:32 of the address, and bit 52 (contiguous), in a high word. */
const ADDRESS_HI = 0x3ffff
const CONT_HI = 1 << 20

/** Reachable leaves merged where level and attributes agree and the output address continues. */
export function leafRuns(state: PageState): LeafRun[] {
  const runs: LeafRun[] = []
  const pageMask = (2 ** state.pageShift - 1) >>> 0
  let last: LeafRun | undefined
  state.eachLeaf((level, address, lo, hi) => {
    const size = state.entrySize(level)
    const pa = (hi & ADDRESS_HI) * 2 ** 32 + ((lo & ~pageMask) >>> 0)
    const attrLo = (lo & pageMask) >>> 0
    const attrHi = (hi & ~ADDRESS_HI) >>> 0
    if (
      last &&
      last.end === address &&
      last.level === level &&
      last.attrLo === attrLo &&
      last.attrHi === attrHi &&
      last.pa + (address - last.start) === pa
    ) {
      last.end += size
      return
    }
    last = { level, start: address, end: address + size, pa, attrLo, attrHi }
    runs.push(last)
  })
  return runs
}

/** {@link leafRuns} with every value as outside of hot code. */
export const leavesOf = (state: PageState): Leaf[] => leafRuns(state).map(leafOf)

export const leafOf = (run: LeafRun): Leaf => ({
  level: LEVEL_NAMES[run.level] ?? 'pte',
  va: addressToBigint(run.start),
  end: addressToBigint(run.end),
  pa: BigInt(run.pa),
  attributes: joinWords(run.attrLo, run.attrHi),
  valid: (run.attrLo & 1) === 1,
  cont: (run.attrHi & CONT_HI) !== 0,
})

/** The kernel's own bits and their texts, in its order: pte_bits[] of arch/arm64/mm/ptdump.c. */
const BITS: readonly { lo?: number; hi?: number; set: string; clear: string }[] = [
  { lo: 0x1, set: ' ', clear: 'F' },
  { lo: 0x40, set: 'USR', clear: '   ' },
  { lo: 0x80, set: 'ro', clear: 'RW' },
  { hi: 1 << 21, set: 'NX', clear: 'x ' },
  { lo: 0x300, set: 'SHD', clear: '   ' },
  { lo: 0x400, set: 'AF', clear: '  ' },
  { lo: 0x800, set: 'NG', clear: '  ' },
  { hi: CONT_HI, set: 'CON', clear: '   ' },
  { lo: 0x2, set: '   ', clear: 'BLK' },
  { hi: 1 << 22, set: 'UXN', clear: '   ' },
  { hi: 1 << 18, set: 'GP', clear: '  ' },
]
const MEMORY = [
  'MEM/NORMAL',
  'MEM/NORMAL-TAGGED',
  'MEM/NORMAL-NC',
  'DEVICE/nGnRnE',
  'DEVICE/nGnRE',
] as const

/** The attributes of a descriptor as ptdump prints them, columns aligned. */
function ptdumpAttributes(lo: number, hi: number): string {
  const texts = BITS.map(({ lo: low = 0, hi: high = 0, set, clear }) =>
    (lo & low) === low && (hi & high) === high ? set : clear,
  )
  const memory = MEMORY[(lo >>> 2) & 7] ?? `MEM/${(lo >>> 2) & 7}`
  return [...texts, memory].join(' ')
}

const UNITS = ['K', 'M', 'G', 'T', 'P'] as const

/** `2M`: the largest unit that divides it, as ptdump's. */
export function sizeText(bytes: number): string {
  let size = bytes / 1024
  let unit = 0
  while (size % 1024 === 0 && size > 0 && unit < UNITS.length - 1) {
    size /= 1024
    unit++
  }
  return `${size}${UNITS[unit]}`
}

export const hex16 = (address: number): string =>
  '0x' + addressToBigint(address).toString(16).padStart(16, '0')

/** One line of /sys/kernel/debug/kernel_page_tables. */
export function ptdumpLine(
  run: Pick<LeafRun, 'level' | 'start' | 'end' | 'attrLo' | 'attrHi'>,
): string {
  const size = sizeText(run.end - run.start).padStart(10)
  const level = (LEVEL_NAMES[run.level] ?? 'pte').toUpperCase()
  const attributes = ptdumpAttributes(run.attrLo, run.attrHi).trimEnd()
  return `${hex16(run.start)}-${hex16(run.end)}   ${size} ${level} ${attributes}`
}

/** All leaves in ptdump's form: merged by attributes alone, as the kernel does. */
export function* ptdumpLines(state: PageState): Generator<string> {
  let open: LeafRun | undefined
  for (const run of leafRuns(state)) {
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
    if (open) yield ptdumpLine(open)
    open = { ...run }
  }
  if (open) yield ptdumpLine(open)
}
