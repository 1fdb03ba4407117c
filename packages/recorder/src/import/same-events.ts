import { COLUMN_NAMES } from '../event/event-columns.ts'
import type { Run } from '../event/run.ts'
import type { RunFile } from '../store/run-file.ts'
import { guarded } from '../store/sqlite-errors.ts'
import { RUN_SHIFT } from '../store/schema.ts'

/** Names are numbered once in a file, so that equal events have equal columns. */
const DIFFERS = COLUMN_NAMES.filter((name) => name !== 'id')
  .map((name) => `a.${name} is not b.${name}`)
  .join(' or ')

/**
 * An earlier run of the same database that has exactly these events, among those that `ok` accepts: the same trace was
 * imported twice.
 */
export function runWithSameEvents(
  runFile: RunFile,
  run: Run,
  ok: (other: Run) => boolean = () => true,
): Run | undefined {
  if (run.events === 0) return undefined
  const different = runFile.db.prepare<[bigint, bigint, bigint]>(
    `select 1 from event a left join event b on b.id = a.id + ?
     where a.id >= ? and a.id < ? and (b.id is null or ${DIFFERS}) limit 1`,
  )
  const base = BigInt(run.id) * BigInt(RUN_SHIFT)
  return runFile.runs().find((other) => {
    if (
      other.id >= run.id ||
      other.events !== run.events ||
      other.calls !== run.calls ||
      !ok(other)
    )
      return false
    const apart = BigInt(other.id - run.id) * BigInt(RUN_SHIFT)
    const end = base + BigInt(run.events)
    return guarded(runFile.path, () => different.get(apart, base, end)) === undefined
  })
}
