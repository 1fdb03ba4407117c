import { type Geometry, hexOf } from '@pagetrail/engine'

import { readableGeometry } from '../descriptor/bits.ts'

/** A 64-bit value as text for people: `0x…`, the form of JSON too; `?` where it is not known. */
export const valueText = (value: bigint | null | undefined): string =>
  value === null || value === undefined ? '?' : hexOf(value)

/**
 * Escapes what a terminal would act on instead of showing: control characters of both sets, marks that turn the
 * direction of text or cannot be seen, and halves of characters. Names in traces are anybody's; letters stay letters.
 */
export const escapeControls = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (sign) => {
    const code = sign.codePointAt(0)!
    if (sign === '\n') return '\\n'
    if (sign === '\t') return '\\t'
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })

/** Those that the modelled calls return. */
const ERRNO: Readonly<Record<number, string>> = {
  11: 'EAGAIN',
  12: 'ENOMEM',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  22: 'EINVAL',
}

/** A return value as the kernel's source writes it: `0`, `-EINVAL`, `-95`; `?` where it is not known. */
export function errnoText(ret: number | null): string {
  if (ret === null) return '?'
  const name = ERRNO[-ret]
  return name === undefined ? String(ret) : `-${name}`
}

/**
 * `0xffff800080010000 +3p`: an address and the number of pages from there. A range that ends before it begins is empty:
 * the kernel starts from ULONG_MAX and 0 where it collects one. An end of 0 is also that of the address space.
 */
export function rangeText(
  va: bigint | null,
  end: bigint | null,
  geometry: Geometry | null,
): string {
  if (va === null) return ''
  if (end === null) return hexOf(va)
  const { pageShift } = readableGeometry(geometry)
  const offset = (1n << BigInt(pageShift)) - 1n
  if (end <= va && (end !== 0n || (va & offset) !== 0n)) return `${hexOf(va)} empty`
  const size = pagesText(BigInt.asUintN(64, end - va), geometry)
  return size === '' ? hexOf(va) : `${hexOf(va)} ${size}`
}

/** `+3p`, `+3p 16B`: bytes as pages and what is left of one; nothing for none. */
export function pagesText(size: bigint, geometry: Geometry | null): string {
  const { pageShift } = readableGeometry(geometry)
  const pages = size >> BigInt(pageShift)
  const rest = size & ((1n << BigInt(pageShift)) - 1n)
  const parts = [
    pages > 0n ? `+${pages}p` : '',
    rest > 0n ? `${pages > 0n ? '' : '+'}${rest}B` : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** Structured values as people write them: `addr 0xffff800080000000, numpages 3`. */
export function factText(value: unknown): string {
  if (value === null || value === undefined) return 'unknown'
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.map(factText).join(', ')
  return Object.entries(value)
    .map(([name, part]) => `${name} ${factText(part)}`)
    .join(', ')
}
