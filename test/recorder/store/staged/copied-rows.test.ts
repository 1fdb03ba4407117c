import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'

import Sqlite from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'

import { MIGRATIONS } from '../../../../migrations/index.ts'
import { Batch } from '../../../../packages/recorder/src/event/batch.ts'
import { insertBatch } from '../../../../packages/recorder/src/store/batch-insert.ts'
import { migrate } from '../../../../packages/recorder/src/store/migrate.ts'
import { CopiedRows } from '../../../../packages/recorder/src/store/staged/copied-rows.ts'
import { writeStatements } from '../../../../packages/recorder/src/store/statements.ts'
import { testFile } from '../../../support/files.ts'
import { anyRows } from './any-rows.ts'

const BASE = 3 * 2 ** 32
const ROWS = 3000

/** A database with these rows, and what reads it; `isThere` as its path shows it. */
async function stored(rows: Batch, isThere = () => true) {
  const path = testFile()
  const db = new Sqlite(path)
  onTestFinished(() => void db.close())
  await migrate(db, path, MIGRATIONS)
  insertBatch(writeStatements(db), rows, BASE)
  const copied = new CopiedRows(path, isThere)
  onTestFinished(() => copied.close())
  return { path, db, copied }
}

/** All that a batch holds of its rows. */
const contents = (batch: Batch, first: number, end: number) =>
  Array.from({ length: end - first }, (_, n) => {
    const i = first + n
    const { ts, cpu, task, op, nest, kind, level, fn, hasRet, ret } = batch
    const small = [ts, cpu, task, op, nest, kind, level, fn, hasRet].map((column) => column[i])
    const words = [0, 1, 2, 3, 4].map((word) => batch.unsigned(i, word))
    const texts = [batch.extra[i] ?? null, batch.more.get(i) ?? null]
    return [...small, hasRet[i] === 1 ? ret[i] : null, ...words, ...texts]
  })

/** Without the texts that are longer than a page. */
function shortRows(seed: number): Batch {
  const rows = anyRows(ROWS, seed)
  for (let i = 0; i < ROWS; i++) rows.kind[i] = i % 256
  return rows
}

test('rows that are copied are those that were inserted, from any to any', async () => {
  const rows = shortRows(7)
  const { path, copied } = await stored(rows)
  const batch = new Batch(ROWS)
  for (const [first, end] of [
    [0, ROWS],
    [0, 1],
    [1234, 1235],
    [17, 2900],
    [ROWS - 1, ROWS],
  ] as const) {
    batch.clear()
    expect(copied.read(BASE + first, BASE + end - 1, batch)).toBe(true)
    expect(contents(batch, 0, batch.length)).toEqual(contents(rows, first, end))
  }
  expect(readdirSync(dirname(path)).filter((name) => name.includes('read'))).toEqual([])
})

test.each([
  ['is missing', 'delete from event where id = :id'],
  ['has a value that its column has not', 'update event set cpu = 65536 where id = :id'],
  ['has the value that stands for none', 'update event set task = -1 where id = :id'],
  ['has 33 bits where 32 are', 'update event set ret = 4294967296 where id = :id'],
  ['is longer than a page', `update event set extra = printf('%.70000c', 'x') where id = :id`],
])('a stretch of which a row %s is not read, and the next one is', async (_, sql) => {
  const { db, copied } = await stored(shortRows(8))
  db.prepare(sql).run({ id: BigInt(BASE + 700) })
  const batch = new Batch(ROWS)
  expect(copied.read(BASE, BASE + 1000, batch)).toBe(false)
  expect(batch).toMatchObject({ length: 0, words: new Uint32Array(ROWS * 10) })
  expect(copied.read(BASE + 1001, BASE + 2000, batch)).toBe(true)
})

test('rows that are inserted after the first reading are read', async () => {
  const { db, copied } = await stored(shortRows(9))
  const batch = new Batch(ROWS)
  expect(copied.read(BASE, BASE + ROWS - 1, batch)).toBe(true)
  const more = anyRows(10, 10)
  insertBatch(writeStatements(db), more, BASE + ROWS)
  batch.clear()
  expect(copied.read(BASE + ROWS, BASE + ROWS + 9, batch)).toBe(true)
  expect(contents(batch, 0, 10)).toEqual(contents(more, 0, 10))
})

test('of a file that has another name by now nothing is read', async () => {
  const { copied } = await stored(shortRows(11), () => false)
  expect(copied.read(BASE, BASE + 10, new Batch(ROWS))).toBe(false)
})

test('an older file, and a name that leads nowhere, are left to those who read row by row', () => {
  const path = testFile()
  const db = new Sqlite(path)
  onTestFinished(() => void db.close())
  db.exec(
    'create table event (id integer primary key, ts, cpu); insert into event values (0, 0, 0)',
  )
  for (const file of [path, `${path}-none`, `${path}/none`]) {
    const copied = new CopiedRows(file, () => true)
    expect(copied.read(0, 0, new Batch(1))).toBe(false)
  }
  expect(readdirSync(dirname(path))).toEqual(['trace.db'])
})
