import type { Geometry, LevelName } from '@pagetrail/engine'

import {
  type DescriptorBit,
  hasBit,
  LEAF_BITS,
  memoryTypeOf,
  SHAREABILITY,
  shareabilityOf,
  TABLE_BITS,
} from './bits.ts'
import { formOf, outputAddress } from './text.ts'

/** One field of a descriptor, with what it says before and after. */
export interface DescriptorField {
  readonly name: string
  /** Which bits, e.g. `7`, `4:2`, or `49:12,9:8` for an address that lies in two places. */
  readonly bits: string
  readonly old: string | null
  readonly new: string | null
  /** Both values are known, and differ. */
  readonly changed: boolean
  /** What the new value means (the old one where there is no new one). */
  readonly meaning: string
}

/**
 * Everything a descriptor says, or what a store changed of it; bits that are 0 on both sides and say nothing by that
 * are left out. A value that is null was not seen. The level decides between table and leaf, the new value where they
 * differ; null counts as the last level. The geometry decides where address bits lie, see {@link outputAddress}.
 */
export function decodeDescriptor(
  old: bigint | null,
  now: bigint | null,
  level: LevelName | null,
  geometry: Geometry | null,
): DescriptorField[] {
  const seen = now ?? old
  if (seen === null) return []
  const fields: DescriptorField[] = []
  const add = (name: string, bits: string, say: (v: bigint) => string, meaning: string) => {
    const a = old === null ? null : say(old)
    const b = now === null ? null : say(now)
    const changed = a !== null && b !== null && a !== b
    fields.push({ name, bits, old: a, new: b, changed, meaning })
  }
  const table = formOf(seen, level) === 'table'
  add('type', '1:0', (v) => formOf(v, level), '')
  for (const b of table ? TABLE_BITS : LEAF_BITS) {
    const anySet = (old !== null && hasBit(old, b.at)) || (now !== null && hasBit(now, b.at))
    if (!b.always && !anySet) continue
    const { name, meaning } = wordsOf(b, seen)
    add(name, String(b.at), (v) => (hasBit(v, b.at) ? '1' : '0'), meaning)
  }
  if (!table && seen !== 0n) {
    add('AttrIndx', '4:2', (v) => String(memoryTypeOf(v).index), memoryTypeOf(seen).name)
    if (!geometry?.lpa2Active) {
      const meaning = SHAREABILITY[shareabilityOf(seen)]?.meaning ?? ''
      add('SH', '9:8', (v) => String(shareabilityOf(v)), meaning)
    }
  }
  const address = (v: bigint) => outputAddress(v, geometry).toString(16)
  add(table ? 'next table' : 'address', addressBits(geometry), address, '')
  return fields
}

/** NG of a descriptor that is not valid is PTE_PRESENT_INVALID. */
function wordsOf(b: DescriptorBit, desc: bigint): { name: string; meaning: string } {
  if (b.name === 'NG' && !hasBit(desc, 0)) {
    return { name: 'PRESENT_INVALID', meaning: 'present but invalid' }
  }
  return { name: b.name, meaning: hasBit(desc, b.at) ? b.set : b.clear }
}

/** Where the output address lies (`__pte_to_phys()`). */
function addressBits(geometry: Geometry | null): string {
  const plain = `49:${geometry?.pageShift ?? 12}`
  if (geometry?.encoding === 'pa52-64k') return '47:16,15:12'
  return geometry?.lpa2Active ? `${plain},9:8` : plain
}

/**
 * The names of bits that a store set and cleared, lowest first: `+RDONLY`, `-DBM`. Neither side is a table, or both.
 */
export function changedBits(old: bigint, now: bigint, table: boolean): string[] {
  const differ = old ^ now
  return (table ? TABLE_BITS : LEAF_BITS)
    .filter((b) => hasBit(differ, b.at))
    .map((b) => (hasBit(now, b.at) ? '+' : '-') + b.name)
}
