import { array, assert, integer, property } from 'fast-check'
import { expect, test } from 'vitest'

import { align, type Alignment } from '../../../../packages/recorder/src/diff/align/align.ts'

const PLENTY = 1e9

/** Length of a longest common subsequence, by the table that everybody believes. */
function longest(a: readonly number[], b: readonly number[]): number {
  let below = Array.from({ length: b.length + 1 }, () => 0)
  for (let i = a.length - 1; i >= 0; i--) {
    const row = Array.from({ length: b.length + 1 }, () => 0)
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? below[j + 1]! + 1 : Math.max(below[j]!, row[j + 1]!)
    }
    below = row
  }
  return below[0]!
}

/** Pairs of indexes; fails if they do not ascend on both sides or join unequal elements. */
function pairsOf(a: readonly number[], b: readonly number[], { matches }: Alignment): string[] {
  const pairs: string[] = []
  let left = -1
  let right = -1
  for (let at = 0; at < matches.length; at += 3) {
    for (let n = 0; n < matches[at + 2]!; n++) {
      const i = matches[at]! + n
      const j = matches[at + 1]! + n
      expect(i).toBeGreaterThan(left)
      expect(j).toBeGreaterThan(right)
      expect(a[i]).toBe(b[j])
      left = i
      right = j
      pairs.push(`${i}-${j}`)
    }
  }
  return pairs
}

const run = (a: readonly number[], b: readonly number[], budget = PLENTY): Alignment =>
  align(Int32Array.from(a), Int32Array.from(b), budget)

const few = array(integer({ min: 0, max: 4 }), { maxLength: 14 })

test('as many equal elements as possible, whatever the sequences', () => {
  assert(
    property(few, few, (a, b) => {
      const found = run(a, b)
      expect(found.minimal).toBe(true)
      expect(pairsOf(a, b, found)).toHaveLength(longest(a, b))
    }),
    { numRuns: 2000 },
  )
})

test('which side is called left makes no difference', () => {
  assert(
    property(few, few, (a, b) => {
      const mirrored = pairsOf(b, a, run(b, a)).map((pair) =>
        pair.split('-').toReversed().join('-'),
      )
      expect(mirrored).toEqual(pairsOf(a, b, run(a, b)))
    }),
  )
})

test('without a budget the fallback says so, and still joins only what is equal', () => {
  const numbers = array(integer({ min: 0, max: 400 }), { minLength: 1500, maxLength: 1500 })
  assert(
    property(numbers, numbers, (a, b) => {
      const found = run(a, b, 0)
      expect(found.minimal).toBe(false)
      pairsOf(a, b, found)
    }),
    { numRuns: 8 },
  )
})

test('with no such element it still finds most of what is common', () => {
  const a = Array.from({ length: 3000 }, (_, i) => (i * 7) % 5)
  const b = a.filter((_, i) => i % 3 !== 0)
  const found = run(a, b, 0)
  expect(pairsOf(a, b, found).length).toBeGreaterThan(1500)
})

test('the fallback goes by elements that occur once: a moved block does not hide the rest', () => {
  const a = Array.from({ length: 900 }, (_, i) => i)
  const b = [...a.slice(300), ...a.slice(0, 300)]
  const found = run(a, b, 0)
  expect(pairsOf(a, b, found)).toHaveLength(600)
})

test('equal sequences are one run', () => {
  expect([...run([1, 2, 3], [1, 2, 3]).matches]).toEqual([0, 0, 3])
  expect([...run([], [1]).matches]).toEqual([])
})
