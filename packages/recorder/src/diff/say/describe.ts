import { hex16 } from '../../tables/leaves.ts'
import type { Addressing } from '../options.ts'

/** Names of descriptor bits, by position: pgtable-hwdef.h and pgtable-prot.h. */
const BITS: readonly (readonly [bit: number, name: string])[] = [
  [0, 'VALID'],
  [1, 'TYPE'],
  [6, 'USER'],
  [7, 'RDONLY'],
  [10, 'AF'],
  [11, 'NG'],
  [50, 'GP'],
  [51, 'WRITE'],
  [52, 'CONT'],
  [53, 'PXN'],
  [54, 'UXN'],
  [55, 'DIRTY'],
  [59, 'PXNTable'],
  [60, 'UXNTable'],
]
/** SH = inner shareable. */
const SHARED = 0x300
/** Bits of an address field, 49:12. */
const ADDRESS_LO = 0xfffff000
const ADDRESS_HI = 0x3ffff

interface Words {
  readonly oldLo: number
  readonly oldHi: number
  readonly newLo: number
  readonly newHi: number
}

/** `+RDONLY -WRITE`: the bits that a change set and cleared; other bits as a mask, a new address as such. */
export function toggleText(change: Words): string {
  if (change.newLo === 0 && change.newHi === 0) return 'cleared'
  const parts = [
    ...bitTexts('+', change.newLo & ~change.oldLo, change.newHi & ~change.oldHi),
    ...bitTexts('-', change.oldLo & ~change.newLo, change.oldHi & ~change.newHi),
  ]
  const moved =
    ((change.oldLo ^ change.newLo) & ADDRESS_LO) !== 0 ||
    ((change.oldHi ^ change.newHi) & ADDRESS_HI) !== 0
  if (moved) parts.push(change.oldLo === 0 && change.oldHi === 0 ? 'new' : 'other address')
  return parts.length > 0 ? parts.join(' ') : 'unchanged'
}

function bitTexts(sign: string, lo: number, hi: number): string[] {
  const parts: string[] = []
  let restLo = lo & ~ADDRESS_LO
  let restHi = hi & ~ADDRESS_HI
  for (const [bit, name] of BITS) {
    const mask = 1 << (bit % 32)
    if (((bit < 32 ? restLo : restHi) & mask) === 0) continue
    parts.push(sign + name)
    if (bit < 32) restLo &= ~mask
    else restHi &= ~mask
  }
  if ((restLo & SHARED) === SHARED) {
    parts.push(`${sign}SHARED`)
    restLo &= ~SHARED
  }
  const rest = (restHi >>> 0) * 2 ** 32 + (restLo >>> 0)
  if (rest > 0) parts.push(`${sign}0x${rest.toString(16)}`)
  return parts
}

const REGIONS = ['', '', 'linear', 'fixmap', 'other', 'alias'] as const

/** A compared address for people: raw ones in full, relative ones as `+0x3000`, `alias of +0x3000`, `linear page 2`. */
export function placeText(place: number, mode: Addressing): string {
  const code = Math.floor(place / 2 ** 48)
  const offset = place - code * 2 ** 48
  const region = REGIONS[code]
  if (mode === 'raw' && region !== 'fixmap') return hex16(place)
  if (code === 1) return `+0x${offset.toString(16)}`
  if (region === 'alias') return `alias of +0x${offset.toString(16)}`
  return `${region} page ${Math.floor(offset / 4096)}`
}
