import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  BLOCK_ROWS,
  type PackedRows,
  RowPacker,
  RowReader,
} from '../../../../packages/recorder/src/diff/align/packed-rows.ts'
import { alignRows } from '../../../../packages/recorder/src/diff/align/row-script.ts'
import { HAS, T, TOKEN_WORDS, Tokens } from '../../../../packages/recorder/src/diff/align/tokens.ts'
import { KINDS } from '../../../../packages/recorder/src/event/kinds.ts'

const STORE = KINDS.desc_write.id

/** Stores to one page after the other, some of which set another bit, and other events between. */
function stores(pages: number, odd: (page: number) => boolean, capacity = 64): Tokens {
  const tokens = new Tokens(capacity)
  for (let page = 0; page < pages; page++) {
    const at = tokens.row(page)
    tokens.words[at] = STORE
    tokens.words[at + T.HAS] = HAS.VA | HAS.NEW
    tokens.words.set([page * 4096, 0xffff8000], at + T.VA)
    tokens.words.set([0x703 | (page << 12), odd(page) ? 0x60 : 0x68], at + T.NEW)
    if (page % 7 === 0) tokens.words[tokens.row(page)] = KINDS.barrier.id
  }
  tokens.fields[STORE] = HAS.VA | HAS.NEW
  return tokens
}

/** Null: packing them was in vain. */
function packRows(words: Uint32Array, length: number): PackedRows | null {
  const packer = new RowPacker()
  packer.add(words, 0, length)
  return packer.isInVain ? null : packer.packed()
}

/** As a remembered digest has it. */
function packedOf(tokens: Tokens): Tokens {
  tokens.finish()
  return Tokens.shared(tokens.stream(), { asides: 0, rest: '' }, () => tokens)
}

/** The words of all rows. */
function wordsOf(tokens: Tokens): Uint32Array {
  const words = new Uint32Array(tokens.length * TOKEN_WORDS)
  for (let i = 0; i < tokens.length; i++) {
    const at = tokens.at(i)
    words.set(tokens.words.subarray(at, at + TOKEN_WORDS), i * TOKEN_WORDS)
  }
  return words
}

test('rows are what they were, whichever block is read first', () => {
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  const row = fc.array(fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff), word), {
    minLength: TOKEN_WORDS,
    maxLength: TOKEN_WORDS,
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
      const times = Math.ceil((2.5 * BLOCK_ROWS) / rows.length)
      const words = Uint32Array.from(Array.from({ length: times }, () => rows).flat(2))
      const length = words.length / TOKEN_WORDS
      const packed = packRows(words, length)
      expect(packed).not.toBe(null)
      const block = new Uint32Array(BLOCK_ROWS * TOKEN_WORDS)
      const reader = new RowReader(packed!)
      for (const n of [2, 0, 1]) {
        const first = n * BLOCK_ROWS
        const count = reader.unpack(n, block)
        expect(count).toBe(Math.min(BLOCK_ROWS, length - first))
        const wanted = words.subarray(first * TOKEN_WORDS, (first + count) * TOKEN_WORDS)
        expect(Buffer.compare(bytes(block.subarray(0, count * TOKEN_WORDS)), bytes(wanted))).toBe(0)
      }
    }),
    { numRuns: 20 },
  )
})

const bytes = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength)

test('a long range takes a byte a row', () => {
  const tokens = stores(20_000, () => false)
  // While they come, too.
  expect(tokens.words.length / TOKEN_WORDS).toBe(2 * BLOCK_ROWS)
  tokens.finish()
  const { packed, words } = tokens.stream()
  expect(words).toHaveLength(0)
  expect(packed!.distinct.length / TOKEN_WORDS).toBeLessThan(6)
  expect(packed!.ids).toHaveLength(tokens.length)
  expect(packed!.ids.byteLength).toBe(tokens.length)
})

test('numbers of rows are as wide as the number of distinct rows needs', () => {
  for (const [distinct, bytes] of [
    [256, 1],
    [257, 2],
    [65_536, 2],
    [65_537, 4],
  ] as const) {
    const packer = new RowPacker()
    const row = new Uint32Array(TOKEN_WORDS)
    // The last row is the only one of its sort: it comes when the others have filled the numbers.
    const roleOf = (i: number): number => Math.min(i, distinct - 1)
    for (let i = 0; i < 2 * distinct; i++) {
      row[T.ROLE] = roleOf(i)
      packer.add(row, 0, 1)
    }
    const packed = packer.packed()
    expect(packed.ids.BYTES_PER_ELEMENT).toBe(bytes)
    const words = new Uint32Array(BLOCK_ROWS * TOKEN_WORDS)
    const reader = new RowReader(packed)
    for (let block = 0; block * BLOCK_ROWS < 2 * distinct; block += 7) {
      const rows = reader.unpack(block, words)
      for (const i of [0, rows - 1])
        expect(words[i * TOKEN_WORDS + T.ROLE]).toBe(roleOf(block * BLOCK_ROWS + i))
    }
  }
})

test('rows that hardly repeat are not packed', () => {
  const words = Uint32Array.from({ length: 9000 * TOKEN_WORDS }, (_, i) => Math.imul(i, 0x9e3779b1))
  expect(packRows(words, 9000)).toBe(null)
})

