import type Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { acknowledgedOf, dropLease, droppedLeases, isLeased } from './file/lease.ts'
import { columnsOf, type RunMeta, runOfRow } from './run-row.ts'
import { ACKNOWLEDGED, type VanishedRun } from './fallen.ts'
import { listState, rowProblem, seal } from './seal.ts'
import { build, RUN_SHIFT } from './schema.ts'
import { SHOWS } from '../event/evidence.ts'
import { KIND_NAMES, KINDS } from '../event/kinds.ts'
import { ASKED, type Run, type StoredState } from '../event/run.ts'
import { execute, selectAll, type WriteStatements } from './statements.ts'

/** Every run, oldest first. A run whose recorder died is `interrupted`, whatever its row still says. */
export function listRuns(db: Sqlite.Database, path: string): Run[] {
  return selected(db, path, allRuns.orderBy('id'))
}

/**
 * The run of this id, the latest of this label, or -1 (latest), -2, …; undefined where there is none. A run that is
 * there because a question named its file is not counted: `diff golden.jsonl -1` would ask another question the second
 * time.
 */
export function lookUpRun(db: Sqlite.Database, path: string, spec: string): Run | undefined {
  const latest = allRuns.orderBy(isOwn, 'desc').orderBy('id', 'desc').limit(1)
  if (/^-[1-9]\d{0,8}$/.test(spec)) {
    return selected(db, path, latest.where(isOwn).offset(BigInt(-Number(spec) - 1)))[0]
  }
  const byId = /^\d{1,15}$/.test(spec)
    ? selected(db, path, latest.where('id', '=', BigInt(spec)))
    : []
  return byId[0] ?? selected(db, path, latest.where('label', '=', spec))[0]
}

const allRuns = build.selectFrom('run').selectAll()

/** Damaged facts make a run one that could be meant. */
const isOwn = sql<boolean>`iif(json_valid(facts), json_extract(facts, '$.' || ${ASKED}) is null, true)`

function selected(db: Sqlite.Database, path: string, query: typeof allRuns): Run[] {
  return selectAll(db, query).map((row) => {
    if (rowProblem(db, Number(row.id)) !== null) return runOfRow(row, 'damaged')
    const dead = row.state === 'recording' && !isLeased(path, Number(row.id))
    const run = withShown(db, runOfRow(row, dead ? 'interrupted' : row.state))
    return dead ? withFall(run, path) : run
  })
}

/** A run whose row is gone: its batches are still there. */
export function lostRun(db: Sqlite.Database): bigint | undefined {
  const known = build.selectFrom('run').select('id')
  const lost = build.selectFrom('batch').select('run').where('run', 'not in', known).limit(1)
  return selectAll(db, lost)[0]?.run
}

/** Runs later than one that cannot be believed: one of them may be what was meant by a label or by -1. */
export function damagedAfter(db: Sqlite.Database, id: number): number | undefined {
  const later = build.selectFrom('run').select('id').where('id', '>', BigInt(id)).orderBy('id')
  const found = selectAll(db, later).find((row) => rowProblem(db, Number(row.id)) !== null)
  return found && Number(found.id)
}

/** A run of a producer that did not say what it shows, and that is not finished or of version 0.1: what occurs. */
function withShown(db: Sqlite.Database, run: Run): Run {
  const { source, flavour, facts } = run
  if ((source !== 'jsonl' && source !== 'tree') || flavour !== null || SHOWS in facts) return run
  if (listState(db, run.id) === 'broken') return { ...run, state: 'damaged' }
  const batches = build.selectFrom('batch').select('kinds').where('run', '=', BigInt(run.id))
  const kinds = selectAll(db, batches).reduce((all, batch) => all | batch.kinds, 0n)
  const shown = KIND_NAMES.filter((kind) => (kinds >> BigInt(KINDS[kind].id)) & 1n)
  return { ...run, facts: { ...facts, [SHOWS]: shown } }
}

const withFall = (run: Run, path: string): Run => ({
  ...run,
  facts: { ...run.facts, ...fallen(run, path) },
})

/** The -wal in which the rest was is damaged or gone: the lease, which is outside of it, still has the count. */
function fallen({ id, events }: Run, path: string): Run['facts'] {
  const acknowledged = acknowledgedOf(path, id)
  return acknowledged > events ? { [ACKNOWLEDGED]: acknowledged } : {}
}

