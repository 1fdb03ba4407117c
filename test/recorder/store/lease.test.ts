import { existsSync } from 'node:fs'

import { expect, test } from 'vitest'

import { dropLease, isLeased, Lease, MEMORY } from '../../../packages/recorder/src/store/lease.ts'
import { testFile } from '../../support/files.ts'

test('a lease is seen while it is held, and leaves nothing', () => {
  const db = testFile()
  expect(isLeased(db, 1)).toBe(false)
  const lease = Lease.take(db, 1)
  expect([isLeased(db, 1), isLeased(db, 2)]).toEqual([true, false])
  expect(() => Lease.take(db, 1)).toThrow('locked')
  lease?.release()
  expect([isLeased(db, 1), existsSync(`${db}-run1`)]).toEqual([false, false])
})

test('a database in memory needs none', () => {
  expect(Lease.take(MEMORY, 1)).toBeNull()
  expect(isLeased(MEMORY, 1)).toBe(true)
  dropLease(MEMORY, 1)
  expect(existsSync(`${MEMORY}-run1`)).toBe(false)
})
