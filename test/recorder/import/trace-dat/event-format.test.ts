import { expect, test } from 'vitest'

import {
  parseFormat,
  parsePageLayout,
} from '../../../../packages/recorder/src/import/trace-dat/event-format.ts'

const field = (declaration: string, offset: number, size: number, signed = 0): string =>
  `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed};\n`

test('fields by name, with the kinds of text', () => {
  const format = parseFormat(
    `name: module_load\nID: 322\nformat:\n${field('unsigned short common_type', 0, 2)}\n` +
      field('s32 ret', 8, 4, 1) +
      field('__data_loc char[] name', 12, 4) +
      field('char comm[16]', 16, 16) +
      field('char buf[]', 32, 0) +
      field('unsigned char flag', 33, 1) +
      '\nprint fmt: "%s", __get_str(name)\n',
  )
  expect(format).toMatchObject({ name: 'module_load', id: 322, print: '"%s", __get_str(name)' })
  expect(
    format.fields.map(({ name, offset, size, signed, text }) => [name, offset, size, signed, text]),
  ).toEqual([
    ['common_type', 0, 2, false, null],
    ['ret', 8, 4, true, null],
    ['name', 12, 4, false, 'data_loc'],
    ['comm', 16, 16, false, 'fixed'],
    ['buf', 32, 0, false, 'rest'],
    ['flag', 33, 1, false, null],
  ])
})

test('what is no format is refused', () => {
  expect(() => parseFormat('ID: 3\n')).toThrow('expected the format of an event')
})

test('the layout of a page', () => {
  const text =
    field('u64 timestamp', 0, 8) +
    field('local_t commit', 8, 8, 1) +
    field('int overwrite', 8, 1, 1) +
    field('char data', 16, 4080)
  expect(parsePageLayout(text)).toEqual({ commitOffset: 8, commitSize: 8, dataOffset: 16 })
  expect(() => parsePageLayout('')).toThrow('expected commit and data')
})
