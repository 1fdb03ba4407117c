import { describe, expect, test } from 'vitest'

import {
  createGeometry,
  isCont,
  isNone,
  isPresent,
  isPresentInvalid,
  isSect,
  isTable,
  isValid,
  isValidNotUser,
  p4dNone,
  pgdNone,
  pmdLeaf,
  pudLeaf,
  pudNone,
  wordsOf,
} from '@pagetrail/engine'
import {
  p4dBad,
  pgdBad,
  pmdBad,
  pudBad,
  pudPresent,
  pudSect,
} from '../../../packages/engine/src/arch/predicates.ts'

const g = (page_shift: number, va_bits: number, va_bits_actual?: number) =>
  createGeometry({ page_shift, va_bits, va_bits_actual })

/** desc, then none valid present presentInvalid table sect pmdLeaf pmdBad. */
const VALUES: readonly (readonly [string, bigint, string])[] = [
  ['none', 0n, 'none bad'],
  ['table', 0x1000000000000403n, 'valid present table'],
  ['block', 0x68000600000701n, 'valid present sect leaf bad'],
  ['block made invalid, NG clear', 0x68000600000700n, 'bad'],
  ['block made invalid, NG set', 0x68000600000f00n, 'present presentInvalid leaf bad'],
  ['page made invalid, NG clear', 0x68000500000702n, 'bad'],
  ['page made invalid, NG set', 0x68000500000f02n, 'present presentInvalid leaf bad'],
  ['VALID set on nothing', 1n, 'valid present sect leaf bad'],
]

describe('of a value', () => {
  test.each(VALUES)('%s', (_, desc, expected) => {
    const { lo, hi } = wordsOf(desc)
    const said: readonly (readonly [string, boolean])[] = [
      ['none', isNone(lo, hi)],
      ['valid', isValid(lo)],
      ['present', isPresent(lo)],
      ['presentInvalid', isPresentInvalid(lo)],
      ['table', isTable(lo)],
      ['sect', isSect(lo)],
      ['leaf', pmdLeaf(lo)],
      ['bad', pmdBad(lo)],
    ]
    expect(
      said
        .filter(([, yes]) => yes)
        .map(([name]) => name)
        .join(' '),
    ).toBe(expected)
  })

  test('CONT is looked at without validity', () => {
    expect(isCont(wordsOf(0x0010_0000_0000_0000n).hi)).toBe(true)
    expect(isCont(wordsOf(0x0068_0000_0000_0703n).hi)).toBe(false)
  })

  test.each([
    [0x68000500000703n, true],
    [0x68000500000702n, false],
    [0x68000500000743n, false],
    [0x28000500000703n, false],
  ])('a barrier follows a valid kernel PTE only: %x', (desc, expected) => {
    const { lo, hi } = wordsOf(desc)
    expect(isValidNotUser(lo, hi)).toBe(expected)
  })
})

const none = (page_shift: number, va_bits: number, actual?: number): boolean[] => {
  const of = g(page_shift, va_bits, actual)
  return [p4dNone(of, 0, 0), pgdNone(of, 0, 0)]
}

describe('of folded and special levels', () => {
  const block = 0x701
  const invalid = 0x700

  test('a PUD of 64K pages is never a leaf, also with a block descriptor, and then bad', () => {
    for (const bits of [48, 52]) {
      expect([pudLeaf(g(16, bits), block), pudSect(g(16, bits), block)]).toEqual([false, false])
      expect(pudBad(g(16, bits), block)).toBe(true)
    }
    expect([pudLeaf(g(12, 39), block), pudSect(g(12, 39), block)]).toEqual([true, true])
  })

  test('with two levels a PUD is always there and never bad', () => {
    expect([pudNone(g(16, 42), 0, 0), pudBad(g(16, 42), 0), pudPresent(g(16, 42), 0)]).toEqual([
      false,
      false,
      true,
    ])
    expect([pudNone(g(12, 39), 0, 0), pudBad(g(12, 39), 0), pudPresent(g(12, 39), 0)]).toEqual([
      true,
      true,
      false,
    ])
  })

  test('a P4D is real with four levels, a PGD with five', () => {
    expect(none(12, 39)).toEqual([false, false])
    expect(none(12, 48)).toEqual([true, false])
    expect(none(12, 52)).toEqual([true, true])
    expect(none(12, 52, 48)).toEqual([true, false])
    expect(none(14, 52)).toEqual([true, false])
    expect(none(14, 52, 47)).toEqual([false, false])
  })

  test('6.12 looks at bit 1 alone for a bad P4D, later versions at both type bits', () => {
    const of = g(12, 52)
    const said = [0x403, block, 2, invalid].map((lo) => [
      p4dBad(of, true, lo),
      p4dBad(of, false, lo),
    ])
    expect(said).toEqual([
      [false, false],
      [true, true],
      [false, true],
      [true, true],
    ])
    expect([pgdBad(of, true, 2), pgdBad(of, false, 2)]).toEqual([false, true])
  })
})
