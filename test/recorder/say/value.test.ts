import { createGeometry } from '@pagetrail/engine'
import { expect, test } from 'vitest'
import { rangeText } from '@pagetrail/recorder'

const GEOMETRY = createGeometry({ page_shift: 12, va_bits: 48 })
const VA = 0xffff800080000000n
const LAST = 0xffffffffffffffffn

test.each([
  [VA, VA + 0x3000n, '0xffff800080000000 +3p'],
  [VA, VA + 0x1004n, '0xffff800080000000 +1p 4B'],
  [VA, VA + 8n, '0xffff800080000000 +8B'],
  [LAST & ~0xfffn, 0n, '0xfffffffffffff000 +1p'],
  [LAST, 0n, '0xffffffffffffffff empty'],
  [VA, VA, '0xffff800080000000 empty'],
  [VA, VA - 0x1000n, '0xffff800080000000 empty'],
  [VA, null, '0xffff800080000000'],
  [null, null, ''],
])('the range from %s to %s', (va, end, text) => {
  expect(rangeText(va, end, GEOMETRY)).toBe(text)
})
