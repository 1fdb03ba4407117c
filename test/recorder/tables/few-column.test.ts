import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { FewColumn } from '../../../packages/recorder/src/tables/few-column.ts'

const LARGEST = 0xffff_ffff
const few = fc.constantFrom(0, 1, 254, 255, 256, 0x8000_0000, LARGEST)
const any = fc.integer({ min: 0, max: LARGEST })

const columnOf = (values: readonly number[]): FewColumn => {
  const column = new FewColumn(2)
  let length = 2
  for (const [row, value] of values.entries()) {
    for (; row >= length; length *= 2) column.grow()
    column.set(row, value)
  }
  return column
}
const valuesOf = (column: FewColumn, length: number): number[] =>
  Array.from({ length }, (_, row) => column.at(row))

test.each([
  ['few', fc.array(few, { minLength: 1, maxLength: 100 })],
  ['many', fc.uniqueArray(any, { minLength: 250, maxLength: 300 })],
])('a column has what was set, also when it grew: values of which %s differ', (_, arrays) => {
  fc.assert(
    fc.property(arrays, (values) => {
      const column = columnOf([...values, ...values])
      expect(valuesOf(column, values.length * 2)).toEqual([...values, ...values])
    }),
    { numRuns: 50 },
  )
})

test('a row that was never set has 0, and a copy is of its own', () => {
  for (const different of [3, 256]) {
    const values = Array.from({ length: different }, (_, i) => i + 7)
    const column = columnOf(values)
    column.grow()
    expect(column.at(different + 1)).toBe(0)
    const copy = column.clone()
    copy.set(0, 1_000_000)
    column.set(1, 2_000_000)
    expect(valuesOf(copy, different)).toEqual(values.with(0, 1_000_000))
    expect(valuesOf(column, different)).toEqual(values.with(1, 2_000_000))
  }
})
