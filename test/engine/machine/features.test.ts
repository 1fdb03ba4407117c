import { describe, expect, test } from 'vitest'

import { createGeometry, deriveConstants, flavourOf, fromVa } from '@pagetrail/engine'

/** page shift, VA bits, real bits, PAGE_OFFSET, linear start, PAGE_END, VMALLOC_START, VMALLOC_END. */
const TABLE: readonly (readonly [number, number, number, string])[] = [
  [
    12,
    39,
    39,
    'ffffff8000000000 ffffff8000000000 ffffffc000000000 ffffffc080000000 fffffffebf800000',
  ],
  [
    12,
    48,
    48,
    'ffff000000000000 ffff000000000000 ffff800000000000 ffff800080000000 fffffdffbf800000',
  ],
  [
    12,
    52,
    52,
    'fff0000000000000 fff0000000000000 ffff800000000000 ffff800080000000 ffffc1ffbf800000',
  ],
  [
    12,
    52,
    48,
    'fff0000000000000 ffff000000000000 ffff800000000000 ffff800080000000 fffffdffbf800000',
  ],
  [
    14,
    36,
    36,
    'fffffff000000000 fffffff000000000 fffffff800000000 fffffff880000000 ffffffffb7800000',
  ],
  [
    14,
    47,
    47,
    'ffff800000000000 ffff800000000000 ffffc00000000000 ffffc00080000000 ffffffbfbf800000',
  ],
  [
    14,
    48,
    48,
    'ffff000000000000 ffff000000000000 ffff800000000000 ffff800080000000 ffffff7fbf800000',
  ],
  [
    14,
    52,
    52,
    'fff0000000000000 fff0000000000000 ffffc00000000000 ffffc00080000000 fffff03fbf800000',
  ],
  [
    14,
    52,
    47,
    'fff0000000000000 ffff800000000000 ffffc00000000000 ffffc00080000000 ffffffbfbf800000',
  ],
  [
    16,
    42,
    42,
    'fffffc0000000000 fffffc0000000000 fffffe0000000000 fffffe0080000000 ffffffff3f800000',
  ],
  [
    16,
    48,
    48,
    'ffff000000000000 ffff000000000000 ffff800000000000 ffff800080000000 ffffffdfbf800000',
  ],
  [
    16,
    52,
    52,
    'fff0000000000000 fff0000000000000 ffff800000000000 ffff800080000000 fffffc1fbf800000',
  ],
  [
    16,
    52,
    48,
    'fff0000000000000 ffff000000000000 ffff800000000000 ffff800080000000 ffffffdfbf800000',
  ],
]

describe('the address space', () => {
  test.each(TABLE)('2^%i pages, %i bits, %i real', (page_shift, va_bits, actual, expected) => {
    const g = createGeometry({ page_shift, va_bits, va_bits_actual: actual })
    const c = deriveConstants(g, flavourOf('7.3'))
    const firstRam = 16 * 2 ** 30
    const linearStart = firstRam - c.PHYS_OFFSET + c.PAGE_OFFSET
    const derived = [c.PAGE_OFFSET, linearStart, c.PAGE_END, c.VMALLOC_START, c.VMALLOC_END]
    expect(derived.map((va) => fromVa(va).toString(16)).join(' ')).toBe(expected)
  })

  test('the fixmap slot of the top table differs between versions', () => {
    const g = createGeometry({ page_shift: 12, va_bits: 48 })
    const at = (name: string) => fromVa(deriveConstants(g, flavourOf(name)).FIX_PGD_VA)
    expect(at('6.18')).toBe(0xffffffffff42f000n)
    expect(at('7.3')).toBe(0xffffffffff428000n)
  })
})
