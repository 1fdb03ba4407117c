import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  BLOCK_ROWS,
  packRows,
  unpackBlock,
} from '../../../../packages/recorder/src/diff/align/packed-rows.ts'
import { alignRows } from '../../../../packages/recorder/src/diff/align/row-script.ts'
import { HAS, T, TOKEN_WORDS, Tokens } from '../../../../packages/recorder/src/diff/align/tokens.ts'
import { KINDS } from '../../../../packages/recorder/src/event/kinds.ts'

const STORE = KINDS.desc_write.id

/** Stores to one page after the other, some of which set another bit, and other events between. */
function stores(pages: number, odd: (page: number) => boolean): Tokens {
  const tokens = new Tokens()
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

const packedOf = (tokens: Tokens): Tokens => {
  const { fields, length } = tokens
  const packed = packRows(tokens.words, length)
  const stream = { words: new Uint32Array(0), fields, length, packed }
  return Tokens.shared(stream, 0, () => ({ seqs: tokens.seqs, aside: [] }))
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
      for (const n of [2, 0, 1]) {
        const first = n * BLOCK_ROWS
        const count = unpackBlock(packed!, n, block)
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

test('a long range takes four bytes a row', () => {
  const { words, length } = stores(20_000, () => false)
  const packed = packRows(words, length)!
  expect(packed.distinct.length / TOKEN_WORDS).toBeLessThan(6)
  expect(packed.ids).toHaveLength(length)
})

test('rows that hardly repeat are not packed', () => {
  const words = Uint32Array.from({ length: 9000 * TOKEN_WORDS }, (_, i) => Math.imul(i, 0x9e3779b1))
  expect(packRows(words, 9000)).toBe(null)
})

test('streams align packed as they do plain', () => {
  const [a, b] = [stores(9000, () => false), stores(9100, (page) => page % 1000 === 5)]
  const plain = alignRows(a, b, 1e8)
  expect(alignRows(packedOf(a), packedOf(b), 1e8)).toEqual(plain)
  expect(alignRows(packedOf(a), b, 1e8)).toEqual(plain)
  const packed = packedOf(b)
  for (const i of [9999, 0, 5000, 4095, 4096]) {
    expect(packed.kindAt(i)).toBe(b.kindAt(i))
    expect(packed.numberAt(i, T.VA)).toBe(b.numberAt(i, T.VA))
    expect(packed.word(i, T.NEW + 1)).toBe(b.word(i, T.NEW + 1))
  }
})
