import { createHash } from 'node:crypto'

import Sqlite from 'better-sqlite3'

import { proveBatch } from './proof/batch-proof.ts'
import { NO_DIGEST } from './digest.ts'
import { fallText, goneText } from './fallen.ts'
import { vanishedRuns } from './run-table.ts'
import { evidenceOfSeal, LIST_BROKEN, listState, marksProblem, sealProblem } from './seal.ts'
import { build } from './schema.ts'
import { selectAll } from './statements.ts'
import { schemaIsCurrent } from './migrate.ts'
import type { Run } from '../event/run.ts'
import { inDatabase } from './sqlite-errors.ts'
import type { RunFile } from './run-file.ts'
import { callProblem } from './verify-calls.ts'
import { NestingFold, type NestingRemark } from './verify-nesting.ts'
import { viewsAreCurrent } from './views.ts'
import { foreignObjects, loosenedIds, marksBeyond, strayProblems } from './verify-strays.ts'

/** Something that is not as it was written. `run` null: it concerns the file. */
export interface Problem {
  readonly run: number | null
  /** First event of the batch that is bad. */
  readonly first: number | null
  readonly message: string
}

export interface Verification {
  readonly runs: number
  readonly batches: number
  readonly events: number
  /**
   * SHA-256 of what was verified: of each run its id, the last of its chained digests, and the seal of its row. Kept
   * elsewhere, it proves later that nobody has changed the file and all its digests with it.
   */
  readonly digest: string
  /** Empty: all is as it was written. Of each run the first one. */
  readonly problems: readonly Problem[]
  /** Runs whose events do not fit a call tree: they were written so. */
  readonly nesting: readonly NestingRemark[]
}

/** Structural faults that are listed before SQLite's check gives up. */
const MAX_FAULTS = 10

/**
 * Proves that the file, or one run of it, is what was written: SQLite's structure, every run's row by its seal, its
 * events gapless and each batch of them by the chained digest, its calls by deriving them again, and that nothing
 * belongs to no run. A damaged file gives problems, not exceptions.
 */
export function verify(runFile: RunFile, only?: Run): Verification {
  const { db } = runFile
  const problems: Problem[] = []
  const nesting: NestingRemark[] = []
  const total = { runs: 0, batches: 0, events: 0 }
  let digest = ''
  // One moment of the file, although others may be recording into it.
  db.exec('begin')
  try {
    attempt(problems, null, runFile.path, () => checkStructure(db, problems))
    let runs: readonly Run[] = []
    attempt(problems, only?.id ?? null, runFile.path, () => {
      runs = only ? [runFile.find(only.id, { damaged: true })] : runFile.runs()
    })
    for (const run of runs) {
      total.runs++
      attempt(problems, run.id, runFile.path, () => {
        const remark = checkRun(runFile, run, total, problems)
        if (remark) nesting.push(remark)
      })
    }
    attempt(problems, null, runFile.path, () => (digest = digestOf(db, runs)))
    if (!only)
      attempt(problems, null, runFile.path, () => checkStrays(db, runFile.path, runs, problems))
  } finally {
    if (db.inTransaction) db.exec('rollback')
  }
  return { ...total, digest, problems, nesting }
}

function digestOf(db: Sqlite.Database, runs: readonly Run[]): string {
  const hash = createHash('sha256').update('pagetrail file 1\n')
  for (const { id } of runs) {
    const run = BigInt(id)
    const batches = build.selectFrom('batch').select('digest').where('run', '=', run)
    const [last] = selectAll(db, batches.orderBy('first', 'desc').limit(1))
    const [row] = selectAll(db, build.selectFrom('run').select('seal').where('id', '=', run))
    const parts = [last?.digest ?? NO_DIGEST, evidenceOfSeal(row?.seal ?? null)]
    hash.update(`${id} ${parts.map((part) => Buffer.from(part).toString('hex')).join(' ')}\n`)
  }
  return hash.digest('hex')
}

