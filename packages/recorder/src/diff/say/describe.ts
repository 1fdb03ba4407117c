import { bigintOf, fromVa, type Geometry, hexOf, type LevelName } from '@pagetrail/engine'

import { outputAddress, readableGeometry } from '../../descriptor/bits.ts'
import { attributesText, changedBits, kindOf, sharesBits } from '../../descriptor/text.ts'
import { hex16 } from '../../tables/leaves.ts'
import type { Addressing } from '../align/addresses.ts'

/** A store in the form in which it is compared: addresses of tables by their order of appearance in the call. */
export interface Toggle {
  readonly level: LevelName
  readonly geometry: Geometry | null
  readonly oldLo: number
  readonly oldHi: number
  readonly newLo: number
  readonly newHi: number
}

/**
 * What two changes that differ did, `+RDONLY -DBM` and `+RDONLY`. Where an entry led is left out, so that many entries
 * have one text, unless nothing else distinguishes the two.
 */
export function toggleTexts(left: Toggle | null, right: Toggle | null, mode: Addressing) {
  const texts = [left, right].map((toggle) => toggle && toggleText(toggle))
  const isSame = texts[0] === texts[1]
  const [a = null, b = null] = [left, right].map(
    (toggle, side) => toggle && texts[side] + (isSame ? ` at ${leadsTo(toggle, mode)}` : ''),
  )
  return { left: a, right: b }
}

function toggleText({ level, geometry, oldLo, oldHi, newLo, newHi }: Toggle): string {
  const old = bigintOf(oldLo, oldHi)
  const now = bigintOf(newLo, newHi)
  if (now === 0n) return '→ none'
  if (!sharesBits(old, now, level)) {
    return `${attributesText(old, level, geometry)} → ${attributesText(now, level, geometry)}`
  }
  const parts = changedBits(old, now, level, geometry)
  if (outputAddress(old, geometry) !== outputAddress(now, geometry)) parts.push('other address')
  return parts.length > 0 ? parts.join(' ') : 'unchanged'
}

function leadsTo({ level, geometry, newLo, newHi }: Toggle, mode: Addressing): string {
  const now = bigintOf(newLo, newHi)
  const pa = outputAddress(now, geometry)
  if (kindOf(now, level) === 'table')
    return `table ${pa >> BigInt(readableGeometry(geometry).pageShift)}`
  return `${mode === 'raw' ? '' : '+'}${hexOf(pa)}`
}

const REGIONS = ['', '', 'linear', 'fixmap', 'other', 'alias'] as const

/** A compared address for people: raw ones in full, relative ones as `+0x3000`, `alias of +0x3000`, `linear page 2`. */
export function placeText(place: number, mode: Addressing): string {
  const code = Math.floor(place / 2 ** 48)
  const offset = place - code * 2 ** 48
  const region = REGIONS[code]
  if (mode === 'raw' && region !== 'fixmap') return hex16(fromVa(place))
  if (code === 1) return `+${hexOf(BigInt(offset))}`
  if (region === 'alias') return `alias of +${hexOf(BigInt(offset))}`
  return `${region} page ${Math.floor(offset / 4096)}`
}
