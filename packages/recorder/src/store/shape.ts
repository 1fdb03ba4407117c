import { InputError } from '@pagetrail/engine'
import { createHash } from 'node:crypto'

import type Sqlite from 'better-sqlite3'

import { MIGRATIONS } from '../../../../migrations/index.ts'
import { type FileSchema, inspect, type Migrations } from './migrate.ts'
import { atOneMoment } from './statements.ts'

/**
 * What Pagetrail's tables look like since which version of the file: digests as of {@link tableShape}, which a test
 * makes from the migrations. No seal covers the names of columns, and an answer from exchanged ones would be wrong.
 */
export const SHAPES: readonly (readonly [table: string, since: number, shape: string])[] = [
  ['run', 1, '5dff5704c839d215d7c65325a7c0a4aa'],
  ['name', 1, '1784c8ece088913ddc764eddafa9a418'],
  ['name_use', 1, '94501a3ac6ee20197a4eb759a12fc542'],
  ['event', 1, '774cf69a453507dfafdd7680625b02de'],
  ['call', 1, '05518b64acd5975e060caf92e959634e'],
  ['batch', 1, 'fdf87c706d1d51167ecf0fdd5e0f54bf'],
  ['snapshot', 2, '13c94a526a94c850d78753f5c7c6b0b2'],
  ['mark', 3, 'f58465da47d3d3240733a7661e907214'],
  ['event', 4, '9c2f76d51fb5b4c02e78f9539f4ace74'],
]

/**
 * What is in a file, whose tables are ours. They are known for the versions that there have been, not for those of a
 * test of upgrades.
 *
 * @internal
 */
export function checkTables(db: Sqlite.Database, path: string, migrations: Migrations): FileSchema {
  return atOneMoment(db, () => {
    const found = inspect(db, path, migrations)
    if (!found.empty && migrations === MIGRATIONS) checkShape(db, path, found.version)
    return found
  })
}

/**
 * @throws InputError for a file whose tables are not those that its version has
 */
function checkShape(db: Sqlite.Database, path: string, version: number): void {
  for (const table of new Set(SHAPES.map(([name]) => name))) {
    const known = SHAPES.findLast(([name, since]) => name === table && since <= version)
    if (known?.[2] === tableShape(db, table)) continue
    if (!known && version > 0) continue
    throw new InputError(
      `${path} is damaged: its table ${table} is not as Pagetrail makes it in schema ${version}: a column was added, removed or renamed, or the number of the schema changed`,
    )
  }
}

/** A trigger would act on what is written. @throws InputError @internal */
export function checkNoTrigger(db: Sqlite.Database, path: string): void {
  const found = db
    .prepare<[], string>(`select name from sqlite_schema where type = 'trigger' limit 1`)
    .pluck()
    .get()
  if (found === undefined) return
  throw new InputError(
    `${path} has a trigger, ${found}, which is not one of Pagetrail's and would change what is written; drop it first`,
  )
}

/** Columns of a table with types, defaults and keys, hidden ones too, and its indexes; '' where there is none. */
export function tableShape(db: Sqlite.Database, table: string): string {
  const rows = (query: string) => db.prepare<[string], unknown[]>(query).raw().all(table)
  const columns = rows(
    `select cid, name, type, "notnull", dflt_value, pk, hidden from pragma_table_xinfo(?, 'main')`,
  )
  if (columns.length === 0) return ''
  const kind = rows(
    `select type, wr, strict from pragma_table_list where schema = 'main' and name = ?`,
  )
  const indexes = rows(
    `select "unique", origin, partial from pragma_index_list(?, 'main') where origin <> 'c'`,
  )
  const text = JSON.stringify([columns, kind, indexes], (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  )
  return createHash('sha256').update(text.toLowerCase()).digest('hex').slice(0, 32)
}
