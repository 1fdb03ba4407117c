import { createGeometry } from '@pagetrail/engine'
import { changeText, descriptorParts, descriptorText } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

/** Values of spec/01 §4 and of real 6.12 … 7.3 kernels. */
test.each([
  [0n, 'pte', 'none'],
  [0xe8_0005_0004_0703n, 'pte', 'page 0x500040000 rw- normal ISH AF DBM PXN UXN DIRTY'],
  [0x60_0005_0004_0783n, 'pte', 'page 0x500040000 r-- normal ISH RDONLY AF PXN UXN'],
  [0x40_0000_4000_0781n, 'pmd', 'block 0x40000000 r-x normal ISH RDONLY AF UXN'],
  [0x78_0000_8000_0705n, 'pmd', 'block 0x80000000 rw- tagged ISH AF DBM CONT PXN UXN'],
  [0x1800_0014_0600_0403n, 'pmd', 'table 0x1406000000 AF PXNTable UXNTable'],
  [0x68_0000_4000_0700n, 'pmd', 'invalid 0x40000000 rw- normal ISH AF DBM PXN UXN'],
  [0x68_0000_4000_0f00n, 'pmd', 'present-invalid 0x40000000 rw- normal ISH AF NG DBM PXN UXN'],
  [0x1n, 'pte', 'reserved 0x0 rwx normal'],
] as const)('%x at %s', (desc, level, text) => {
  expect(descriptorText(desc, level, null)).toBe(text)
})

test.each([
  [0xe8_0005_0004_0703n, 0xe0_0005_0004_0783n, 'pte', '+RDONLY -DBM'],
  [0x68_0005_0004_0703n, 0x68_0005_0004_0f02n, 'pte', '+NG -VALID'],
  [0x68_0005_0004_0703n, 0x68_0005_0004_0703n, 'pte', ''],
  [0x68_0000_0000_0703n, 0x48_0000_0000_0703n, 'pte', '-PXN'],
  [0x68_0005_0004_0703n, 0x68_0005_0004_1703n, 'pte', '0x500040000 → 0x500041000'],
  [0n, 0x3n, 'pmd', 'none → table 0x0'],
  [
    0x68_0000_4000_0705n,
    0x1800_0014_0600_0403n,
    'pmd',
    'block 0x40000000 rw- tagged ISH AF DBM PXN UXN → table 0x1406000000 AF PXNTable UXNTable',
  ],
] as const)('%x to %x at %s', (old, now, level, text) => {
  expect(changeText(old, now, level, null)).toBe(text)
})

test('with LPA2 active bits 9:8 are address, not shareability', () => {
  const geometry = createGeometry({ page_shift: 12, va_bits: 52 })
  const parts = descriptorParts(0x68_0000_4000_0703n, 'pte', geometry)
  expect(parts.pa).toBe((3n << 50n) | 0x4000_0000n)
  expect(parts.bits).not.toContain('ISH')
})
