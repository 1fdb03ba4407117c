import { describe, expect, test } from 'vitest'
import {
  packedText,
  printkFormats,
} from '../../../../packages/recorder/src/import/trace-dat/printk.ts'

type Part = number | bigint | string

/** Arguments as bprintf() packs them: words of four bytes, low half first. */
function packed(parts: readonly Part[]): DataView {
  const bytes: number[] = []
  for (const part of parts) {
    if (typeof part === 'string') {
      bytes.push(...new TextEncoder().encode(part), 0)
      continue
    }
    while (bytes.length % 4 !== 0) bytes.push(0)
    const size = typeof part === 'bigint' ? 8 : 4
    for (let i = 0; i < size; i++) bytes.push(Number((BigInt(part) >> BigInt(8 * i)) & 0xffn))
  }
  return new DataView(Uint8Array.from(bytes).buffer)
}

const VALUES = {
  number: () => undefined,
  text: () => undefined,
  symbol: (address: bigint) => `fn_${address.toString(16)}`,
}
const text = (format: string, parts: readonly Part[]) =>
  packedText(format, packed(parts), true, VALUES)

test('formats by address, with their escapes', () => {
  const formats = printkFormats('0xffff800081234567 : "cpu=%d \\"x\\"\\n"\nnonsense\n')
  expect([...formats]).toEqual([[0xffff800081234567n, 'cpu=%d "x"\n']])
})

describe('packed arguments', () => {
  test.each<[string, readonly Part[], string | null]>([
    ['fig: cpu=%d util=%lu', [0, 512n], 'fig: cpu=0 util=512'],
    ['%s then %5d|%-4x|%04x', ['abc', 7, 255, 255], 'abc then     7|ff  |00ff'],
    ['%d', [-3], '-3'],
    ['%llx at %ps 100%%', [0xffff8000deadbeefn, 0x10n], 'ffff8000deadbeef at fn_10 100%'],
    ['%c%c', [], null],
  ])('%s', (format, parts, expected) => {
    expect(text(format, parts)).toBe(expected)
  })
})
