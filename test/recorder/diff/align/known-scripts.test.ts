import { expect, test } from 'vitest'

import { KnownScripts } from '../../../../packages/recorder/src/diff/align/known-scripts.ts'
import { alignRows } from '../../../../packages/recorder/src/diff/align/rows.ts'
import { HAS, T, Tokens } from '../../../../packages/recorder/src/diff/align/tokens.ts'
import { KINDS } from '../../../../packages/recorder/src/event/kinds.ts'

const BUDGET = 1e6

/** Descriptor writes at these offsets, counted from some event on. */
function stores(offsets: readonly number[], firstSeq = 0): Tokens {
  const tokens = new Tokens(4)
  for (const [i, offset] of offsets.entries()) {
    const at = tokens.row(firstSeq + i)
    tokens.words[at] = KINDS.desc_write.id
    tokens.words[at + T.HAS] = HAS.VA
    tokens.words[at + T.VA] = offset
  }
  tokens.fields[KINDS.desc_write.id] = HAS.VA
  return tokens
}

test('calls of one stream are aligned once, whatever the numbers of their events', () => {
  const known = new KnownScripts(BUDGET)
  const script = known.of(stores([1, 2, 3]), stores([1, 3, 4]))
  expect(known.of(stores([1, 2, 3], 70), stores([1, 3, 4], 90))).toBe(script)
  expect(script).toEqual(alignRows(stores([1, 2, 3]), stores([1, 3, 4]), BUDGET))
})

test('sides, single words, lengths and compared fields tell streams apart', () => {
  const known = new KnownScripts(BUDGET)
  const script = known.of(stores([1, 2, 3]), stores([1, 3, 4]))
  const exchanged = known.of(stores([1, 3, 4]), stores([1, 2, 3]))
  expect(exchanged).toEqual(alignRows(stores([1, 3, 4]), stores([1, 2, 3]), BUDGET))
  expect(exchanged).not.toEqual(script)
  expect(known.of(stores([1, 2, 3]), stores([1, 3, 5])).runs.at(-1)).toMatchObject({ length: 1 })
  expect(known.of(stores([1, 2]), stores([1, 3])).runs).toHaveLength(3)
  const withoutAddress = stores([1, 2, 3])
  withoutAddress.fields[KINDS.desc_write.id] = 0
  // Where one side never has an address it is unknown, not different.
  expect(known.of(withoutAddress, stores([1, 3, 4])).runs).toMatchObject([
    { status: 'same', length: 3 },
  ])
})

test('a stream too long to be kept is aligned anew, with the same result', () => {
  const known = new KnownScripts(BUDGET)
  const offsets = Array.from({ length: 5000 }, (_, i) => i)
  const script = known.of(stores(offsets), stores(offsets))
  expect(script.runs).toMatchObject([{ status: 'same', left: 0, right: 0, length: 5000 }])
  expect(known.of(stores(offsets), stores(offsets))).not.toBe(script)
})
