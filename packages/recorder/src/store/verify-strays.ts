import type Sqlite from 'better-sqlite3'

import type { Run } from '../event/run.ts'
import { RUN_SHIFT } from './run-writer.ts'
import { build } from './schema.ts'
import { hasTable, selectAll } from './statements.ts'

/** Tables whose rows belong to a run. */
const OF_RUNS = ['batch', 'call', 'name_use', 'snapshot', 'mark'] as const

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
