import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { MIGRATIONS } from '../../../../migrations/index.ts'
import { insertBatch } from '../../../../packages/recorder/src/store/batch-insert.ts'
import { migrate } from '../../../../packages/recorder/src/store/migrate.ts'
import { StagedRows } from '../../../../packages/recorder/src/store/staged/staged-rows.ts'
import { writeStatements } from '../../../../packages/recorder/src/store/statements.ts'
import { anyRows } from './any-rows.ts'

let folder: string
const open: Sqlite.Database[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-staged-'))
})
afterEach(() => {
  for (const db of open.splice(0)) db.close()
  rmSync(folder, { recursive: true })
})

async function database(name: string): Promise<Sqlite.Database> {
  const db = new Sqlite(join(folder, name))
  open.push(db)
  await migrate(db, join(folder, name), MIGRATIONS)
  return db.defaultSafeIntegers(true)
}

const rowsOf = (db: Sqlite.Database): string[] =>
  db
    .prepare<[], unknown[]>('select * from event')
    .raw()
    .all()
    .map((row) => row.map((cell) => `${typeof cell} ${String(cell)}`).join('|'))

test('staged rows are those that binding inserts, at every size of every column', async () => {
  const [bound, copied] = [await database('bound'), await database('copied')]
  const statements = writeStatements(bound)
  const staged = StagedRows.open(copied, join(folder, 'copied'))!
  expect(readdirSync(folder).filter((name) => name.includes('rows'))).toEqual([])
  let base = 3 * 2 ** 32
  for (const [n, count] of [1, 2000, 3, 700, 2].entries()) {
    const batch = anyRows(count, n + 1)
    insertBatch(statements, batch, base)
    copied.exec('begin')
    expect(staged.stage(batch, base)).toBe(true)
    staged.insert()
    copied.exec('commit')
    base += count
  }
  expect(rowsOf(copied)).toEqual(rowsOf(bound))
  expect(copied.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
  staged.close()
})

test('a row that is longer than a page is left to binding; what was staged before does not come again', async () => {
  const db = await database('long')
  const staged = StagedRows.open(db, join(folder, 'long'))!
  const batch = anyRows(5, 9)
  expect(staged.stage(batch, 2 ** 32)).toBe(true)
  staged.insert()
  batch.extra[2] = 'z'.repeat(70_000)
  expect(staged.stage(batch, 2 ** 32 + 5)).toBe(false)
  insertBatch(writeStatements(db), batch, 2 ** 32 + 5)
  expect(staged.stage(anyRows(0, 1), 2 ** 33)).toBe(true)
  staged.insert()
  expect(rowsOf(db)).toHaveLength(10)
  staged.close()
})
