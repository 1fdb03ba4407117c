import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { MIGRATIONS } from '../../../../migrations/index.ts'
import { Batch } from '../../../../packages/recorder/src/event/batch.ts'
import { insertBatch } from '../../../../packages/recorder/src/store/batch-insert.ts'
import { migrate } from '../../../../packages/recorder/src/store/migrate.ts'
import { StagedRows } from '../../../../packages/recorder/src/store/staged/staged-rows.ts'
import { writeStatements } from '../../../../packages/recorder/src/store/statements.ts'
import { randomOf } from '../../import/mutants.ts'

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

const INTS = [
  -1,
  0,
  1,
  2,
  127,
  128,
  -128,
  -129,
  32_767,
  -32_768,
  8_388_607,
  -8_388_608,
  2 ** 31 - 1,
]
const LONGS = [0n, 1n, -1n, 255n, 1n << 31n, -(1n << 31n), (1n << 47n) - 1n, 1n << 47n]
const LONGEST = [-(1n << 47n), -(1n << 47n) - 1n, 1n << 62n, -(1n << 63n), (1n << 63n) - 1n]
const TIMES = [-1, 0, 1, 4_294_967_295, 4_294_967_296, 2 ** 47, 2 ** 53 - 1, 1_234_567_890_123]
const TEXTS = ['', '{}', 'ü€\u{1f600}', '"'.repeat(60), 'x'.repeat(70), 'y'.repeat(5000)]

/** Rows of everything that a column can hold. */
function anyRows(count: number, seed: number): Batch {
  const batch = new Batch(count)
  const random = randomOf(seed)
  const one = <T>(of: readonly T[]): T => of[random(of.length)]!
  for (let i = 0; i < count; i++) {
    batch.row(random(256), one([0, 1, 300, 0xffff]))
    batch.ts[i] = one(TIMES)
    batch.task[i] = Math.max(-1, one(INTS))
    batch.op[i] = Math.max(-1, one(INTS))
    batch.nest[i] = one([0, 1, 7, 0xffff])
    batch.level[i] = one([-1, 0, 1, 4])
    batch.fn[i] = Math.max(-1, one(INTS))
    for (let word = 0; word < 5; word++)
      if (random(2) === 1) batch.setLong(i, word, one([...LONGS, ...LONGEST]))
    if (random(2) === 1) batch.setRet(i, one(INTS))
    if (random(4) === 0) batch.extra[i] = one(TEXTS)
    if (random(9) === 0) batch.more.set(i, one(TEXTS))
  }
  return batch
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
