import { array, assert, boolean, constantFrom, integer, property, tuple } from 'fast-check'
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
  const table = new EntryTable(12, true)
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

test('does what a Map does, whatever the granule, also at addresses that no entry of the level has', () => {
  const place = tuple(
    integer({ min: 0, max: 6 }),
    integer({ min: -(2 ** 20), max: 2 ** 20 }),
    integer({ min: 0, max: 40 }),
    constantFrom(0, 0, 0, 4096, 0x200),
  )
  const step = tuple(place, boolean(), integer({ min: 0, max: 9 }))
  assert(
    property(constantFrom(12, 14, 16), array(step, { maxLength: 300 }), (pageShift, steps) => {
      const table = new EntryTable(pageShift)
      const map = new Map<number, number>()
      for (const [[level, base, offset, odd], forget, value] of steps) {
        const size = 2 ** (pageShift + Math.max(0, 4 - level) * (pageShift - 3))
        const key = entryKey(level, (Math.floor(base / 1000) * 1000 + offset) * size + odd)
        if (forget) {
          table.forget(key)
          map.delete(key)
        } else {
          table.set(key, value, value + 1)
          map.set(key, value)
        }
        expect(table.find(key) === ABSENT).toBe(forget)
      }
      expect([...table.sortedKeys()]).toEqual([...map.keys()].toSorted((a, b) => a - b))
      for (const [key, value] of map) {
        const at = table.find(key)
        expect([table.lo(at), table.hi(at)]).toEqual([value, value + 1])
      }
    }),
  )
})

test('does what a Map does', () => {
  const step = tuple(integer({ min: -40, max: 40 }), boolean(), integer({ min: 0, max: 9 }))
  assert(
    property(array(step, { maxLength: 400 }), (steps) => {
      const table = new EntryTable()
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
