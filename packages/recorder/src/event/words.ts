/**
 * The crossing between the `bigint` of an event and what hot code works with, without allocation: two unsigned words,
 * low first, or - for addresses - the signed number that the 64 bits are in two's complement. Kernel addresses are
 * negative then, and every canonical one is exact (the engine keeps them so too).
 */
const long = new BigUint64Array(1)
const words = new Uint32Array(long.buffer)

/** Low word of the value last given to {@link take}. */
export const lowWord = (): number => words[0]!
/** High word of the value last given to {@link take}. */
export const highWord = (): number => words[1]!

/** Takes a value apart: read {@link lowWord} and {@link highWord} before the next call. */
export function take(value: bigint): void {
  long[0] = value
}

/** An address as a signed number. Not exact for values that no canonical arm64 address has. */
export function signedVa(value: bigint): number {
  long[0] = value
  return (words[1]! | 0) * 2 ** 32 + words[0]!
}
