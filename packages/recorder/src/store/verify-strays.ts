import type Sqlite from 'better-sqlite3'

import type { Run } from '../event/run.ts'
import { build, RUN_SHIFT } from './schema.ts'
import { hasTable, selectAll } from './statements.ts'

/** Tables whose rows belong to a run. */
const OF_RUNS = ['batch', 'call', 'name_use', 'snapshot', 'mark'] as const

const OURS: ReadonlySet<string> = new Set([
  'run',
  'name',
  'event',
  ...OF_RUNS,
  'kysely_migration',
  'kysely_migration_lock',
  'sqlite_sequence',
])

/** Tables, indexes and triggers that Pagetrail has not made: a trigger would run at its next change of the file. */
export function foreignObjects(db: Sqlite.Database): string[] {
  const all = db.prepare<[], { type: string; name: string; tbl_name: string }>(
    `select type, name, tbl_name from sqlite_schema where type <> 'view' order by type, name`,
  )
  return all
    .all()
    .filter(({ type, name }) =>
      type === 'table' ? !OURS.has(name) : !name.startsWith('sqlite_autoindex_'),
    )
    .map(({ type, name, tbl_name }) =>
      type === 'table'
        ? `table ${name} is not one of Pagetrail's`
        : `${type} ${name} on ${tbl_name} is not one of Pagetrail's`,
    )
}

/** Marks of places that their run does not have. */
export function marksBeyond(db: Sqlite.Database): string[] {
  if (!hasTable(db, 'mark')) return []
  const query = build
    .selectFrom('mark')
    .innerJoin('run', 'run.id', 'mark.run')
    .select(['mark.run', 'mark.seq', 'run.events'])
    .where((eb) => eb.or([eb('mark.seq', '<', 0n), eb('mark.seq', '>=', eb.ref('run.events'))]))
  return selectAll(db, query).map(
    ({ run, seq, events }) => `a mark of run ${run} is at event ${seq}, the run has ${events}`,
  )
}

/** Counters that were set back: an id that was removed would be given again. Names that no run uses. */
export function loosenedIds(db: Sqlite.Database): string[] {
  const problems: string[] = []
  for (const table of ['run', 'name'] as const) {
    const [last, counter] = db
      .prepare<[string], [bigint | null, bigint | null]>(
        `select (select max(id) from ${table}), (select seq from sqlite_sequence where name = ?)`,
      )
      .raw()
      .get(table)!
    if (last !== null && (counter ?? 0n) < last)
      problems.push(`the counter of table ${table} stands at ${counter ?? 0n}, it has ${last}`)
  }
  const used = build.selectFrom('name_use').select('name')
  const unused = build.selectFrom('name').select('id').where('id', 'not in', used).limit(1)
  const id = selectAll(db, unused)[0]?.id
  if (id !== undefined) problems.push(`name ${id} is used by no run`)
  return problems
}

/** Rows of runs that are not there: what a deletion by hand leaves. One sentence each. */
export function strayProblems(db: Sqlite.Database, runs: readonly Run[]): string[] {
  const problems: string[] = []
  const known = build.selectFrom('run').select('id')
  for (const table of OF_RUNS) {
    if (!hasTable(db, table)) continue
    const query = build.selectFrom(table).select('run').where('run', 'not in', known).limit(1)
    const run = selectAll(db, query)[0]?.run
    if (run !== undefined) problems.push(`${table} has rows of run ${run}, which is not there`)
  }
  const stray = db
    .prepare<bigint[], bigint>('select id from event where id >= ? and id < ? limit 1')
    .pluck()
  let from = -(1n << 63n)
  const shift = BigInt(RUN_SHIFT)
  for (const end of [...runs.map((run) => BigInt(run.id) * shift), (1n << 63n) - 1n]) {
    const id = stray.get(from, end)
    if (id !== undefined) problems.push(`event ${id} belongs to no run`)
    from = end + shift
  }
  return problems
}
