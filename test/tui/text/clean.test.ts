import { expect, test } from 'vitest'
import { clean } from '../../../packages/tui/src/text/clean.ts'

test.each([
  ['plain → text', 'plain → text'],
  ['\x1b[31mred\x1b[0m', String.raw`\x1b[31mred\x1b[0m`],
  ['a\nb\tc\x07', String.raw`a\x0ab\x09c\x07`],
  ['\x9b2J', String.raw`\x9b2J`],
  ['abc\u202edcba', String.raw`abc\u{202e}dcba`],
  ['größe 大きさ', 'größe 大きさ'],
])('%j', (text, printed) => {
  expect(clean(text)).toBe(printed)
})