/** A stream in which each row differs from all others in a field that is not packed. */
function unlike(rows: number): Tokens {
  const tokens = new Tokens()
  for (let i = 0; i < rows; i++) {
    const at = tokens.row(2 * i)
    tokens.words[at + T.RET] = i
    tokens.words[at + T.VA] = i * i
  }
  return tokens
}

test('rows that came in vain are plain again, with their numbers', () => {
  for (const rows of [8193, 12_288, 20_000]) {
    const tokens = unlike(rows)
    tokens.finish()
    const { packed, words } = tokens.stream()
    expect(packed).toBe(null)
    expect(words).toHaveLength(rows * TOKEN_WORDS)
    for (const i of [0, 4095, 4096, 8191, rows - 1]) {
      expect(tokens.word(i, T.RET)).toBe(i)
      expect(tokens.seqAt(i)).toBe(2 * i)
    }
  }
})

test('rows that may still change are not packed', () => {
  const tokens = stores(1000, () => false)
  const at = tokens.length
  tokens.words[tokens.row(5_000_000)] = KINDS.dsb.id
  tokens.pinned = at
  for (let i = 0; i < 30_000; i++) tokens.words[tokens.row(i)] = KINDS.tlbi.id
  tokens.words[tokens.at(at)] = KINDS.tlb_flush.id
  tokens.pinned = Number.POSITIVE_INFINITY
  for (let i = 0; i < 30_000; i++) tokens.words[tokens.row(i)] = KINDS.tlbi.id
  expect(tokens.words.length / TOKEN_WORDS).toBeLessThan(70_000)
  tokens.finish()
  expect(tokens.kindAt(at)).toBe(KINDS.tlb_flush.id)
  expect(tokens.kindAt(at + 1)).toBe(KINDS.tlbi.id)
  expect(tokens.seqAt(at)).toBe(5_000_000)
  expect(tokens.seqAt(at + 30_001)).toBe(0)
})

test('a row that moves takes its number along, whether or not others were packed before', () => {
  for (const pages of [10, 9000]) {
    const tokens = stores(pages, () => false)
    const { length } = tokens
    const [leave, other] = [KINDS.lazy_mmu_leave.id, KINDS.barrier.id]
    for (const [kind, seq] of [
      [leave, 70_000],
      [other, 70_001],
    ] as const)
      tokens.words[tokens.row(seq)] = kind
    expect(tokens.lastBefore(length + 2, other)).toBe(length)
    tokens.moveToEnd(length)
    expect([tokens.kindAt(length), tokens.seqAt(length)]).toEqual([other, 70_001])
    expect([tokens.kindAt(length + 1), tokens.seqAt(length + 1)]).toEqual([leave, 70_000])
    tokens.finish()
    expect([tokens.kindAt(length + 1), tokens.seqAt(length + 1)]).toEqual([leave, 70_000])
  }
})

test('all rows of a stream that has ended can be rewritten, packed or not', () => {
  for (const pages of [100, 9000]) {
    const tokens = stores(pages, () => false)
    const wanted = wordsOf(stores(pages, () => false, 20_000))
    tokens.finish()
    tokens.rewrite((words, at) => (words[at + T.VA]! ^= 0x55_5000))
    for (let at = T.VA; at < wanted.length; at += TOKEN_WORDS) wanted[at]! ^= 0x55_5000
    expect(Buffer.compare(bytes(wordsOf(tokens)), bytes(wanted))).toBe(0)
  }
  const vain = stores(9000, () => false)
  vain.finish()
  let n = 0
  vain.rewrite((words, at) => (words[at + T.ROLE] = ++n))
  expect(vain.packed).toBe(null)
  expect([vain.word(0, T.ROLE), vain.word(9999, T.ROLE)]).toEqual([1, 10_000])
  expect(vain.seqAt(9999)).toBe(stores(9000, () => false, 20_000).seqAt(9999))
})

const runsOf = (left: Tokens, right: Tokens) => [...alignRows(left, right, 1e8).runs]

/** Two streams that are alike but for a few pages and bits. */
const likePair = (capacity: number): [Tokens, Tokens] => [
  stores(9000, () => false, capacity),
  stores(9100, (page) => page % 1000 === 5, capacity),
]

test('streams align packed as they do plain', () => {
  // With room for all of them rows lie as they came until they are finished.
  const [a, b] = likePair(20_000)
  const [x, y] = likePair(64).map(packedOf)
  expect([a.packed, b.packed, x!.packed === null, y!.packed === null]).toEqual([
    null,
    null,
    false,
    false,
  ])
  const plain = runsOf(a, b)
  expect(plain.map(({ status }) => status)).toContain('changed')
  expect(runsOf(x!, y!)).toEqual(plain)
  expect(runsOf(x!, b)).toEqual(plain)
  const packed = y!
  for (const i of [9999, 0, 5000, 4095, 4096]) {
    expect(packed.kindAt(i)).toBe(b.kindAt(i))
    expect(packed.numberAt(i, T.VA)).toBe(b.numberAt(i, T.VA))
    expect(packed.word(i, T.NEW + 1)).toBe(b.word(i, T.NEW + 1))
  }
})
