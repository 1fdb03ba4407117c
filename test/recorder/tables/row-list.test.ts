import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { RowList } from '../../../packages/recorder/src/tables/row-list.ts'

const filled = (rows: readonly number[]): RowList => {
  const list = new RowList()
  for (const row of rows) list.take(row)
  return list
}

test('rows come back in the order in which they were found, also when they are many', () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => (i * 7) % 99_991)
  const list = filled(rows)
  expect(list.length).toBe(rows.length)
  expect([...list]).toEqual(rows)
  list.clear()
  expect([...list]).toEqual([])
  for (const row of rows) list.take(row)
  expect([...list]).toEqual(rows)
})

const stretch = fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 5 }))

test('rows that follow each other, and others, come back in their order', () => {
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 200 }), (stretches) => {
      const rows = stretches.flatMap(([first, count]) =>
        Array.from({ length: count }, (_, i) => first + i),
      )
      const list = filled(rows)
      const visited: number[] = []
      list.each((row) => visited.push(row))
      expect(visited).toEqual(rows)
      expect([...list]).toEqual(rows)
      expect(list.length).toBe(rows.length)
    }),
  )
})

test('rows are sorted by a column, and those that agree in it keep their order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { maxLength: 40 }), (values) => {
      const column = Float64Array.from(values)
      const rows = values.map((_, i) => i)
      const list = filled(rows)
      list.sortBy((row) => column[row]!)
      expect([...list]).toEqual(rows.toSorted((a, b) => column[a]! - column[b]!))
    }),
  )
})