function attempt(problems: Problem[], run: number | null, path: string, check: () => void): void {
  try {
    check()
  } catch (error) {
    problems.push({
      run,
      first: null,
      message: unreadable(error) ?? messageOf(inDatabase(path, error)),
    })
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** Where SQLite itself cannot read on; null: it is something else. */
const unreadable = (error: unknown): string | null =>
  error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_CORRUPT')
    ? `SQLite cannot read all of it: ${error.message}`
    : null

function checkStructure(db: Sqlite.Database, problems: Problem[]): void {
  for (const fault of structuralFaults(db))
    problems.push({ run: null, first: null, message: `SQLite: ${fault}` })
  if (schemaIsCurrent(db) && !viewsAreCurrent(db)) {
    const message =
      'the views are not those of this version; opening the file for writing makes them again'
    problems.push({ run: null, first: null, message })
  }
}

/** What SQLite's own check finds; where that cannot be read to its end, the tables of which it cannot. */
function structuralFaults(db: Sqlite.Database): string[] {
  const check = (of: string | number): string[] =>
    db
      .prepare<[], string>(`pragma integrity_check(${of})`)
      .pluck()
      .all()
      .filter((said) => said !== 'ok')
  try {
    return check(MAX_FAULTS)
  } catch (whole) {
    if (unreadable(whole) === null) throw whole
    const query = `select name from sqlite_schema where type = 'table'`
    const tables = db.prepare<[], string>(query).pluck().all()
    const found = tables.flatMap((table) => {
      try {
        return check(`"${table.replaceAll('"', '""')}"`)
      } catch (error) {
        if (unreadable(error) === null) throw error
        return [`table ${table} cannot be read to its end`]
      }
    })
    return found.length > 0 ? found : [messageOf(whole)]
  }
}

function checkStrays(
  db: Sqlite.Database,
  path: string,
  runs: readonly Run[],
  problems: Problem[],
): void {
  for (const find of [
    () => strayProblems(db, runs),
    () => foreignObjects(db),
    () => marksBeyond(db),
    () => loosenedIds(db),
    () => vanishedRuns(db, path).map(goneText),
  ])
    problems.push(...find().map((message) => ({ run: null, first: null, message })))
}

/** What is wrong with a run goes to `problems`; of one that is as it was written, what its call tree does not fit. */
function checkRun(
  runFile: RunFile,
  run: Run,
  total: { batches: number; events: number },
  problems: Problem[],
): NestingRemark | null {
  const { db } = runFile
  const bad = (message: string, first: number | null = null): null => {
    problems.push({ run: run.id, first, message })
    return null
  }
  for (const problem of [sealProblem(db, run.id), marksProblem(db, run.id), fallText(run)])
    if (problem !== null) bad(problem)
  const reader = runFile.unproven()
  const nesting = new NestingFold(run, reader.nameOf)
  const batches = build.selectFrom('batch').selectAll().where('run', '=', BigInt(run.id))
  let digest: Uint8Array = NO_DIGEST
  let next = 0
  for (const row of selectAll(db, batches.orderBy('first'))) {
    const [first, count] = [Number(row.first), Number(row.count)]
    if (first !== next)
      return bad(`events ${next} to ${first - 1} are missing: no batch has them`, next)
    const found = proveBatch(db, reader, row, digest)
    if (typeof found === 'string')
      return bad(`batch ${first} to ${first + count - 1}: ${found}`, first)
    nesting.take(found.batch, first)
    digest = found.digest
    next += count
    total.batches++
    total.events += count
  }
  if (next !== run.events)
    return bad(`${run.events} events were recorded, the batches have ${next}`, next)
  if (reader.rows(run.id, { from: next, limit: 1 }).length > 0)
    return bad(`there are events after the last batch`, next)
  if (listState(db, run.id) === 'broken') return bad(LIST_BROKEN)
  const call = callProblem(db, reader, run.id)
  return call === null ? nesting.end() : bad(call)
}
