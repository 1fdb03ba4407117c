import type { LevelName } from '@pagetrail/engine'
import { hex } from './text.ts'

/** One field of an arm64 stage-1 descriptor, with what it says before and after. */
export interface BitField {
  /** The kernel's name. */
  readonly name: string
  /** Which bits, e.g. `7` or `4:2`. */
  readonly bits: string
  readonly old: string | null
  readonly new: string | null
  readonly changed: boolean
  /** What the new value means (the old one where there is no new one). */
  readonly meaning: string
}

interface Bit {
  readonly at: number
  readonly name: string
  readonly set: string
  readonly clear: string
  /** Shown even when 0 and unchanged. */
  readonly always?: true
}

const bit = (at: number, name: string, set: string, clear: string): Bit => ({
  at,
  name,
  set,
  clear,
})
const always = (b: Bit): Bit => ({ ...b, always: true })

/** Names and positions: arch/arm64/include/asm/pgtable-hwdef.h and pgtable-prot.h of 6.12 to 7.3. */
const LEAF: readonly Bit[] = [
  always(bit(0, 'VALID', 'hardware uses it', 'hardware faults')),
  bit(5, 'NS', 'non-secure', 'secure'),
  bit(6, 'USER', 'EL0 may access', 'kernel only'),
  always(bit(7, 'RDONLY', 'read-only', 'not read-only')),
  bit(10, 'AF', 'accessed', 'never cached in a TLB'),
  bit(11, 'NG', 'not global', 'global'),
  bit(50, 'GP', 'guarded for BTI', 'not guarded'),
  always(bit(51, 'DBM', 'writable', 'not writable')),
  bit(52, 'CONT', 'one of a contiguous span', 'stands alone'),
  always(bit(53, 'PXN', 'kernel may not execute', 'kernel may execute')),
  bit(54, 'UXN', 'EL0 may not execute', 'EL0 may execute'),
  bit(55, 'DIRTY', 'software dirty', 'software clean'),
  bit(56, 'SPECIAL', 'special mapping', 'normal mapping'),
  bit(57, 'DEVMAP', 'device map (6.12)', 'no device map'),
  bit(58, 'UFFD_WP', 'userfaultfd write-protected', 'not userfaultfd'),
  bit(59, 'PBHA0', 'set', 'clear'),
  bit(60, 'PO_IDX_0', 'set', 'clear'),
  bit(61, 'PO_IDX_1', 'set', 'clear'),
  bit(62, 'PO_IDX_2', 'set', 'clear'),
  bit(63, 'SW63', 'software bit', 'clear'),
]
const TABLE: readonly Bit[] = [
  always(bit(0, 'VALID', 'hardware follows it', 'hardware faults')),
  bit(10, 'TABLE_AF', 'accessed', 'not accessed'),
  bit(59, 'PXNTable', 'nothing below is executable by the kernel', 'no limit'),
  bit(60, 'UXNTable', 'nothing below is executable by EL0', 'no limit'),
  bit(61, 'APTable0', 'no EL0 access below', 'no limit'),
  bit(62, 'APTable1', 'read-only below', 'no limit'),
  bit(63, 'NSTable', 'non-secure below', 'no limit'),
]
const MEMORY = ['NORMAL', 'NORMAL_TAGGED', 'NORMAL_NC', 'DEVICE_nGnRnE', 'DEVICE_nGnRE'] as const
const SHARED = ['non-shareable', 'reserved', 'outer', 'inner'] as const

const has = (v: bigint, at: number): boolean => ((v >> BigInt(at)) & 1n) === 1n
const fieldAt = (v: bigint, at: number, mask: bigint): number => Number((v >> BigInt(at)) & mask)

/** Whether the descriptor leads to a table: type 3 above the last level. */
export const isTable = (v: bigint, level: LevelName | null): boolean =>
  (v & 3n) === 3n && level !== 'pte' && level !== 'contpte' && level !== null

/** Bits 49 down to the page shift: the output address without the extensions of 52-bit addresses. */
export const outputAddress = (v: bigint, pageShift: number): bigint =>
  v & ((1n << 50n) - 1n) & ~((1n << BigInt(pageShift)) - 1n)

