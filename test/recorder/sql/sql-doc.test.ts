import { fieldsOf, KIND_NAMES, openRuns } from '@pagetrail/recorder'
import type Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import { TABLES, VIEW_COLUMNS } from './schema-doc.ts'
import { sqlDocument } from './sql-doc.ts'
import { database } from '../../support/stored.ts'

/** Tables that SQLite and the migrations keep for themselves. */
const INTERNAL_TABLES = ['sqlite_sequence', 'kysely_migration', 'kysely_migration_lock'] as const

test('docs/sql.md is what the code says; pnpm run docs:sql brings it up to date', async () => {
  await expect(sqlDocument()).toMatchFileSnapshot('../../../docs/sql.md')
})

function columnsOf(db: Sqlite.Database, type: 'table' | 'view'): Record<string, string[]> {
  const names = db
    .prepare<[string], string>('select name from sqlite_schema where type = ? order by name')
    .pluck()
    .all(type)
  const columns = db.prepare<[string], string>('select name from pragma_table_info(?)').pluck()
  return Object.fromEntries(names.map((name) => [name, columns.all(name)]))
}

test('the documented tables and views are those of a real file, column by column', async () => {
  const runFile = await openRuns(await database(), { mode: 'read' })
  const tables = columnsOf(runFile.db, 'table')
  for (const name of INTERNAL_TABLES) delete tables[name]
  const documented = Object.entries(TABLES).map(([name, { columns }]) => [
    name,
    Object.keys(columns),
  ])
  expect(tables).toEqual(Object.fromEntries(documented))
  const views = KIND_NAMES.map((kind) => {
    const own = fieldsOf(kind).map(([name]) => name)
    return [kind, [...VIEW_COLUMNS, ...own, 'src', 'more']]
  })
  expect(columnsOf(runFile.db, 'view')).toEqual(Object.fromEntries(views))
  expect(runFile.db.pragma('user_version', { simple: true })).toBe(4n)
  runFile.close()
})
