import { csvLines, jsonLine, resultLines } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

const ESC = '\u001b'
const HOSTILE = [
  `${ESC}[2J${ESC}]0;title\u0007`,
  'a\rb\bc\u009b31m',
  '\u202etxt.exe\u2066',
  'tab\tline\nend',
]
const ACTED_ON = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

test.each([
  ['table', (text: string) => resultLines([text], [[text]]).join('\n')],
  ['csv', (text: string) => csvLines([text], [[text]]).join('\n')],
  ['json', (text: string) => jsonLine([text], [text])],
])('%s shows what a terminal would act on', (_, render) => {
  for (const text of HOSTILE) expect(render(text)).not.toMatch(ACTED_ON)
  expect(render(HOSTILE[0]!)).toMatch(/\\(x1b|u001b)\[2J/)
})

test('a table aligns numbers right and text left', () => {
  expect(
    resultLines(
      ['fn', 'n'],
      [
        ['set_memory_ro', 7n],
        ['x', 12345n],
        [null, null],
      ],
    ),
  ).toEqual([
    'fn                 n',
    '─────────────  ─────',
    'set_memory_ro      7',
    'x              12345',
    '',
  ])
})

test('blobs and long texts are cut in a table', () => {
  const lines = resultLines(['b', 't'], [[new Uint8Array(100).fill(0xab), 'x'.repeat(500)]])
  expect(lines[2]).toMatch(/^x'(ab){16}…' \(100 bytes\) {2}x{79}…$/)
})

test('csv keeps line ends inside of quotes', () => {
  expect(
    csvLines(
      ['a', 'b'],
      [
        ['x,"y"', 'l1\nl2'],
        [null, 1n],
      ],
    ),
  ).toEqual(['a,b', '"x,""y""","l1\nl2"', ',1'])
})

test('json keeps integers exact', () => {
  const row = [1n, 9_007_199_254_740_993n, -1n, 1.5, null, new Uint8Array([1, 255])]
  expect(jsonLine(['a', 'b', 'c', 'd', 'e', 'f'], row)).toBe(
    '{"a":1,"b":"9007199254740993","c":-1,"d":1.5,"e":null,"f":"01ff"}',
  )
})
