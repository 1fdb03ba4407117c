/** The value of a hexadecimal digit by its byte, or -1. */
const HEX = new Int8Array(256).fill(-1)
for (let i = 0; i < 10; i++) HEX[0x30 + i] = i
for (let i = 0; i < 6; i++) HEX[0x41 + i] = HEX[0x61 + i] = 10 + i

const MINUS = 0x2d
const ZERO = 0x30
const X = 0x78

/** Digits that a double holds exactly, however they are. */
const EXACT_DIGITS = 15
const TWO_32 = 0x1_0000_0000

export const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= ZERO && byte <= 0x39

/** 64-bit values by index, as two u32 words each. */
export interface WordColumns {
  readonly lo: Uint32Array
  readonly hi: Uint32Array
}

/**
 * Reads `0x…` or a decimal number, negative ones in two's complement, into the two words at `index`.
 * False where [at, end) is anything else, or does not fit 64 bits.
 */
export function readNumber(
  bytes: Uint8Array,
  at: number,
  end: number,
  to: WordColumns,
  index: number,
): boolean {
  if (readDigits(bytes, at, end, to, index) === end) return true
  return end - at > EXACT_DIGITS && readLong(bytes, at, end, to, index)
}

/** The same of a number that may end before `end`: where it ends; -1 where none begins, or a longer one. */
export function readDigits(
  bytes: Uint8Array,
  at: number,
  end: number,
  to: WordColumns,
  index: number,
): number {
  if (bytes[at] === ZERO && bytes[at + 1] === X) return readHex(bytes, at + 2, end, to, index)
  const negative = bytes[at] === MINUS
  const from = negative ? at + 1 : at
  let value = 0
  let p = from
  for (; p < end; p++) {
    const digit = bytes[p]! - ZERO
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  if (p === from || p - from > EXACT_DIGITS) return -1
  setNumber(negative ? -value : value, to, index)
  return p
}

function readHex(
  bytes: Uint8Array,
  at: number,
  end: number,
  to: WordColumns,
  index: number,
): number {
  let low = 0
  let high = 0
  let p = at
  for (; p < end; p++) {
    const digit = HEX[bytes[p]!]!
    if (digit < 0) break
    high = (high << 4) | (low >>> 28)
    low = (low << 4) | digit
  }
  if (p === at || p - at > 16) return -1
  to.lo[index] = low
  to.hi[index] = high
  return p
}

/** Puts an integer below 2^53 in magnitude into two words, in two's complement. */
function setNumber(value: number, to: WordColumns, index: number): void {
  to.lo[index] = value >>> 0
  to.hi[index] = Math.floor(value / TWO_32)
}

/** More digits than a double holds: rare enough for a bigint. */
function readLong(
  bytes: Uint8Array,
  at: number,
  end: number,
  to: WordColumns,
  index: number,
): boolean {
  if (end - at > 20) return false
  let text = ''
  for (let p = at; p < end; p++) {
    const digit = bytes[p]!
    if (!isDigit(digit) && !(p === at && digit === MINUS)) return false
    text += String.fromCharCode(digit)
  }
  const value = BigInt(text)
  if (value >= 1n << 64n || value < -(1n << 63n)) return false
  to.lo[index] = Number(BigInt.asUintN(32, value))
  to.hi[index] = Number(BigInt.asUintN(32, value >> 32n))
  return true
}
