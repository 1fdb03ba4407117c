import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  BIT,
  bigintOf,
  bits,
  createGeometry,
  pageKernel,
  pageKernelExec,
  pageKernelRo,
  pageKernelRox,
  physHi,
  physLo,
  physOf,
} from '@pagetrail/engine'
import type { GeometryChoice, Words } from '@pagetrail/engine'

const value = ({ lo, hi }: Words): bigint => bigintOf(lo, hi)

test('bits are where the architecture has them', () => {
  expect(value(bits('VALID', 'RDONLY', 'DBM'))).toBe((1n << 0n) | (1n << 7n) | (1n << 51n))
  for (const name of Object.keys(BIT) as (keyof typeof BIT)[]) {
    expect(value(bits(name))).toBe(1n << BigInt(BIT[name]))
  }
})

describe('protections of kernel pages', () => {
  const without = { lpa2Active: false, ng: false, dirty: false }
  const dirty = { ...without, dirty: true }

  test.each([
    [pageKernel, 0x0068_0000_0000_0703n, 0x00e8_0000_0000_0703n],
    [pageKernelRo, 0x0060_0000_0000_0783n, 0x00e0_0000_0000_0783n],
    [pageKernelRox, 0x0040_0000_0000_0783n, 0x00c0_0000_0000_0783n],
    [pageKernelExec, 0x0048_0000_0000_0703n, 0x00c8_0000_0000_0703n],
  ])('%o', (prot, plain, withDirty) => {
    expect(value(prot(without))).toBe(plain)
    expect(value(prot(dirty))).toBe(withDirty)
  })

  test('KPTI makes them not global; LPA2 takes the shareability bits away', () => {
    expect(value(pageKernel({ ...without, ng: true }))).toBe(0x0068_0000_0000_0f03n)
    expect(value(pageKernel({ ...without, lpa2Active: true }))).toBe(0x0068_0000_0000_0403n)
  })
})

const encode = (choice: GeometryChoice, pa: number): bigint => {
  const g = createGeometry(choice)
  return bigintOf(physLo(g, pa), physHi(g, pa))
}

describe('output addresses', () => {
  test.each<[string, GeometryChoice, number, bigint]>([
    ['48 bits', { page_shift: 12, va_bits: 48 }, 0xabcd_1234_5000, 0xabcd_1234_5000n],
    // PA[51:48] in bits 15:12, PA[49:48] also in place.
    [
      '64K, 52 bits',
      { page_shift: 16, va_bits: 52, pa_bits: 52 },
      0xf_abcd_1234_0000,
      0x3_abcd_1234_f000n,
    ],
    // PA[51:50] in bits 9:8, the rest in place.
    ['4K, LPA2', { page_shift: 12, va_bits: 52 }, 0xf_abcd_1234_5000, 0x3_abcd_1234_5300n],
    ['16K, LPA2', { page_shift: 14, va_bits: 52 }, 0x8_0000_0000_4000, 0x4200n],
  ])('%s', (_, choice, pa, expected) => {
    expect(encode(choice, pa)).toBe(expected)
  })

  test.each<[string, GeometryChoice, bigint]>([
    ['48 bits', { page_shift: 12, va_bits: 48 }, 48n],
    ['64K, 52 bits', { page_shift: 16, va_bits: 52, pa_bits: 52 }, 52n],
    ['4K, LPA2', { page_shift: 12, va_bits: 52 }, 52n],
    ['16K, LPA2', { page_shift: 14, va_bits: 52 }, 52n],
  ])('what is encoded is decoded: %s', (_, choice, width) => {
    const g = createGeometry(choice)
    const pages = fc.bigInt({ min: 0n, max: (1n << (width - BigInt(g.pageShift))) - 1n })
    fc.assert(
      fc.property(pages, (frame) => {
        const pa = Number(frame << BigInt(g.pageShift))
        expect(physOf(g, physLo(g, pa), physHi(g, pa))).toBe(pa)
      }),
    )
  })

  test('an LPA2 kernel on a CPU without it reads bits 9:8 as shareability', () => {
    const g = createGeometry({ page_shift: 12, va_bits: 52, va_bits_actual: 48 })
    expect(physOf(g, 0x5703, 0)).toBe(0x5000)
  })
})