function typeOf(v: bigint, level: LevelName | null): string {
  if (v === 0n) return 'none'
  if (isTable(v, level)) return 'table'
  if (level === 'pte' || level === 'contpte')
    return (v & 2n) === 0n && has(v, 0) ? 'reserved' : 'page'
  return 'block'
}

/** Everything a descriptor says, or what a change of it changed; fields that say nothing on both sides are left out. */
export function decode(
  old: bigint | null,
  now: bigint | null,
  level: LevelName | null,
  pageShift: number,
): BitField[] {
  const seen = now ?? old
  if (seen === null) return []
  const out: BitField[] = []
  const add = (name: string, bits: string, say: (v: bigint) => string, meaning: string) => {
    const a = old === null ? null : say(old)
    const b = now === null ? null : say(now)
    out.push({ name, bits, old: a, new: b, changed: a !== null && b !== null && a !== b, meaning })
  }
  const table = isTable(seen, level)
  add('type', '1:0', (v) => typeOf(v, level), '')
  for (const b of table ? TABLE : LEAF) {
    const anySet = (old !== null && has(old, b.at)) || (now !== null && has(now, b.at))
    if (!b.always && !anySet) continue
    const ng = b.name === 'NG' && !has(seen, 0)
    const meaning = ng ? 'present but invalid' : has(seen, b.at) ? b.set : b.clear
    add(ng ? 'PRESENT_INVALID' : b.name, String(b.at), (v) => (has(v, b.at) ? '1' : '0'), meaning)
  }
  if (!table && seen !== 0n) {
    add('AttrIndx', '4:2', (v) => String(fieldAt(v, 2, 7n)), MEMORY[fieldAt(seen, 2, 7n)] ?? '')
    add('SH', '9:8', (v) => String(fieldAt(v, 8, 3n)), SHARED[fieldAt(seen, 8, 3n)] ?? '')
  }
  const address = (v: bigint) => outputAddress(v, pageShift).toString(16)
  add(table ? 'next table' : 'address', `49:${pageShift}`, address, '')
  return out
}

/** A descriptor in a few words: `RW NX`, `RO X CONT`, `table`, `invalid RO`, `none`. */
export function attributes(v: bigint | null, level: LevelName | null): string {
  if (v === null) return '?'
  if (v === 0n) return 'none'
  if (isTable(v, level)) return 'table'
  const words = [has(v, 7) ? 'RO' : has(v, 51) ? 'RW' : 'R-', has(v, 53) ? 'NX' : 'X']
  if (!has(v, 0)) words.unshift('invalid')
  else if (level !== 'pte' && level !== 'contpte') words.unshift('block')
  if (has(v, 6)) words.push('USER')
  if (has(v, 52)) words.push('CONT')
  if (has(v, 0) && !has(v, 10)) words.push('AF=0')
  const memory = fieldAt(v, 2, 7n)
  if (memory !== 0) words.push(MEMORY[memory]?.replace('NORMAL_', '') ?? `attr${memory}`)
  return words.join(' ')
}

/** What a store changed, in bits: `-WRITE +RDONLY`, `none -> page RW NX`, `same`. */
export function change(old: bigint | null, now: bigint | null, level: LevelName | null): string {
  if (old === null || now === null) return '?'
  if (old === now) return 'same'
  if (old === 0n || now === 0n || isTable(old, level) !== isTable(now, level)) {
    return `${attributes(old, level)} -> ${attributes(now, level)}`
  }
  const words: string[] = []
  for (const b of isTable(now, level) ? TABLE : LEAF) {
    if (has(old, b.at) !== has(now, b.at)) words.push((has(now, b.at) ? '+' : '-') + b.name)
  }
  if (fieldAt(old, 2, 7n) !== fieldAt(now, 2, 7n)) {
    words.push(`attr ${fieldAt(old, 2, 7n)}>${fieldAt(now, 2, 7n)}`)
  }
  if (outputAddress(old, 12) !== outputAddress(now, 12)) words.push('address')
  return words.length > 0 ? words.join(' ') : `${hex(old ^ now)} differ`
}
