import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { NumberColumn } from '../../../packages/recorder/src/tables/number-column.ts'

const LARGEST_CALL = 0x7fff_ffff
const value = fc.oneof(fc.integer({ min: -1, max: 300 }), fc.constantFrom(LARGEST_CALL, 254, 255))

test('a column has what was set, however large, also when it grew', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), (values) => {
      const column = new NumberColumn(2)
      let length = 2
      for (const [row, each] of values.entries()) {
        if (row === length) {
          column.grow()
          length *= 2
        }
        column.set(row, each)
      }
      expect(Array.from(column.slice(values.length))).toEqual(values)
      for (const [row, each] of values.entries()) expect(column.at(row)).toBe(each)
    }),
  )
})
