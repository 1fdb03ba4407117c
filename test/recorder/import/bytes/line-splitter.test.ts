import { expect, test } from 'vitest'

import { LineSplitter } from '../../../../packages/recorder/src/import/bytes/line-splitter.ts'

function split(chunks: readonly string[]) {
  const found: string[] = []
  const splitter = new LineSplitter({
    line: (bytes, start, end) => found.push(new TextDecoder().decode(bytes.subarray(start, end))),
  })
  for (const chunk of chunks) splitter.push(new TextEncoder().encode(chunk))
  return { found, lines: splitter.lines, unfinished: splitter.rest.length }
}

test.each([
  [['a\nb\n'], ['a', 'b'], 0],
  [['a', '\n', '', 'b\nc'], ['a', 'b'], 1],
  [['one li', 'ne of', ' three\n\n'], ['one line of three', ''], 0],
  [['a\r\nb\r', '\nc\rd\n'], ['a', 'b', 'c\rd'], 0],
])('%j', (chunks, lines, unfinished) => {
  expect(split(chunks)).toEqual({ found: lines, lines: lines.length, unfinished })
})

test.each([['a'.repeat(1 << 21)], ['a'.repeat(1 << 19)]])(
  'a line without end is refused',
  (part) => {
    expect(() => split([part, part, part, part])).toThrow('more than a megabyte')
  },
)
