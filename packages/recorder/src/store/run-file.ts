import { InputError } from '@pagetrail/engine'

import type Sqlite from 'better-sqlite3'

import { MIGRATIONS } from '../../../../migrations/index.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { Condition } from '../event/condition.ts'
import { NO_DIGEST } from './digest.ts'
import { Lease, MEMORY } from './file/lease.ts'
import { SameFile } from './file/same-file.ts'
import { migrate, type Migrations } from './migrate.ts'
import { BUSY_MS, checkExists, noRuns, openForReading, openForWriting } from './file/open-file.ts'
import { EventReader, type PageRequest, steadily } from './event-reader.ts'
import { Proof } from './proof/proof.ts'
import { ProofMemory } from './proof/proof-memory.ts'
import { eventSource, proofOf } from './run-source.ts'
import { RunLookup } from './run-lookup.ts'
import { insertRun, isSettled, markInterrupted, removeRun, updateRun } from './run-table.ts'
import { LIST_BROKEN, listState } from './seal.ts'
import { checkNoTrigger, checkTables } from './shape.ts'
import type { RunMeta } from './run-row.ts'
import type { EventSource, Run, RunPlace } from '../event/run.ts'
import { keepOf } from './proof/projections.ts'
import { guarded, guardedEach, inDatabase } from './sqlite-errors.ts'
import { CopiedRows } from './staged/copied-rows.ts'
import { StagedRows } from './staged/staged-rows.ts'
import { writeStatements, type WriteStatements } from './statements.ts'
import { RunWriter, type WriteOptions } from './writing/run-writer.ts'
import { SqlBatches } from './writing/sql-batches.ts'
import { RUN_SHIFT } from './schema.ts'

export interface OpenOptions {
  /** `write` creates the file where there is none and brings an older one up to date. */
  readonly mode: 'read' | 'write'
  /** Without a file there is nothing to change: it is not made. */
  readonly mustExist?: boolean
  /** How long to wait for another process's transaction; {@link BUSY_MS} by default. */
  readonly busyMs?: number
  /**
   * Folder in which it is remembered what of an unchanged file has been proven, so that the next process need not prove
   * it again. Without it, and of a file that is opened for writing, nothing is.
   */
  readonly proofs?: string | undefined
  /** The file goes when the command is over: nobody waits until the disk has what is written to it. */
  readonly temporary?: boolean
  /** For tests of upgrades. @internal */
  readonly migrations?: Migrations
}

/**
 * Opens a database of runs. Throws InputError, in one sentence with what to do, for whatever stands in the way: no
 * such file or folder, no permission, not a database, not ours, damaged, or of a newer version.
 */
export async function openRuns(path: string, options: OpenOptions): Promise<RunFile> {
  const { mode, mustExist, busyMs = BUSY_MS, proofs = null, migrations = MIGRATIONS } = options
  if (mustExist || mode === 'read') checkExists(path)
  const folder = mode === 'read' ? proofs : null
  // Before the first byte is read: what is proven holds of this state of the file.
  const memory = path === MEMORY ? null : new ProofMemory(path, folder)
  let db: Sqlite.Database | undefined
  try {
    db = mode === 'write' ? openForWriting(path, busyMs, options) : openForReading(path, busyMs)
    if (mode === 'write') {
      // First: a database that is not ours stays as it is, bit for bit.
      const { empty } = checkTables(db, path, migrations)
      if (empty && mustExist) throw noRuns(path)
      checkNoTrigger(db, path)
      db.pragma('journal_mode = wal')
      await migrate(db, path, migrations)
      db.defaultSafeIntegers(true)
      markInterrupted(db, path)
    } else if (checkTables(db, path, migrations).empty) {
      throw noRuns(path)
    }
    db.defaultSafeIntegers(true)
    return new RunFile(db, path, mode, memory)
  } catch (error) {
    db?.close()
    throw inDatabase(path, error)
  }
}

/** A database of runs: what is in it, readers and writers of its runs. Made by {@link openRuns}. */
export class RunFile {
  readonly path: string
  readonly mode: 'read' | 'write'
  /** The connection, with safe integers: for queries that nothing here offers. @internal */
  readonly db: Sqlite.Database
  readonly #lookup: RunLookup
  readonly #reader: EventReader
  /** null: a database in memory, which nobody else can have changed. */
  readonly #proof: Proof | null
  readonly #closing: (() => void)[] = []
  readonly #file: SameFile
  readonly #proofs: string | null
  readonly #writers = new Set<RunWriter>()
  #statements: WriteStatements | undefined
  /** Made with the first writer; null: rows are bound. */
  #staged: StagedRows | null | undefined
  /** null: a database in memory, whose rows are read one by one. */
  readonly #copied: CopiedRows | null

