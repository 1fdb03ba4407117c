/**
 * 64-bit values without BigInt in hot code. This file owns every crossing between the three forms:
 *
 * - a **descriptor** is two unsigned 32-bit words, low word first ({@link Words} where it travels as one value);
 * - an **address** is a number: a virtual address is the *signed* integer its 64 bits are in two's complement, so
 *   that kernel addresses are negative, 2^64 is 0 and wrapping needs no code. Every canonical address of a kernel
 *   with 52 or fewer VA bits, and every physical address, is below 2^53 in magnitude and therefore exact;
 * - outside of the engine both are a `bigint` or a hexadecimal string.
 */
const TWO_32 = 2 ** 32

/** A virtual address: signed two's complement, exact (see the header). */
export type Va = number

/** A physical address: 0 … 2^52. */
export type Pa = number

/** A 64-bit value as two unsigned words. */
export interface Words {
  readonly lo: number
  readonly hi: number
}

/** Low word of an address, as unsigned 32 bits. */
export const loOf = (address: number): number => address >>> 0

/** High word of an address, as unsigned 32 bits. */
export const hiOf = (address: number): number => Math.floor(address / TWO_32) >>> 0

/** Two words of an address as the number that it is. `hi` is taken as signed: kernel addresses come out negative. */
export const addressOf = (lo: number, hi: number): number => (hi | 0) * TWO_32 + (lo >>> 0)

/** Its two words. */
export const wordsOf = (value: bigint): Words => ({
  lo: Number(value & 0xffffffffn),
  hi: Number((value >> 32n) & 0xffffffffn),
})

/** The value of two words, which may be signed or not. */
export const bigintOf = (lo: number, hi: number): bigint =>
  (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)

/** @throws RangeError if the address is not canonical for any arm64 kernel: it would not be exact. */
export function toVa(value: bigint): Va {
  const signed = BigInt.asIntN(64, value)
  if (signed < -(2n ** 53n) || signed > 2n ** 53n) {
    throw new RangeError(`${hexOf(value)} is not a canonical address`)
  }
  return Number(signed)
}

/** The 64 bits of an address. */
export const fromVa = (va: Va): bigint => BigInt.asUintN(64, BigInt(va))

/** `0x` and no leading zeros, the form of the corpus and of everything printed. */
export const hexOf = (value: bigint): string => '0x' + BigInt.asUintN(64, value).toString(16)

/**
 * A 64-bit value as kernels, ftrace and oops texts print it: `0x` and up to 16 hexadecimal digits, or 16 of them alone.
 * Null: it is neither.
 */
export const u64OfText = (text: string): bigint | null =>
  /^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt(text) : u64OfDigits(text)

const u64OfDigits = (text: string): bigint | null =>
  /^[0-9a-f]{16}$/i.test(text) ? BigInt(`0x${text}`) : null

/** The same where a person or a scenario may write it: other digits are decimal. */
export const u64OfInput = (text: string): bigint | null =>
  u64OfText(text) ?? (/^\d+$/.test(text) ? BigInt(text) : null)

/** {@link hexOf} of two words. */
export const hexOfWords = (lo: number, hi: number): string =>
  hi === 0 ? '0x' + (lo >>> 0).toString(16) : '0x' + withoutZeros(hi) + eightDigits(lo)

const withoutZeros = (word: number): string =>
  word >>> 28 === 0 ? (word >>> 0).toString(16) : eightDigits(word)

/** V8 makes a number of more than 31 bits a text by dividing it, digit for digit. */
const eightDigits = (word: number): string =>
  BYTES[word >>> 24]! +
  BYTES[(word >>> 16) & 0xff]! +
  BYTES[(word >>> 8) & 0xff]! +
  BYTES[word & 0xff]!

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** a < b as unsigned 64-bit integers. */
export const isBelow = (a: number, b: number): boolean => (a < 0 === b < 0 ? a < b : b < 0)

/** Round down to a multiple of a power of two. */
export const alignDown = (address: number, size: number): number =>
  Math.floor(address / size) * size

/** To a power of two. */
export const isAligned = (address: number, size: number): boolean =>
  alignDown(address, size) === address
