import { END_SQL } from '../event/condition.ts'
import { LEVEL_NAMES } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'

import type { Field } from '../event/kind-spec.ts'
import { fieldsOf, type Kind, KIND_NAMES, KINDS } from '../event/kinds.ts'

/**
 * The views of a file, by name: one per kind, made from KINDS, for people with nothing but SQLite. Addresses and
 * descriptors are unsigned hexadecimal text, levels and other codes are names, names are joined.
 */
function viewDefinitions(): ReadonlyMap<string, string> {
  return new Map(KIND_NAMES.map((kind) => [kind, viewOf(kind)]))
}

function viewOf(kind: Kind): string {
  const columns = [
    'id >> 32 as run',
    'id & 4294967295 as seq',
    'cpu',
    '(select text from name where id = task) as task',
    'op',
    'ts',
    ...fieldsOf(kind).map(([name, field]) => `${shown(field)} as "${name}"`),
    `${SRC_SQL} as src`,
    'more',
  ]
  // In capitals, as SQLite keeps it, so that the file's text can be compared with this one.
  return `CREATE VIEW "${kind}" as\nselect ${columns.join(',\n  ')}\nfrom event e where kind = ${KINDS[kind].id}`
}

/** Where in its source the producer reported it. */
export const SRC_SQL = `json_extract(more, '$.src')`

function shown(field: Field): string {
  const column = `e."${field.in}"`
  switch (field.type) {
    case 'u64':
      return hexText(column, column)
    case 'end':
      return hexText('size', END_SQL)
    case 'int':
    case 'depth':
    case 'bool':
    case 'json':
      return column
    case 'name':
      return `(select text from name where id = ${column})`
    case 'level':
      return byIndex(column, LEVEL_NAMES)
    case 'enum':
      return byIndex(column, field.values ?? [])
  }
}

/** printf takes null for 0, hence the test. */
const hexText = (given: string, value: string): string =>
  `case when ${given} is not null then printf('0x%llx', ${value}) end`

const byIndex = (column: string, names: readonly string[]): string =>
  `case ${column} ${names.map((name, i) => `when ${i} then '${name}'`).join(' ')} end`

/** Whether the file's views are those of this version of KINDS, word for word. */
export function viewsAreCurrent(db: Sqlite.Database): boolean {
  const wanted = viewDefinitions()
  const found = viewsIn(db)
  return found.length === wanted.size && found.every(({ name, sql }) => wanted.get(name) === sql)
}

/**
 * Has a connection see this version's views where the file has others: no digest covers those, and they may be of an
 * older version, or anybody's.
 */
export function overrideViews(db: Sqlite.Database): void {
  if (viewsAreCurrent(db)) return
  for (const sql of viewDefinitions().values()) db.exec(sql.replace('CREATE', 'create temp'))
}

/** Makes them so; the caller holds a transaction. */
export function refreshViews(db: Sqlite.Database): void {
  for (const { name } of viewsIn(db)) db.exec(`drop view "${name.replaceAll('"', '""')}"`)
  for (const sql of viewDefinitions().values()) db.exec(sql)
}

/** The name in a damaged row can be of any type. */
const viewsIn = (db: Sqlite.Database): { name: string; sql: string }[] =>
  db
    .prepare<[], { name: string; sql: string }>(
      `select coalesce(cast(name as text), '') as name, sql from sqlite_schema where type = 'view'`,
    )
    .all()
