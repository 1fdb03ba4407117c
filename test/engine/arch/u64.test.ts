import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  addressOf,
  alignDown,
  bigintOf,
  fromVa,
  hexOf,
  hexOfWords,
  hiOf,
  isAligned,
  isBelow,
  loOf,
  toVa,
  wordsOf,
} from '@pagetrail/engine'

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
/** Canonical addresses of a kernel with 52 VA bits, both halves. */
const canonical = fc
  .bigInt({ min: -(2n ** 52n), max: 2n ** 52n })
  .map((signed) => BigInt.asUintN(64, signed))

describe('words', () => {
  test('cross to bigint and back', () => {
    fc.assert(
      fc.property(u64, (value) => {
        const { lo, hi } = wordsOf(value)
        expect(bigintOf(lo, hi)).toBe(value)
        expect(bigintOf(lo | 0, hi | 0)).toBe(value)
        expect(BigInt(hexOfWords(lo, hi))).toBe(value)
        expect(hexOfWords(lo, hi)).toBe(hexOf(value))
      }),
    )
  })
})

describe('addresses', () => {
  test('cross exactly, and their words are those of the 64 bits', () => {
    fc.assert(
      fc.property(canonical, (value) => {
        const va = toVa(value)
        expect(fromVa(va)).toBe(value)
        expect({ lo: loOf(va), hi: hiOf(va) }).toEqual(wordsOf(value))
        expect(addressOf(loOf(va), hiOf(va))).toBe(va)
      }),
    )
  })

  test('compare as unsigned', () => {
    fc.assert(
      fc.property(canonical, canonical, (a, b) => {
        expect(isBelow(toVa(a), toVa(b))).toBe(a < b)
      }),
    )
  })

  test('add and align as 64 bits do, 2^64 being 0', () => {
    expect(toVa(0xfffffffffffff000n) + 0x1000).toBe(0)
    fc.assert(
      fc.property(canonical, fc.integer({ min: 12, max: 42 }), (value, shift) => {
        const size = 2 ** shift
        const down = alignDown(toVa(value), size)
        expect(fromVa(down)).toBe((value >> BigInt(shift)) << BigInt(shift))
        expect(isAligned(down, size)).toBe(true)
        expect(isAligned(down + 1, size)).toBe(false)
      }),
    )
  })

  test('that are not canonical are refused rather than rounded', () => {
    expect(() => toVa(0x8000000000000001n)).toThrow('0x8000000000000001 is not a canonical address')
  })
})