  /** @internal */
  constructor(
    db: Sqlite.Database,
    path: string,
    mode: 'read' | 'write',
    memory: ProofMemory | null,
  ) {
    this.db = db
    this.path = path
    this.mode = mode
    this.#copied = memory && new CopiedRows(path, () => this.#file.isThere())
    this.#proof = memory && new Proof(db, path, memory, this.#copied)
    this.#lookup = new RunLookup(db, path, ({ id }) =>
      this.readProven(id, 0, RUN_SHIFT - 1, () => {}),
    )
    this.#reader = new EventReader(db, this.#proof ?? undefined, this.#copied)
    this.#file = new SameFile(path)
    this.#proofs = memory?.folder ?? null
  }

  /** Reads events as they lie there, for who proves them. @internal */
  unproven(): EventReader {
    return new EventReader(this.db, undefined, this.#copied)
  }

  #mustBeThere(): void {
    if (!this.#file.isThere()) throw this.#replaced()
  }

  #replaced(): InputError {
    return new InputError(`${this.path} was removed or replaced while it was open; open it again`)
  }

  /** Every run, oldest first; one whose row is damaged is there, and its state says so. */
  runs(): Run[] {
    this.#mustBeThere()
    return this.#lookup.runs()
  }

  /**
   * The run of this id or label, or -1 (latest), -2, …; InputError naming what is near, or saying that the run's row is
   * damaged, unless the caller can bear it, or that a lost run may be what is meant.
   */
  find(spec: string | number, bears: { readonly damaged?: boolean } = {}): Run {
    this.#mustBeThere()
    return this.#lookup.find(String(spec), bears)
  }

  /** The same; undefined where there is none. */
  lookUp(spec: string | number): Run | undefined {
    this.#mustBeThere()
    return this.#lookup.lookUp(String(spec))
  }

  /** Says that there is no such run, and which are near. */
  noSuch(spec: string): InputError {
    this.#mustBeThere()
    return this.#lookup.noSuch(spec)
  }

  /** Misses a vanished run no longer; false: there is none of this number. @internal */
  forgetVanished(run: number): boolean {
    this.#mustWrite()
    return this.#lookup.forgetVanished(run)
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
    if (this.find(run.id, { damaged: true }).state === 'recording') {
      throw new InputError(`run ${run.id} ${run.label} is being recorded; end its recorder first`)
    }
    this.#proof?.forget(run.id)
    guarded(this.path, () => removeRun(this.db, this.#write(), run.id))
    this.#proof?.ownWrite()
  }

  rename(run: Run, label: string): void {
    this.#mustWrite()
    // A new seal would declare sound what is not.
    if (guarded(this.path, () => listState(this.db, run.id)) === 'broken')
      throw this.#lookup.damaged(run.id, LIST_BROKEN)
    guarded(this.path, () => updateRun(this.db, run.id, { label }))
  }

  /** The run as a source of events, read in pages; each reading sees what was recorded meanwhile. */
  source(run: Run): EventSource {
    return eventSource(
      this.#reader,
      run,
      this.path,
      proofOf(this.#proof, this.path, run),
      keepOf(this, run),
      () => this.#placeOf(run),
    )
  }

  #placeOf({ id }: Run): RunPlace | undefined {
    const [path, proof] = [this.path, this.#proof]
    if (!proof) return undefined
    const { state } = proof
    const proven = proof.known(id)
    return { path, inode: this.#file.inode, state, run: id, proofs: this.#proofs, proven }
  }

  /** The run at this place, with what another thread has proven of it. @internal */
  at({ inode, state, run, proven }: RunPlace): EventSource {
    if (inode !== this.#file.inode) throw this.#replaced()
    const source = this.source(this.find(run))
    if (state === this.#proof?.state) source.proof?.add(proven)
    return source
  }

  /** The events from `from` to `to` that fulfil a condition, in order; SQLite passes over the others. */
  eventsWhere(run: Run, where: Condition, from?: number, to?: number): Iterable<TraceEvent> {
    return guardedEach(this.path, this.#reader.events(run.id, from, to, where))
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
    return guarded(this.path, () => {
      const first = this.#reader.callStart(run.id, op)
      const [begin] =
        first === undefined ? [] : this.#reader.page(run.id, { from: first, limit: 1 })
      // A row of `call` that is missing or leads elsewhere is only found by deriving them all.
      if (begin?.kind !== 'op_begin' || begin.op !== op) this.#proof?.calls(run)
      return first
    })
  }

  /** The first `limit` functions, tasks and instructions that a run's events name, in alphabetical order. */
  namesIn(run: Run, limit: number): string[] {
    return guarded(this.path, () => {
      this.#proof?.names(run.id)
      return this.#reader.namesOf(run.id, limit)
    })
  }

  /** Runs of which nothing is there but that their recorder had committed events: their -wal was lost after a kill. */
  vanished(): { readonly run: number; readonly acknowledged: number }[] {
    return this.#lookup.vanished()
  }

  /** What statements of the caller's own find of these events, which are proven; damage is an InputError. @internal */
  readProven<T>(run: number, from: number, to: number, read: () => T): T {
    const proof = this.#proof
    const provenFirst = (): T => {
      for (const _ of proof?.pieces(run, from, to, false) ?? []);
      return read()
    }
    return guarded(this.path, () => (proof ? steadily(proof, provenFirst) : read()))
  }

  /** Whether what was proven still is, after reading by statements of one's own. @internal */
  holds(): boolean {
    return this.#proof?.holds() ?? true
  }

  /** Proves the whole file, once per state, for queries that may read anything of it. @internal */
  proveAll(): void {
    const proof = this.#proof
    if (!proof) return
    guarded(this.path, () => {
      // One moment of the file, although others may be recording into it.
      this.db.exec('begin')
      try {
        const runs = this.runs()
        const damaged = runs.find(({ state }) => state === 'damaged')
        if (damaged)
          throw this.#lookup.damaged(damaged.id, 'the row that describes the run was changed')
        proof.file(runs)
      } finally {
        this.db.exec('rollback')
      }
    })
  }

  /** A digest that stands for all events of a run up to one, and some after it. @internal */
  digestAt(run: number, seq: number): Uint8Array {
    return guarded(this.path, () => this.#proof?.digestAt(run, seq) ?? NO_DIGEST)
  }

  /** Writes on a connection what changes no answer; what was proven of the file stays so. @internal */
  whileWriting(writer: Sqlite.Database, write: () => void): void {
    if (this.#proof) this.#proof.whileWriting(writer, write)
    else write()
  }

  /** All of these runs was verified. @internal */
  verified(runs: readonly Run[]): void {
    for (const run of runs) {
      if (run.events > 0) this.#proof?.add(run.id, 0, run.events - 1)
      if (run.state !== 'recording') this.#proof?.addCalls(run.id)
    }
  }

  /** Writes down what was proven, for the next process. @internal */
  remember(): void {
    this.#proof?.remember()
  }

  /** Calls it before the file is closed. @internal */
  atClose(work: () => void): void {
    this.#closing.push(work)
  }

  /** Ends recordings that were left open, as interrupted, and closes the file; once more does nothing. */
  close(): void {
    if (!this.db.open) return
    try {
      for (const writer of this.#writers) writer.finish('interrupted')
      for (const work of this.#closing.splice(0)) work()
      this.remember()
    } finally {
      // The last connection to close is the one that has moved all into the file.
      this.#copied?.close()
      this.db.close()
      this.#staged?.close()
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
      lease?.release(true)
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
      staged: () => this.#staged ?? null,
      update: (patch: Partial<RunMeta>, state: 'complete' | 'interrupted') =>
        updateRun(db, id, patch, state),
      remove: () => {
        this.#proof?.forget(id)
        removeRun(db, statements, id)
      },
      wrote: (first: number, count: number) => {
        lease?.acknowledge(first + count)
        this.#proof?.add(id, first, first + count - 1)
        this.#proof?.ownWrite()
      },
      settled: () => {
        const settled = isSettled(db)
        this.#proof?.ownWrite()
        return settled
      },
      isThere: () => this.#file.isThere(),
      closed: () => this.#writers.delete(writer),
    }
    this.#proof?.addCalls(id)
    if (path !== MEMORY) this.#staged ??= StagedRows.open(db, path)
    const writer = new RunWriter(new SqlBatches(file, id, lease), id, options)
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
