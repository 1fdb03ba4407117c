import { describe, expect, test } from 'vitest'

import {
  GEOMETRIES,
  InputError,
  P4D,
  PGD,
  PMD,
  PTE,
  PUD,
  addrEnd,
  createGeometry,
  indexOf,
  toVa,
} from '@pagetrail/engine'

/** page shift, VA bits, levels, shifts of PMD, PUD, P4D, PGD, PTRS_PER_PGD, folded names. */
const TABLE: readonly (readonly [number, number, number, number[], number, number[]])[] = [
  [12, 39, 3, [21, 30, 30, 30], 512, [P4D, PUD]],
  [12, 48, 4, [21, 30, 39, 39], 512, [P4D]],
  [12, 52, 5, [21, 30, 39, 48], 16, []],
  [14, 36, 2, [25, 25, 25, 25], 2048, [P4D, PUD, PMD]],
  [14, 47, 3, [25, 36, 36, 36], 2048, [P4D, PUD]],
  [14, 48, 4, [25, 36, 47, 47], 2, [P4D]],
  [14, 52, 4, [25, 36, 47, 47], 32, [P4D]],
  [16, 42, 2, [29, 29, 29, 29], 8192, [P4D, PUD, PMD]],
  [16, 48, 3, [29, 42, 42, 42], 64, [P4D, PUD]],
  [16, 52, 3, [29, 42, 42, 42], 1024, [P4D, PUD]],
]

describe('the ten geometries', () => {
  test('are these', () => {
    expect(GEOMETRIES.map((g) => [g.page_shift, g.va_bits])).toEqual(
      TABLE.map(([shift, bits]) => [shift, bits]),
    )
  })

  test.each(TABLE)('2^%i pages, %i bits', (page_shift, va_bits, levels, shifts, ptrs, folded) => {
    const g = createGeometry({ page_shift, va_bits })
    expect(g.levels).toBe(levels)
    expect([PMD, PUD, P4D, PGD].map((level) => Math.log2(g.size[level]!))).toEqual(shifts)
    expect(g.ptrs[PGD]).toBe(ptrs)
    expect([P4D, PUD, PMD].filter((level) => g.folded[level])).toEqual(folded)
    expect(g.size[PTE]).toBe(g.pageSize)
    // Relations: tables cover the space; a level is its entries times the one below.
    expect(g.ptrs[PGD]! * g.size[PGD]!).toBe(2 ** va_bits)
    for (const level of [PGD, P4D, PUD, PMD]) {
      expect(g.size[level]! / g.size[level + 1]!).toBe(g.ptrs[level + 1])
    }
    expect(g.topVa).toBe(-(2 ** va_bits))
  })

  test.each([
    [12, 16, 2 ** 16, 16, 2 ** 25],
    [14, 128, 2 ** 21, 32, 2 ** 30],
    [16, 32, 2 ** 21, 32, 2 ** 34],
  ])('contiguous spans of 2^%i pages', (page_shift, ptes, pteSpan, pmds, pmdSpan) => {
    const g = createGeometry({ page_shift, va_bits: 48 })
    expect([g.contPtes, g.contPteSize, g.contPmds, g.contPmdSize]).toEqual([
      ptes,
      pteSpan,
      pmds,
      pmdSpan,
    ])
  })
})

describe('depth of holes', () => {
  test.each([
    [12, 52, undefined, [0, 1, 2, 3]],
    [12, 48, undefined, [0, 0, 2, 3]],
    [12, 39, undefined, [0, 0, 0, 3]],
    [14, 36, undefined, [0, 0, 0, 0]],
    // Folding at run time does not enter it.
    [12, 52, 48, [0, 1, 2, 3]],
    [14, 52, 47, [0, 0, 2, 3]],
  ])('2^%i pages, %i bits, %s real', (page_shift, va_bits, va_bits_actual, depth) => {
    expect(createGeometry({ page_shift, va_bits, va_bits_actual }).depth).toEqual(depth)
  })
})

describe('folding at run time', () => {
  test('4K with 48 real bits folds the P4D: its 512 entries are the top', () => {
    const g = createGeometry({ page_shift: 12, va_bits: 52, va_bits_actual: 48 })
    expect(g).toMatchObject({
      name: '4k-52@48',
      l5Enabled: false,
      l4Enabled: true,
      lpa2Active: false,
      top: P4D,
      topEntries: 512,
      topVa: -(2 ** 48),
    })
    // The compile-time names stay: the PGD loop still steps by 256T.
    expect(g.folded[P4D]).toBe(false)
    expect(addrEnd(g, PGD, -(2 ** 48), 0)).toBe(0)
  })

  test('16K with 47 real bits folds the PUD', () => {
    const g = createGeometry({ page_shift: 14, va_bits: 52, va_bits_actual: 47 })
    expect(g).toMatchObject({ l4Enabled: false, top: PUD, topEntries: 2048, topVa: -(2 ** 47) })
  })

  test('64K with 48 real bits uses the last 64 of 1024 entries', () => {
    const g = createGeometry({ page_shift: 16, va_bits: 52, va_bits_actual: 48 })
    expect(g).toMatchObject({ levels: 3, top: PUD, topEntries: 1024, topVa: -(2 ** 52) })
    expect(indexOf(g, PGD, toVa(0xffff000000000000n))).toBe(960)
  })
})

const at = (hex: bigint): number => toVa(hex)

describe('addrEnd', () => {
  const g = createGeometry({ page_shift: 12, va_bits: 48 })

  test('is the next boundary strictly above, or the end', () => {
    const start = at(0xffff8000001ff000n)
    expect(addrEnd(g, PMD, start, at(0xffff800000600000n))).toBe(at(0xffff800000200000n))
    expect(addrEnd(g, PMD, start, at(0xffff800000200000n))).toBe(at(0xffff800000200000n))
    expect(addrEnd(g, PMD, at(0xffff800000200000n), at(0xffff800000600000n))).toBe(
      at(0xffff800000400000n),
    )
  })

  test('works up to 2^64, where boundary and end are 0', () => {
    expect(addrEnd(g, PMD, at(0xffffffffffe00000n), 0)).toBe(0)
    expect(addrEnd(g, PMD, at(0xffffffffffe00000n), at(0xfffffffffffff000n))).toBe(
      at(0xfffffffffffff000n),
    )
  })

  test('is the end at a folded level', () => {
    expect(addrEnd(g, P4D, at(0xffff000000000000n), 0)).toBe(0)
  })
})

describe('what does not exist is refused', () => {
  test.each([
    [{ page_shift: 12, va_bits: 47 }, 'page_shift 12 with va_bits 47 does not exist'],
    [{ page_shift: 12, va_bits: 48, levels: 3 }, 'geometry.levels: 3 should be 4'],
    [{ page_shift: 12, va_bits: 48, va_bits_actual: 39 }, '39 should be 48'],
    [{ page_shift: 14, va_bits: 52, va_bits_actual: 48 }, '48 should be 52 or 47'],
    [{ page_shift: 12, va_bits: 48, pa_bits: 52 }, '52 needs 64K pages or LPA2'],
    [{ page_shift: 14, va_bits: 52, pa_bits: 48 }, 'a 52-bit VA needs 52 with LPA2'],
    [{ page_shift: 16, va_bits: 52, pa_bits: 50 }, '50 should be 48 or 52'],
  ])('%j', (choice, message) => {
    expect(() => createGeometry(choice)).toThrow(InputError)
    expect(() => createGeometry(choice)).toThrow(message)
  })
})
