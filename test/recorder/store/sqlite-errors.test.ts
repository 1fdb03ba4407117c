import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import { InputError } from '@pagetrail/recorder'

import { guarded, inDatabase } from '../../../packages/recorder/src/store/sqlite-errors.ts'

test.each([
  ['SQLITE_FULL', /^a\.db could not grow, the disk is full; .*Make room/],
  ['SQLITE_BUSY_SNAPSHOT', /locked by another process; wait/],
  ['SQLITE_NOTADB', /is not a Pagetrail database; name another/],
  ['SQLITE_CORRUPT_VTAB', /is damaged; pagetrail verify/],
  ['SQLITE_READONLY_DIRECTORY', /in a folder that cannot be written; name another/],
  ['SQLITE_READONLY_DBMOVED', /cannot be written; check its permissions/],
  ['SQLITE_CANTOPEN_ISDIR', /cannot be opened; check/],
  ['SQLITE_IOERR_WRITE', /the disk or file system reports an error/],
])('%s', (code, message) => {
  const error = inDatabase('a.db', new Sqlite.SqliteError('as SQLite says', code))
  expect(error).toBeInstanceOf(InputError)
  expect(error).toMatchObject({ message: expect.stringMatching(message) })
  expect(error).toMatchObject({ message: expect.stringContaining(`(${code}: as SQLite says)`) })
})

test('a mistake of the program passes as it is', () => {
  const mistake = new TypeError('x is not a function')
  expect(() =>
    guarded('a.db', () => {
      throw mistake
    }),
  ).toThrow(mistake)
  const misuse = new Sqlite.SqliteError('bad parameter', 'SQLITE_MISUSE')
  expect(inDatabase('a.db', misuse)).toBe(misuse)
})
