import { expect, test } from 'vitest'
import { pairLines, tableLines } from '@pagetrail/recorder'

test('columns are as wide as their widest cell; numbers stand at the right', () => {
  const rows = [
    ['a', 1],
    ['long name', 12_345],
  ] as const
  const lines = tableLines<(typeof rows)[number]>(
    [
      { head: 'NAME', value: ([name]) => name, max: 6 },
      { head: 'N', value: ([, n]) => String(n), align: 'right' },
    ],
    rows,
  )
  expect(lines).toEqual(['NAME        N', 'a           1', 'long …  12345'])
})

test('cells cannot steer the terminal', () => {
  const lines = tableLines([{ head: 'X', value: (text: string) => text }], ['a\x1b[31m\nb'])
  expect(lines).toEqual(['X', String.raw`a\x1b[31m\nb`])
})

test('pairs put the values into one column', () => {
  expect(
    pairLines([
      ['a', '1'],
      ['longer', ''],
    ]),
  ).toEqual(['a       1', 'longer'])
})
