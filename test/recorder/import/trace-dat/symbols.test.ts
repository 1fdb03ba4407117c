import { expect, test } from 'vitest'

import { Symbols } from '../../../../packages/recorder/src/import/trace-dat/symbols.ts'

const SYMBOLS = new Symbols(
  `ffff8000801d1f28 t do_init_module
ffff8000801d1d28 t free_module
0000000000000000 T hidden
no symbol
ffff80007a114000 t init\t[nls_ascii]
`,
)

test.each([
  [0xffff8000801d1d28n, true, 'free_module+0x0'],
  [0xffff8000801d1f27n, true, 'free_module+0x1ff'],
  [0xffff8000801d2000n, false, 'do_init_module'],
  [0xffff80007a114004n, false, 'init'],
  [0xffff000000000000n, false, '0xffff000000000000'],
])('%s', (address, offset, name) => {
  expect(SYMBOLS.nameOf(address, offset)).toBe(name)
})
