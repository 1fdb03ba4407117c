import { describe, expect, test } from 'vitest'
import {
  endPageOf,
  hexRange,
  PAGE_LIMIT,
  pageOf,
  pagesIn,
  PageSizes,
  pagesSize,
  vaOf,
} from '../../../packages/recorder/src/observers/page-numbers.ts'
import { RangeList } from '../../../packages/recorder/src/observers/range-list.ts'

describe('page numbers', () => {
  test('hold any kernel address exactly, both ways', () => {
    for (const va of [0xffff_ffff_ffff_f000n, 0xfff0_0000_0000_0000n, 0xffff_8000_c000_0000n, 0n]) {
      expect(vaOf(pageOf(va))).toBe(va)
    }
  })

  test('an end is rounded up, and 0 is the top of the address space', () => {
    expect(endPageOf(0xffff_8000_0000_0001n)).toBe(pageOf(0xffff_8000_0000_1000n))
    expect(endPageOf(0n)).toBe(PAGE_LIMIT)
  })

  test('a call counts its pages from the one its address lies in', () => {
    expect(pagesIn(0x2000n)).toBe(2)
    expect(pagesIn(BigInt.asUintN(64, -0x1000n))).toBe(PAGE_LIMIT - 1)
  })

  test('sizes as people say them', () => {
    expect([1, 3, 16, 512, 8192, 2 ** 18].map(pagesSize)).toEqual([
      '4K',
      '12K',
      '64K',
      '2M',
      '32M',
      '1G',
    ])
  })
})

describe('sizes of a level', () => {
  test.each([
    [{ pageShift: 12, vaBits: 48, levels: 4 }, ['4K', '64K', '2M', '32M', '1G']],
    [{ pageShift: 14, vaBits: 47, levels: 3 }, ['16K', '2M', '32M', '1G', '64G']],
    [{ pageShift: 16, vaBits: 42, levels: 2 }, ['64K', '2M', '512M', '16G', '4T']],
  ])('%o', (geometry, expected) => {
    const sizes = new PageSizes(geometry)
    const levels = ['pte', 'contpte', 'pmd', 'contpmd', 'pud'] as const
    expect(levels.map((level) => pagesSize(sizes.of(level)))).toEqual(expected)
  })

  test('the linear map ends where modules begin', () => {
    const sizes = new PageSizes({ pageShift: 12, vaBits: 48, levels: 4 })
    expect(sizes.isLinear(pageOf(0xffff_7fff_ffff_f000n))).toBe(true)
    expect(sizes.isLinear(pageOf(0xffff_8000_0000_0000n))).toBe(false)
  })
})

test('ranges merge where they touch and say how many more there are', () => {
  const ranges = new RangeList()
  for (const start of [10, 11, 12, 20, 30, 40, 50]) ranges.add(start, start + 1)
  expect(`${ranges}`).toBe(
    `${hexRange(10, 13)}, ${hexRange(20, 21)}, ${hexRange(30, 31)} and 2 more ranges`,
  )
  expect([ranges.pages, ranges.count, ranges.start, ranges.end]).toEqual([7, 5, 10, 51])
})
