import Sqlite from 'better-sqlite3'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { BatchSpans, type Span } from '../../../packages/recorder/src/store/batch-spans.ts'

/** The batches of run 1, by whether they hold the kind that is looked for; another run's lie before and behind. */
function spansOf(batches: readonly { readonly count: number; readonly has: boolean }[]) {
  const db = new Sqlite(':memory:').defaultSafeIntegers(true)
  db.exec('create table batch(run integer, first integer, count integer, kinds integer)')
  const insert = db.prepare('insert into batch values (?, ?, ?, ?)')
  insert.run(0, 0, 1000, 1)
  insert.run(2, 0, 1000, 1)
  let first = 0
  const held: boolean[] = []
  for (const { count, has } of batches) {
    insert.run(1, first, count, has ? 6 : 4)
    first += count
    held.push(...Array.from({ length: count }, () => has))
  }
  const spans = new BatchSpans(db)
  return {
    held,
    of: (from: number, to: number, backward: boolean): Span[] => [
      ...spans.spans(1, 2n, from, to, backward),
    ],
  }
}

test('spans are all batches that have one of the kinds, clipped and in the order of reading', () => {
  const batch = fc.record({ count: fc.integer({ min: 1, max: 9000 }), has: fc.boolean() })
  const share = fc.double({ min: 0, max: 0.999, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(batch, { minLength: 1, maxLength: 12 }),
      share,
      share,
      fc.boolean(),
      (batches, a, b, backward) => {
        const { held, of } = spansOf(batches)
        const [low, high] = [a, b].map((x) => Math.floor(x * held.length)).toSorted((p, q) => p - q)
        const [from, to] = backward ? [high!, low!] : [low!, high!]
        const seqs = of(from, to, backward).flatMap(({ first, last }) => {
          const span = Array.from({ length: last - first + 1 }, (_, i) => first + i)
          return backward ? span.toReversed() : span
        })
        const wanted = [...held.keys()].filter((seq) => seq >= low! && seq <= high! && held[seq])
        expect(seqs).toEqual(backward ? wanted.toReversed() : wanted)
      },
    ),
    { numRuns: 60 },
  )
})

test('a search that ends soon does not look at every batch behind it', () => {
  const { of, held } = spansOf(Array.from({ length: 100 }, () => ({ count: 4096, has: true })))
  const [first] = of(5000, held.length - 1, false)
  expect(first).toEqual({ first: 5000, last: 5000 + 16_384 })
  const [last] = of(held.length - 1, 0, true)
  expect(last).toEqual({ first: held.length - 1 - 16_384, last: held.length - 1 })
})
