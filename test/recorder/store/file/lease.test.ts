import { existsSync, linkSync, symlinkSync, writeFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import {
  acknowledgedOf,
  dropLease,
  droppedLeases,
  isLeased,
  Lease,
  MEMORY,
} from '../../../../packages/recorder/src/store/file/lease.ts'
import { testFile } from '../../../support/files.ts'

test('a lease is seen while it is held, and leaves nothing', () => {
  const db = testFile()
  expect(isLeased(db, 1)).toBe(false)
  const lease = Lease.take(db, 1)
  expect([isLeased(db, 1), isLeased(db, 2)]).toEqual([true, false])
  expect(() => Lease.take(db, 1)).toThrow('locked')
  lease?.release(true)
  expect([isLeased(db, 1), existsSync(`${db}-run1`)]).toEqual([false, false])
})

test('a database in memory needs none', () => {
  expect(Lease.take(MEMORY, 1)).toBeNull()
  expect(isLeased(MEMORY, 1)).toBe(true)
  dropLease(MEMORY, 1)
  expect(existsSync(`${MEMORY}-run1`)).toBe(false)
})

test('symbolic links and other names lead to the same lease', () => {
  const db = testFile()
  writeFileSync(db, '')
  const [link, hard] = [`${db}.link`, `${db}.hard`]
  symlinkSync(db, link)
  const lease = Lease.take(link, 1)
  expect([isLeased(db, 1), isLeased(link, 1)]).toEqual([true, true])
  expect(existsSync(`${db}-run1`)).toBe(true)
  linkSync(db, hard)
  expect(isLeased(hard, 1)).toBe(true)
  lease?.release(true)
  expect([isLeased(db, 1), isLeased(link, 1), isLeased(hard, 1)]).toEqual([false, false, false])
})

test('what was committed is known after the recorder died, for as long as its lease lies there', () => {
  const db = testFile()
  const lease = Lease.take(db, 3)
  lease?.acknowledge(4096)
  expect(droppedLeases(db)).toEqual([])
  lease?.acknowledge(8192)
  // As a process that is killed does: the lock goes, the file stays.
  lease?.release(false)
  expect(acknowledgedOf(db, 3)).toBe(8192)
  expect(droppedLeases(db)).toEqual([{ run: 3, acknowledged: 8192 }])
  dropLease(db, 3)
  expect(acknowledgedOf(db, 3)).toBe(0)
})

test('a lease that is damaged is held by nobody and says nothing', () => {
  const db = testFile()
  writeFileSync(`${db}-run1`, 'x'.repeat(5000))
  expect([isLeased(db, 1), acknowledgedOf(db, 1)]).toEqual([false, 0])
})
