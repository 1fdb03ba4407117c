import { InputError } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'

import { MIGRATIONS } from '../../../../migrations/index.ts'
import { atOneMoment } from './statements.ts'
import { refreshViews, viewsAreCurrent } from './views.ts'

export type Migrations = Readonly<Record<string, Migration>>

/** `PTRL` in the header of the file, so that `file` and we know it from any other database. */
const APPLICATION_ID = 0x5054524c

const NO_TIME = '1970-01-01T00:00:00.000Z'

/** What is in a file, before anything is done to it. */
export interface FileSchema {
  /** Neither tables nor an application id: a new file. */
  readonly empty: boolean
  /** How many migrations it has seen. */
  readonly version: number
}

/** Reads the header; throws InputError for a file that is not ours or of a newer version. */
export function inspect(db: Sqlite.Database, path: string, migrations: Migrations): FileSchema {
  // Another process may be making the file: its tables are there only with its number.
  const { id, version, tables } = atOneMoment(db, () => ({
    tables: Number(db.prepare('select count(*) from sqlite_schema').pluck().get()),
    id: Number(db.pragma('application_id', { simple: true })),
    version: Number(db.pragma('user_version', { simple: true })),
  }))
  const known = Object.keys(migrations).length
  if (id === 0 && tables === 0) return { empty: true, version: 0 }
  if (id !== APPLICATION_ID) {
    throw new InputError(
      `${path} is a SQLite database, but not one of Pagetrail; name another with --db`,
    )
  }
  if (version > known) {
    throw new InputError(
      `${path} was written by a newer Pagetrail (schema ${version}, this one knows ${known}); update Pagetrail`,
    )
  }
  return { empty: false, version }
}

/**
 * Brings the file up to date, all or nothing: the migrations and the views are one immediate transaction, so that a
 * second recorder waits and a power cut leaves the file as it was.
 */
export async function migrate(
  db: Sqlite.Database,
  path: string,
  migrations: Migrations,
): Promise<void> {
  if (isCurrent(db, path, migrations)) return
  db.exec('begin immediate')
  try {
    // Another process may have done it while this one waited for the lock.
    if (!isCurrent(db, path, migrations)) {
      await runMigrations(db, migrations)
      refreshViews(db)
      db.pragma(`application_id = ${APPLICATION_ID}`)
      db.pragma(`user_version = ${Object.keys(migrations).length}`)
    }
    db.exec('commit')
  } catch (error) {
    if (db.inTransaction) db.exec('rollback')
    throw error
  }
}

/** Whether the file has seen every migration; a change of KINDS comes with one. */
export const schemaIsCurrent = (db: Sqlite.Database): boolean =>
  Number(db.pragma('user_version', { simple: true })) === Object.keys(MIGRATIONS).length

function isCurrent(db: Sqlite.Database, path: string, migrations: Migrations): boolean {
  const { version } = inspect(db, path, migrations)
  return version === Object.keys(migrations).length && viewsAreCurrent(db)
}

/** kysely has no transaction of its own around SQLite's migrations; ours encloses it on the same connection. */
async function runMigrations(db: Sqlite.Database, migrations: Migrations): Promise<void> {
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: db }) })
  const provider = { getMigrations: () => Promise.resolve({ ...migrations }) }
  const { error } = await new Migrator({ db: kysely, provider }).migrateToLatest()
  if (error !== undefined) throw error
  // kysely notes the time of day; without it the same recording makes the same file, byte for byte.
  db.exec(`update kysely_migration set timestamp = '${NO_TIME}'`)
}