/**
 * Writes down what {@link listRuns} found out about runs that nobody records any more, and clears away leases. That of
 * a run which is gone stays: it is all that says that there was one.
 */
export function markInterrupted(db: Sqlite.Database, path: string): void {
  const left = droppedLeases(path)
  const recording = build.selectFrom('run').select('id').where('state', '=', 'recording')
  for (const { id } of selectAll(db, recording)) {
    if (isLeased(path, Number(id))) continue
    db.transaction(() => markDead(db, id, path)).immediate()
  }
  if (left.length === 0 || !isSettled(db)) return
  // A recorder takes its lease within its own write transaction: none appears meanwhile.
  db.transaction(() => {
    for (const { run, acknowledged } of left) {
      const [row] = selectAll(
        db,
        build.selectFrom('run').select('state').where('id', '=', BigInt(run)),
      )
      const gone = row === undefined && acknowledged > 0
      if (!gone && row?.state !== 'recording' && !isLeased(path, run)) dropLease(path, run)
    }
  }).immediate()
}

/** Moves what is in the -wal into the file itself; false where readers keep that from happening. */
export function isSettled(db: Sqlite.Database): boolean {
  const [done] = db.pragma('main.wal_checkpoint(passive)') as {
    busy: bigint
    log: bigint
    checkpointed: bigint
  }[]
  return done !== undefined && Number(done.busy) === 0 && done.log === done.checkpointed
}

/** Runs whose recorder had committed events and that are gone, with the -wal that they were in. */
export function vanishedRuns(db: Sqlite.Database, path: string): VanishedRun[] {
  const known = new Set(
    selectAll(db, build.selectFrom('run').select('id')).map(({ id }) => Number(id)),
  )
  return droppedLeases(path).filter(({ run, acknowledged }) => acknowledged > 0 && !known.has(run))
}

function markDead(db: Sqlite.Database, id: bigint, path: string): void {
  const whole = rowProblem(db, Number(id)) === null
  const dead = build.updateTable('run').set({ state: 'interrupted' }).where('id', '=', id)
  // It may have been finished since: only a state that still says recording is corrected.
  execute(db, dead.where('state', '=', 'recording'))
  // A row that was damaged before must not be declared sound.
  if (!whole) return
  const [row] = selectAll(db, allRuns.where('id', '=', id))
  if (row) {
    const run = runOfRow(row, row.state)
    const facts = { ...run.facts, ...fallen(run, path) }
    execute(db, build.updateTable('run').set(columnsOf({ facts })).where('id', '=', id))
  }
  seal(db, Number(id))
}

/** Adds a run in the state `recording` and returns its id, which no run has had before. */
export function insertRun(db: Sqlite.Database, meta: RunMeta): number {
  const { label, source, created } = meta
  const values = {
    created: BigInt(Math.trunc(created)),
    label,
    source,
    state: 'recording',
  } as const
  const zero = { events: 0n, calls: 0n, lost: 0n, facts: '{}' }
  const row = { ...zero, ...values, ...columnsOf(meta) }
  const id = Number(execute(db, build.insertInto('run').values(row)).lastInsertRowid)
  seal(db, id)
  return id
}

export function updateRun(
  db: Sqlite.Database,
  run: number,
  patch: Partial<RunMeta>,
  state?: StoredState,
): void {
  const values = { ...columnsOf(patch), ...(state && { state }) }
  if (Object.keys(values).length === 0) return
  const update = build.updateTable('run').set(values).where('id', '=', BigInt(run))
  // Row and seal together: a process that is killed between them would leave a row that looks tampered with.
  db.transaction(() => {
    execute(db, update)
    seal(db, run)
  }).immediate()
}

/** Removes a run, everything of it, and the names that nothing else uses. */
export function removeRun(db: Sqlite.Database, statements: WriteStatements, run: number): void {
  db.transaction(() => {
    const base = BigInt(run) * BigInt(RUN_SHIFT)
    statements.removeEvents.run(base, base + BigInt(RUN_SHIFT) - 1n)
    for (const remove of statements.removeRows) remove.run(run)
    statements.removeRun.run(run)
    statements.removeNames.run()
  }).immediate()
}
