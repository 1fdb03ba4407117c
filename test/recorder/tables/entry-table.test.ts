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

test('keeps the event that an entry was last set by, also when it grows and in a copy', () => {
  const table = new EntryTable(16, true)
  for (let i = 0; i < 5000; i++) table.set(i * 512, i, 0xffffffff - i, i + 2 ** 31, i % 7)
  table.set(512, 1, 2, 3, 4)
  table.set(1024, 5, 6)
  const copy = table.clone()
  table.set(512, 0, 0, 0, 0)
  const at = (key: number) => {
    const place = copy.find(key)
    return [copy.lo(place), copy.hi(place), copy.seq(place), copy.cpu(place)]
  }
  expect(at(512)).toEqual([1, 2, 3, 4])
  expect(at(1024)).toEqual([5, 6, -1, 0])
  expect(at(4999 * 512)).toEqual([4999, 0xffffffff - 4999, 4999 + 2 ** 31, 1])
  expect(copy.find(1)).toBe(ABSENT)
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
