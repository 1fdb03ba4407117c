import { createGeometry } from '@pagetrail/engine'
import { expect, test } from 'vitest'
import { span } from '../../../packages/tui/src/text/describe.ts'

const GEOMETRY = createGeometry({ page_shift: 12, va_bits: 48 })
const VA = 0xffff800080000000n
const LAST = 0xffffffffffffffffn

test.each([
  [VA, VA + 0x3000n, 'ffff800080000000 +3p'],
  [VA, VA + 0x1004n, 'ffff800080000000 +1p 4B'],
  [VA, VA + 8n, 'ffff800080000000 +8B'],
  [LAST & ~0xfffn, 0n, 'fffffffffffff000 +1p'],
  [LAST, 0n, 'ffffffffffffffff empty'],
  [VA, VA, 'ffff800080000000 empty'],
  [VA, VA - 0x1000n, 'ffff800080000000 empty'],
  [VA, null, 'ffff800080000000'],
  [null, null, ''],
])('the range from %s to %s', (va, end, text) => {
  expect(span(va, end, GEOMETRY)).toBe(text)
})
