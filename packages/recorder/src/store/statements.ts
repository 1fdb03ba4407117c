import type Sqlite from 'better-sqlite3'
import type { Compilable, Insertable } from 'kysely'

import { COLUMN_NAMES, EVENT_COLUMNS } from '../event/event-columns.ts'
import { BIND, BIND_TEXT, build, type Schema } from './schema.ts'

/** Rows per multi-row insert of events; measured best from 8 to 32. */
export const ROWS_PER_INSERT = 16

export type Bound = number | bigint | string | Uint8Array | null
/** Takes all its parameters as one array, which the caller reuses. */
export type ArrayStatement = Sqlite.Statement<[Bound[]]>
/** @internal */
export type WriteStatements = ReturnType<typeof writeStatements>

/**
 * Prepares what kysely wrote; rows are as its select list says. Parameters are bound in the order in which the builder
 * names them.
 */
export const prepare = <Row>(
  db: Sqlite.Database,
  query: Compilable<Row>,
): Sqlite.Statement<Bound[], Row> => db.prepare<Bound[], Row>(query.compile().sql)

/** The rows of a query that has its parameters. */
export function selectAll<Row>(db: Sqlite.Database, query: Compilable<Row>): Row[] {
  const { sql, parameters } = query.compile()
  return db.prepare<unknown[], Row>(sql).all(...parameters)
}

/** Runs one that selects nothing. */
export function execute(db: Sqlite.Database, query: Compilable): Sqlite.RunResult {
  const { sql, parameters } = query.compile()
  return db.prepare<unknown[]>(sql).run(...parameters)
}

/** Several questions to one state of the file, although others may be writing. */
export function atOneMoment<T>(db: Sqlite.Database, work: () => T): T {
  if (db.inTransaction) return work()
  db.exec('begin')
  try {
    return work()
  } finally {
    if (db.inTransaction) db.exec('rollback')
  }
}

/** A file of an older version, opened for reading, lacks the tables that came later. */
export const hasTable = (db: Sqlite.Database, name: keyof Schema): boolean =>
  db.prepare('select 1 from sqlite_schema where name = ?').get(name) !== undefined

const EVENT = Object.fromEntries(
  COLUMN_NAMES.map((name) => [name, EVENT_COLUMNS[name].endsWith('text') ? BIND_TEXT : BIND]),
) as Insertable<Schema['event']>

function insertEvents(db: Sqlite.Database, rows: number): ArrayStatement {
  const values = Array.from({ length: rows }, () => EVENT)
  return db.prepare<[Bound[]]>(build.insertInto('event').values(values).compile().sql)
}

const insertCall = build
  .insertInto('call')
  .values({
    run: BIND,
    op: BIND,
    fn: BIND,
    va: BIND,
    size: BIND,
    ret: BIND,
    task: BIND,
    cpu: BIND,
    first: BIND,
    last: BIND,
  })
  .onConflict((conflict) => conflict.doNothing())

const ofCall = (eb: ReturnType<typeof build.updateTable<'call'>>) =>
  eb.where('run', '=', BIND).where('op', '=', BIND)

/**
 * Everything that recording does to the file, prepared once per connection.
 *
 * @internal
 */
export function writeStatements(db: Sqlite.Database) {
  const inRun = (table: 'call' | 'batch' | 'name_use' | 'snapshot' | 'mark') =>
    prepare(db, build.deleteFrom(table).where('run', '=', BIND))
  const events = build.deleteFrom('event').where('id', '>=', BIND).where('id', '<=', BIND)
  const usedNames = build.selectFrom('name_use').select('name')
  const ignore = build.insertInto('name').values({ text: BIND_TEXT })
  return {
    events: insertEvents(db, ROWS_PER_INSERT),
    event: insertEvents(db, 1),
    name: prepare(
      db,
      ignore.onConflict((conflict) => conflict.doNothing()),
    ),
    nameId: prepare(
      db,
      build.selectFrom('name').select('id').where('text', '=', BIND_TEXT),
    ).pluck(),
    use: prepare(db, build.insertInto('name_use').values({ run: BIND, name: BIND, first: BIND })),
    batch: prepare(
      db,
      build.insertInto('batch').values({
        run: BIND,
        first: BIND,
        count: BIND,
        kinds: BIND,
        digest: new Uint8Array(),
      }),
    ),
    call: prepare(db, insertCall),
    callRange: prepare(db, ofCall(build.updateTable('call').set({ va: BIND, size: BIND }))),
    callEnd: prepare(db, ofCall(build.updateTable('call').set({ ret: BIND, last: BIND }))),
    counts: prepare(
      db,
      build.updateTable('run').set({ events: BIND, calls: BIND }).where('id', '=', BIND),
    ),
    removeEvents: prepare(db, events),
    removeRows: [
      inRun('call'),
      inRun('batch'),
      inRun('name_use'),
      inRun('snapshot'),
      inRun('mark'),
    ],
    removeRun: prepare(db, build.deleteFrom('run').where('id', '=', BIND)),
    removeNames: prepare(db, build.deleteFrom('name').where('id', 'not in', usedNames)),
  }
}
