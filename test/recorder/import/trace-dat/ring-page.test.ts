import { expect, test } from 'vitest'

import { RingPage } from '../../../../packages/recorder/src/import/trace-dat/ring-page.ts'

const LAYOUT = { commitOffset: 8, commitSize: 8, dataOffset: 16 }
const BASE = 1_000n

type Words = readonly number[]

/** A page whose time is `BASE` + 5, of 32-bit words. */
function page(
  words: Words,
  { flags = 0, little = true, tail = [] as Words, time = BASE + 5n } = {},
) {
  const bytes = new Uint8Array(256)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, time, little)
  view.setBigUint64(8, BigInt(words.length * 4) + BigInt(flags), little)
  for (const [i, word] of [...words, ...tail].entries()) view.setUint32(16 + i * 4, word, little)
  return bytes
}

const header = (type: number, delta: number): number => ((delta << 5) | type) >>> 0

function records(bytes: Uint8Array, little = true) {
  const ring = new RingPage(LAYOUT, little, BASE)
  ring.open(bytes)
  const found: [time: number, first: number, length: number][] = []
  while (ring.next())
    found.push([ring.time, ring.view.getUint32(ring.start, little), ring.end - ring.start])
  return { found, lost: ring.lost }
}

test('records with their times', () => {
  expect(records(page([header(1, 0), 7, header(2, 10), 8, 9])).found).toEqual([
    [5, 7, 4],
    [15, 8, 8],
  ])
})

test('a long record has its length in front, and the next begins at a word', () => {
  const long = [header(0, 3), 4 + 118, 77, ...Array.from({ length: 29 }, () => 0), header(1, 1), 8]
  expect(records(page(long)).found).toEqual([
    [8, 77, 118],
    [9, 8, 4],
  ])
})

test('a time that is too far from the one before is extended, or said whole', () => {
  expect(records(page([header(30, 1), 2, header(1, 1), 7])).found).toEqual([
    [5 + 2 * 2 ** 27 + 2, 7, 4],
  ])
  expect(records(page([header(31, 99), 16, header(1, 1), 7])).found).toEqual([
    [16 * 2 ** 27 + 99 - 1000 + 1, 7, 4],
  ])
})

test('padding is passed over, and ends a page where it has no time', () => {
  expect(records(page([header(29, 1), 8, 0, header(1, 1), 7])).found).toEqual([[7, 7, 4]])
  expect(records(page([header(1, 1), 7, header(29, 0), 5, 5])).found).toHaveLength(1)
})

test('what was lost before a page: a number behind the data, or none', () => {
  expect(records(page([header(1, 0), 7])).lost).toBe(0)
  expect(records(page([header(1, 0), 7], { flags: 0x8000_0000 })).lost).toBeNull()
  expect(records(page([header(1, 0), 7], { flags: 0xc000_0000, tail: [12, 1] })).lost).toBe(
    2 ** 32 + 12,
  )
})

test('big-endian', () => {
  expect(records(page([(1 << 27) | 2, 7], { little: false }), false).found).toEqual([[7, 7, 4]])
})

test.each([
  ['a record beyond the data', [header(3, 0), 1], 'longer than its page'],
  ['a long record beyond the data', [header(0, 0), 400], 'longer than its page'],
  ['a record without a length', [header(0, 0), 0], 'has no length'],
  ['a header that is cut', [header(30, 0)], 'cut short'],
])('%s', (_, words, message) => {
  expect(() => records(page(words))).toThrow(message)
})

test('a page that claims more than it has', () => {
  const bytes = page([])
  new DataView(bytes.buffer).setBigUint64(8, 4096n, true)
  expect(() => records(bytes)).toThrow('claims 4112 bytes of 256')
  expect(() => records(bytes.subarray(0, 8))).toThrow('cut short')
})
