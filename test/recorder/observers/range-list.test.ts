import { expect, test } from 'vitest'
import { RangeList } from '../../../packages/recorder/src/observers/range-list.ts'

const listOf = (ranges: readonly (readonly [number, number])[]): RangeList => {
  const list = new RangeList()
  for (const [start, end] of ranges) list.add(start, end)
  return list
}

test('ranges that follow one another are one; three are shown', () => {
  expect(
    String(
      listOf(
        [
          [0, 1],
          [1, 2],
          [4, 5],
        ].map(([a, b]) => [a!, b!]),
      ),
    ),
  ).toMatch(/^\S+ \S+, \S+ \S+$/)
  const five = listOf([0, 2, 4, 6, 8].map((at) => [at, at + 1]))
  expect(String(five)).toMatch(/ and 2 more ranges$/)
  expect([five.count, five.pages]).toEqual([5, 5])
})

test('a range that came twice is said once, and both are counted', () => {
  const twice = listOf([
    [4, 5],
    [0, 1],
    [4, 5],
  ])
  expect(String(twice)).toBe(
    String(
      listOf(
        [
          [4, 5],
          [0, 1],
        ].map(([a, b]) => [a!, b!]),
      ),
    ),
  )
  expect([twice.count, twice.pages]).toEqual([3, 3])
})
