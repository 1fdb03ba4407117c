import { InputError } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'

import { MIGRATIONS } from '../../../../migrations/index.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { Condition } from '../event/condition.ts'
import { Lease } from './lease.ts'
import { inspect, migrate, type Migrations } from './migrate.ts'
import { BUSY_MS, openForReading, openForWriting } from './open-file.ts'
import { EventReader, eventSource, type PageRequest } from './event-reader.ts'
import {
  insertRun,
  listRuns,
  lookUpRun,
  markInterrupted,
  removeRun,
  updateRun,
} from './run-table.ts'
import { noSuchRun, type RunMeta } from './run-row.ts'
import type { EventSource, Run } from '../event/run.ts'
import { guarded, inFile } from './sqlite-errors.ts'
import { writeStatements, type WriteStatements } from './statements.ts'
import { RunWriter, type WriteOptions } from './run-writer.ts'

export interface OpenOptions {
  /** `write` creates the file where there is none and brings an older one up to date. */
  readonly mode: 'read' | 'write'
  /** How long to wait for another process's transaction; {@link BUSY_MS} unless told. */
  readonly busyMs?: number
  /**
   * For tests of upgrades.
   *
   * @internal
   */
  readonly migrations?: Migrations
}

/**
 * Opens a database of runs. Throws InputError, in one sentence with what to do, for whatever stands in the way: no
 * such file or folder, no permission, not a database, not ours, damaged, or of a newer version.
 */
export async function openRuns(path: string, options: OpenOptions): Promise<RunFile> {
  const { mode, busyMs = BUSY_MS, migrations = MIGRATIONS } = options
  let db: Sqlite.Database | undefined
  try {
    db = mode === 'write' ? openForWriting(path, busyMs) : openForReading(path, busyMs)
    if (mode === 'write') {
      await migrate(db, path, migrations)
      db.defaultSafeIntegers(true)
      markInterrupted(db, path)
    } else if (inspect(db, path, migrations).empty) {
      throw new InputError(`${path} is empty; record or import a run`)
    }
    db.defaultSafeIntegers(true)
    return new RunFile(db, path, mode)
  } catch (error) {
    db?.close()
    throw inFile(path, error)
  }
}

/** A database of runs: what is in it, readers and writers of its runs. Made by {@link openRuns}. */
export class RunFile {
  readonly path: string
  readonly mode: 'read' | 'write'
  /**
   * The connection, with safe integers: for queries that nothing here offers.
   *
   * @internal
   */
  readonly db: Sqlite.Database
  readonly #reader: EventReader
  readonly #writers = new Set<RunWriter>()
  #statements: WriteStatements | undefined

  /** @internal */
  constructor(db: Sqlite.Database, path: string, mode: 'read' | 'write') {
    this.db = db
    this.path = path
    this.mode = mode
    this.#reader = new EventReader(db)
  }

  /** Every run, oldest first. */
  runs(): Run[] {
    return guarded(this.path, () => listRuns(this.db, this.path))
  }

  /** The run of this id or label, or -1 (latest), -2, …; InputError naming what is near. */
  find(spec: string | number): Run {
    const run = this.lookUp(spec)
    if (run) return run
    throw this.noSuch(String(spec))
  }

  /** The same; undefined where there is none. */
  lookUp(spec: string | number): Run | undefined {
    return guarded(this.path, () => lookUpRun(this.db, this.path, String(spec)))
  }

  /** Says that there is no such run, and which are near. */
  noSuch(spec: string): InputError {
    return noSuchRun(this.runs(), spec, this.path)
  }

  /** Begins a run; {@link runs} shows it at once, as `recording`. */
  startRun(meta: RunMeta, options: WriteOptions = {}): RunWriter {
    this.#mustWrite()
    if (options.durability === 'call') this.db.pragma('synchronous = full')
    return guarded(this.path, () => this.#begin(meta, options))
  }

  /** Removes a run and the names that only it used. Refused while it is being recorded. */
  remove(run: Run): void {
    this.#mustWrite()
    if (this.find(run.id).state === 'recording') {
      throw new InputError(`run ${run.id} ${run.label} is being recorded; end its recorder first`)
    }
    guarded(this.path, () => removeRun(this.db, this.#write(), run.id))
  }

  rename(run: Run, label: string): void {
    this.#mustWrite()
    guarded(this.path, () => updateRun(this.db, run.id, { label }))
  }

  /** The run as a source of events, read in pages; each reading sees what was recorded meanwhile. */
  source(run: Run): EventSource {
    return eventSource(this.#reader, run, this.path)
  }

  /** One page of events in the order of their seq. */
  readPage(run: Run, request: PageRequest): TraceEvent[] {
    return guarded(this.path, () => this.#reader.page(run.id, request))
  }

  /** seq of each event from `from` to `to` that fulfils a condition, ascending. */
  matching(run: Run, from: number, to: number, where: Condition): number[] {
    return guarded(this.path, () => this.#reader.seqs(run.id, from, to, where))
  }

  /** seq of the op_begin of a call; undefined: there is no such call. */
  callStart(run: Run, op: number): number | undefined {
    return guarded(this.path, () => this.#reader.callStart(run.id, op))
  }

  /** The first `limit` functions, tasks and instructions that a run's events name, in alphabetical order. */
  namesIn(run: Run, limit: number): string[] {
    return guarded(this.path, () => this.#reader.namesOf(run.id, limit))
  }

  /** Ends recordings that were left open, as interrupted, and closes the file. */
  close(): void {
    try {
      for (const writer of this.#writers) writer.finish('interrupted')
    } finally {
      this.db.close()
    }
  }

  #begin(meta: RunMeta, options: WriteOptions): RunWriter {
    const { db, path } = this
    let lease: Lease | null = null
    db.exec('begin immediate')
    try {
      const id = insertRun(db, meta)
      // Before the commit: nobody may see a recording that nobody holds.
      lease = Lease.take(path, id)
      db.exec('commit')
      return this.#writer(id, lease, options)
    } catch (error) {
      lease?.release()
      if (db.inTransaction) db.exec('rollback')
      throw error
    }
  }

  #writer(id: number, lease: Lease | null, options: WriteOptions): RunWriter {
    const { db, path } = this
    const statements = this.#write()
    const file = {
      db,
      path,
      statements,
      update: (patch: Partial<RunMeta>, state: 'complete' | 'interrupted') =>
        updateRun(db, id, patch, state),
      remove: () => removeRun(db, statements, id),
      closed: (writer: RunWriter) => this.#writers.delete(writer),
    }
    const writer = new RunWriter(file, id, lease, options)
    this.#writers.add(writer)
    return writer
  }

  #write(): WriteStatements {
    return (this.#statements ??= writeStatements(this.db))
  }

  #mustWrite(): void {
    if (this.mode === 'write') return
    throw new InputError(`${this.path} was opened for reading only`)
  }
}
