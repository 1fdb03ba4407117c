import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import Sqlite from 'better-sqlite3'
import type { Kysely } from 'kysely'
import { expect, test } from 'vitest'

import { MIGRATIONS } from '../../../migrations/index.ts'
import { InputError, KIND_NAMES, openRuns } from '@pagetrail/recorder'

import { append, callEvents, META } from '../../support/call-events.ts'
import { storedFile, testFile, testFolder } from '../../support/files.ts'

const opened = (path: string, mode: 'read' | 'write') => openRuns(path, { mode })

test('what was written in one session is read in the next', async () => {
  const events = callEvents(3)
  const runFile = await opened(await storedFile(events), 'read')
  const run = runFile.find(-1)
  expect(run).toMatchObject({ ...META, id: 1, state: 'complete', events: events.length, calls: 3 })
  expect([...runFile.source(run).events()]).toEqual(events)
  expect([...runFile.source(run).calls()].map((call) => [call.op, call.first, call.last])).toEqual([
    [0, 0, 9],
    [1, 10, 19],
    [2, 20, 29],
  ])
  runFile.close()
})

test.each([
  [true, 0n],
  [false, 1n],
])(
  'the disk is waited for, but not of a file that goes with the command (temporary: %s)',
  async (temporary, level) => {
    const runFile = await openRuns(testFile(), { mode: 'write', temporary })
    expect(runFile.db.pragma('synchronous', { simple: true })).toBe(level)
    runFile.close()
  },
)

test('the same recording makes the same file, byte for byte', async () => {
  const [a, b] = [await storedFile(callEvents(30), 64), await storedFile(callEvents(30), 64)]
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true)
  const other = await storedFile(callEvents(30, 5), 64)
  expect(readFileSync(a).equals(readFileSync(other))).toBe(false)
})

test('a run is found by id, label and place from the end', async () => {
  const runFile = await opened(testFile(), 'write')
  for (const label of ['one', 'two', 'two', '3000'])
    runFile.startRun({ ...META, label }).finish('complete')
  expect([1, 'two', -1, '-4', '2', '3000'].map((spec) => runFile.find(spec).id)).toEqual([
    1, 3, 4, 1, 2, 4,
  ])
  expect(() => runFile.find('tow')).toThrow(/has no run tow, did you mean two\?/)
  expect(() => runFile.find(9)).toThrow(/has no run 9; the latest are 2 two, 3 two, 4 3000/)
  expect(() => runFile.find(-9)).toThrow('there is no run -9')
  runFile.close()
})

test('a removed run leaves nothing, not even its names, and its id is not given again', async () => {
  const runFile = await opened(testFile(), 'write')
  append(runFile.startRun(META), callEvents(1))
  const empty = runFile.startRun(META)
  const count = (table: string) =>
    runFile.db.prepare(`select count(*) from "${table}"`).pluck().get()
  empty.abort()
  runFile.close()

  const again = await opened(runFile.path, 'write')
  expect(again.runs().map((run) => run.id)).toEqual([1])
  again.remove(again.find(1))
  const left = (table: string) => again.db.prepare(`select count(*) from "${table}"`).pluck().get()
  for (const table of ['run', 'event', 'call', 'batch', 'name', 'name_use'])
    expect(left(table)).toBe(0n)
  expect(again.startRun(META).id).toBe(3)
  again.close()
  expect(count).toThrow('not open')
})

test('a run that is being recorded cannot be removed, and ends as interrupted with its file', async () => {
  const runFile = await opened(testFile(), 'write')
  const writer = runFile.startRun(META)
  expect(() => runFile.remove(runFile.find(-1))).toThrow('is being recorded')
  append(writer, callEvents(1))
  runFile.close()
  const again = await opened(runFile.path, 'read')
  expect(again.find(-1)).toMatchObject({ state: 'interrupted', events: 10 })
  again.close()
  expect(readdirSync(dirname(runFile.path)).filter((name) => /-run\d/.test(name))).toEqual([])
})

test('what cannot be opened says why and what to do', async () => {
  const folder = testFolder()
  const path = join(folder, 'a.db')
  await expect(opened(path, 'read')).rejects.toThrow(
    `${path} does not exist; pagetrail record or import makes it`,
  )
  expect(existsSync(path)).toBe(false)
  await expect(opened(folder, 'read')).rejects.toThrow('is a folder')
  await expect(opened(folder, 'write')).rejects.toThrow('is a folder')
  await expect(opened(join(folder, 'no', 'a.db'), 'write')).rejects.toThrow('there is no folder')
  writeFileSync(path, 'this is text and long enough to be no database whatever '.repeat(40))
  await expect(opened(path, 'read')).rejects.toThrow('is not a Pagetrail database')
  await expect(opened(path, 'write')).rejects.toThrow(InputError)
  const other = join(folder, 'other.db')
  new Sqlite(other).exec('create table t (a)').close()
  await expect(opened(other, 'write')).rejects.toThrow(
    'a SQLite database, but not one of Pagetrail',
  )
  writeFileSync(join(folder, 'empty.db'), '')
  await expect(opened(join(folder, 'empty.db'), 'read')).rejects.toThrow('is empty')
})

test('a file of a newer version is refused and left as it is', async () => {
  const path = await storedFile(callEvents(1))
  const db = new Sqlite(path)
  db.pragma('user_version = 99')
  db.close()
  const { mtimeMs } = statSync(path)
  for (const mode of ['read', 'write'] as const) {
    await expect(opened(path, mode)).rejects.toThrow(
      /was written by a newer Pagetrail \(schema 99, this one knows \d+\); update Pagetrail/,
    )
  }
  expect(statSync(path).mtimeMs).toBe(mtimeMs)
})

/** Undoes what the migrations after the first have done. */
function makeOlder(path: string): void {
  const db = new Sqlite(path)
  // The views of that version did not name the column.
  for (const kind of KIND_NAMES) db.exec(`drop view "${kind}"`)
  db.exec(
    `drop table snapshot; drop table mark; alter table event drop column more; delete from kysely_migration where name > '0001-event-log'`,
  )
  db.pragma('user_version = 1')
  db.close()
}

test('a file of an older version is readable as it is, and brought up to date by a writer', async () => {
  const path = await storedFile(callEvents(2))
  makeOlder(path)
  const version = () => {
    const db = new Sqlite(path, { readonly: true })
    const found = db.pragma('user_version', { simple: true })
    db.close()
    return found
  }
  const reading = await opened(path, 'read')
  expect([...reading.source(reading.find(-1)).events()]).toHaveLength(20)
  reading.close()
  expect(version()).toBe(1)
  const writing = await opened(path, 'write')
  expect([...writing.source(writing.find(-1)).events()]).toHaveLength(20)
  writing.close()
  expect(version()).toBe(Object.keys(MIGRATIONS).length)
})

test('a migration that fails half way leaves the file as it was', async () => {
  const path = await storedFile(callEvents(1))
  const broken = {
    ...MIGRATIONS,
    '9999-breaks': {
      up: async (db: Kysely<unknown>) => {
        await db.schema.createTable('half').addColumn('a', 'integer').execute()
        throw new Error('power cut')
      },
    },
  }
  await expect(openRuns(path, { mode: 'write', migrations: broken })).rejects.toThrow('power cut')
  const runFile = await opened(path, 'write')
  expect(
    runFile.db.prepare(`select 1 from sqlite_schema where name = 'half'`).get(),
  ).toBeUndefined()
  expect(runFile.runs()).toHaveLength(1)
  runFile.close()
})
