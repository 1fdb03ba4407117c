import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { shortProof } from '../../../packages/recorder/src/check/finding.ts'
import { SeqSet } from '../../../packages/recorder/src/check/fold/seq-set.ts'

/** Mostly ascending, as stores come, with some that come late and some that come again. */
const seqs = fc
  .array(fc.record({ step: fc.nat(3), back: fc.oneof(fc.constant(0), fc.nat(40)) }), {
    maxLength: 80,
  })
  .map((steps) => {
    let at = 0
    return steps.map(({ step, back }) => Math.max(0, (at += step) - back))
  })

test('a SeqSet holds what a Set holds, and a sample of it proves as much', () => {
  fc.assert(
    fc.property(seqs, (given) => {
      const found = new SeqSet()
      found.addAll(given)
      const set = new Set(given)
      const ascending = [...set].toSorted((a, b) => a - b)
      expect(found.size).toBe(set.size)
      expect([...found].toSorted((a, b) => a - b)).toEqual(ascending)
      expect(found.first).toEqual([...set].slice(0, 8))
      expect(shortProof(found.sample(16))).toEqual(shortProof(set))
      for (let seq = 0; seq < 50; seq++) expect(found.has(seq)).toBe(set.has(seq))
    }),
  )
})

test('a million in their order', () => {
  const found = new SeqSet()
  for (let seq = 0; seq < 1_000_000; seq++) found.add(4 * seq)
  expect(found.size).toBe(1_000_000)
  expect(found.has(3_999_996)).toBe(true)
  expect(found.has(3_999_997)).toBe(false)
  expect(shortProof(found.sample(16)).slice(-2)).toEqual([3_999_992, 3_999_996])
})
