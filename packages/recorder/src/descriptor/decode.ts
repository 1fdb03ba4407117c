import { BIT, type Geometry, type LevelName } from '@pagetrail/engine'

import {
  bitFields,
  type BitField,
  bitsText,
  fieldMask,
  hasBit,
  memoryTypeOf,
  outputAddress,
  shareabilityOf,
} from './bits.ts'
import { formOf, kindOf } from './text.ts'

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
 * differ; null counts as the last level. The geometry decides where address bits lie.
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
  add('type', '1:0', (v) => formOf(v, level), '')
  const all = bitFields(kindOf(seen, level), geometry)
  for (const field of all) {
    // The form says TYPE.
    if (WIDE[field.name] || field.role === 'address' || field.name === 'TYPE') continue
    const isSet = (v: bigint | null) => v !== null && (v & fieldMask(field)) !== 0n
    if (!field.always && !isSet(old) && !isSet(now)) continue
    const { name, set, clear } = inContext(field, seen)
    add(name, bitsText(field), (v) => (isSet(v) ? '1' : '0'), isSet(seen) ? set : clear)
  }
  for (const field of all) {
    const wide = WIDE[field.name]
    if (!wide || seen === 0n) continue
    const read = (v: bigint) => String(wide(v, geometry).index)
    add(field.name, bitsText(field), read, wide(seen, geometry).meaning)
  }
  const address = all.find(({ role }) => role === 'address')!
  const leadsTo = (v: bigint) => outputAddress(v, geometry).toString(16)
  add(address.name, bitsText(address), leadsTo, '')
  return fields
}

/** Fields of several bits that are not the address. */
const WIDE: Readonly<
  Record<string, (desc: bigint, geometry: Geometry | null) => { index: number; meaning: string }>
> = {
  AttrIndx: (desc) => ({ index: memoryTypeOf(desc).index, meaning: memoryTypeOf(desc).name }),
  SH: (desc, geometry) => shareabilityOf(desc, geometry) ?? { index: 0, meaning: '' },
}

/** NG of a descriptor that is not valid is PTE_PRESENT_INVALID. */
const inContext = (field: BitField, desc: bigint): Pick<BitField, 'name' | 'set' | 'clear'> =>
  field.name === 'NG' && !hasBit(desc, BIT.VALID)
    ? { name: 'PRESENT_INVALID', set: 'present but invalid', clear: 'present but invalid' }
    : field
