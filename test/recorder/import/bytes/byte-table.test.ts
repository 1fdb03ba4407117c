import { expect, test } from 'vitest'

import { ByteTable, hashBytes } from '../../../../packages/recorder/src/import/bytes/byte-table.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const find = (table: ByteTable<string>, text: string): string | undefined => {
  const bytes = encode(`..${text}..`)
  const end = bytes.length - 2
  return table.find(bytes, 2, end, hashBytes(bytes, 2, end))
}

const add = (table: ByteTable<string>, text: string): void => {
  const bytes = encode(text)
  table.add(bytes, 0, bytes.length, hashBytes(bytes, 0, bytes.length), text)
}

test('finds by content, wherever the bytes lie, also after growing', () => {
  const table = new ByteTable<string>(4)
  const names = Array.from({ length: 500 }, (_, i) => `task-${i}`)
  for (const name of names) add(table, name)
  expect(names.map((name) => find(table, name))).toEqual(names)
  expect(find(table, 'task-500')).toBeUndefined()
  expect(table.size).toBe(500)
})

test('names of one hash are kept apart', () => {
  const table = new ByteTable<string>()
  // 31 · 'B' + 'C' = 31 · 'C' + '$'
  add(table, 'BC')
  add(table, 'C$')
  expect([find(table, 'BC'), find(table, 'C$')]).toEqual(['BC', 'C$'])
})

test('retain forgets what is not wanted', () => {
  const table = new ByteTable<string>()
  for (const name of ['a', 'b', 'c']) add(table, name)
  table.retain((value) => value === 'b')
  expect([find(table, 'a'), find(table, 'b'), find(table, 'c')]).toEqual([
    undefined,
    'b',
    undefined,
  ])
  expect(table.size).toBe(1)
})
