import { array, assert, boolean, integer, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'

import {
  ABSENT,
  entryKey,
  EntryTable,
  keyAddress,
  keyLevel,
} from '../../../packages/recorder/src/tables/entry-table.ts'

test('level and address come back out of a key, at both ends of the kernel half', () => {
  for (const address of [-(2 ** 52), -(2 ** 47) + 4096, -4096, 0, 2 ** 47]) {
    for (const level of [0, 4]) {
      const key = entryKey(level, address)
      expect([keyLevel(key), keyAddress(key)]).toEqual([level, address])
    }
  }
})

test('does what a Map does', () => {
  const step = tuple(integer({ min: -40, max: 40 }), boolean(), integer({ min: 0, max: 9 }))
  assert(
    property(array(step, { maxLength: 400 }), (steps) => {
      // Small, so that it grows and probes past forgotten places.
      const table = new EntryTable(16)
      const map = new Map<number, number>()
      for (const [key, forget, value] of steps) {
        if (forget) {
          table.forget(key)
          map.delete(key)
        } else {
          table.set(key, value, value + 1)
          map.set(key, value)
        }
      }
      expect([...table.sortedKeys()]).toEqual([...map.keys()].toSorted((a, b) => a - b))
      expect(table.size).toBe(map.size)
      for (let key = -40; key <= 40; key++) {
        const place = table.find(key)
        const words = place === ABSENT ? undefined : [table.lo(place), table.hi(place)]
        const value = map.get(key)
        expect(words).toEqual(value === undefined ? undefined : [value, value + 1])
      }
    }),
  )
})
