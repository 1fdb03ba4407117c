import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import { MIGRATIONS } from '../../../migrations/index.ts'
import { migrate } from '../../../packages/recorder/src/store/migrate.ts'
import { SHAPES, tableShape } from '../../../packages/recorder/src/store/shape.ts'
import { openRuns } from '@pagetrail/recorder'

import { callEvents } from '../../support/call-events.ts'
import { storedFile } from '../../support/files.ts'

test('the shapes are those that the migrations make', async () => {
  const tables = [...new Set(SHAPES.map(([table]) => table))]
  const made: [string, number, string][] = []
  const names = Object.keys(MIGRATIONS)
  for (let version = 1; version <= names.length; version++) {
    const db = new Sqlite(':memory:')
    const until = Object.entries(MIGRATIONS).slice(0, version)
    await migrate(db, ':memory:', Object.fromEntries(until))
    for (const table of tables) {
      const shape = tableShape(db, table)
      const known = made.findLast(([name]) => name === table)
      if (shape !== '' && known?.[2] !== shape) made.push([table, version, shape])
    }
    db.close()
  }
  expect(made).toEqual(SHAPES)
})

test.each([
  ['alter table event add column a integer', 'its table event is not as Pagetrail makes it'],
  [
    'alter table event add column a integer generated always as (id + 1) virtual',
    'its table event',
  ],
  [`alter table run add column a text as (label || 'x')`, 'its table run'],
  [
    'alter table run rename column flavour to f; alter table run rename column kernel to flavour; alter table run rename column f to kernel',
    'its table run',
  ],
  ['drop table mark', 'its table mark'],
  ['pragma user_version = 3', 'its table event'],
  ['pragma user_version = 0', 'its table run'],
  ['pragma user_version = -1', 'its table run'],
])('a file in which someone did "%s" is not read, nor written', async (sql, message) => {
  const path = await storedFile(callEvents(2))
  const db = new Sqlite(path)
  db.exec(sql)
  db.close()
  for (const mode of ['read', 'write'] as const)
    await expect(openRuns(path, { mode })).rejects.toThrow(message)
})

test('a file with a trigger is read, and not written: it would act on what is written', async () => {
  const path = await storedFile(callEvents(2))
  const db = new Sqlite(path)
  db.exec('create trigger t after update on run begin delete from event; end')
  db.close()
  const runFile = await openRuns(path, { mode: 'read' })
  expect([...runFile.source(runFile.find(1)).events()]).toHaveLength(20)
  runFile.close()
  await expect(openRuns(path, { mode: 'write' })).rejects.toThrow('has a trigger, t,')
})
