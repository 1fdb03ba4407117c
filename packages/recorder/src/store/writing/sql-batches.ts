import { InputError } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'

import type { Batch } from '../../event/batch.ts'
import { insertBatch, renameBatch } from '../batch-insert.ts'
import type { BatchStore } from './batch-store.ts'
import { CallRows } from './call-rows.ts'
import { digestBatch, kindsIn, type NewName, NO_DIGEST } from '../digest.ts'
import type { Lease } from '../file/lease.ts'
import type { RunMeta } from '../run-row.ts'
import { RUN_SHIFT } from '../schema.ts'
import { guarded } from '../sqlite-errors.ts'
import type { StagedRows } from '../staged/staged-rows.ts'
import type { WriteStatements } from '../statements.ts'

/** What the writing of a run needs of its file. */
export interface WrittenFile {
  readonly db: Sqlite.Database
  readonly path: string
  readonly statements: WriteStatements
  /** How rows are inserted many at once; null: each is bound. */
  readonly staged: () => StagedRows | null
  readonly update: (patch: Partial<RunMeta>, state: 'complete' | 'interrupted') => void
  readonly remove: () => void
  /** So many events from `first` on are committed as they were given. */
  readonly wrote: (first: number, count: number) => void
  /** Moves what was committed into the file itself; whether that is done. */
  readonly settled: () => boolean
  /** Whether the file that was opened still has its name. */
  readonly isThere: () => boolean
  /** The writer is done. */
  readonly closed: () => void
}

/** The batches of a run in table `event`, each in one transaction with its calls, its names and its digest. */
export class SqlBatches implements BatchStore {
  readonly #file: WrittenFile
  readonly #id: number
  readonly #lease: Lease | null
  readonly #calls: CallRows
  /** The file's id of each interned name; those beyond its length were not yet written. */
  readonly #names: number[] = []
  #committed = 0
  /** Nothing of the run is in the -wal alone. */
  #isSettled = false
  #digest: Uint8Array = NO_DIGEST

  constructor(file: WrittenFile, id: number, lease: Lease | null) {
    this.#file = file
    this.#id = id
    this.#lease = lease
    this.#calls = new CallRows(file.statements, id)
  }

  /**
   * Locks the file; waiting for another writer may fail, with nothing changed: the same flush can be tried again.
   * `begin immediate` would lock the staged rows too, which are written within the transaction.
   */
  begin(): void {
    const { db, statements, path } = this.#file
    // Writing says so.
    if (!this.#file.isThere()) return
    guarded(path, () => {
      db.exec('begin')
      try {
        statements.counts.run(this.#committed, this.#calls.count, this.#id)
      } catch (error) {
        db.exec('rollback')
        throw error
      }
    })
  }

  write(batch: Batch, texts: readonly string[]): void {
    const { db, path } = this.#file
    // SQLite would go on writing to a file that no longer has a name.
    if (!this.#file.isThere()) {
      if (db.inTransaction) db.exec('rollback')
      throw new InputError(
        `${path} was removed or replaced while it was recorded; its run is lost, record again`,
      )
    }
    guarded(path, () => {
      try {
        this.#digest = this.#insert(batch, texts)
        db.exec('commit')
        this.#file.wrote(this.#committed, batch.length)
        this.#committed += batch.length
      } catch (error) {
        if (db.inTransaction) db.exec('rollback')
        throw error
      }
    })
  }

  finish(state: 'complete' | 'interrupted', patch: Partial<RunMeta>): void {
    guarded(this.#file.path, () => this.#file.update(patch, state))
    this.#isSettled = guarded(this.#file.path, () => this.#file.settled())
  }

  abort(): void {
    this.#isSettled = true
    guarded(this.#file.path, () => this.#file.remove())
  }

  close(): void {
    this.#lease?.release(this.#isSettled)
    this.#file.closed()
  }

  #insert(batch: Batch, texts: readonly string[]): Uint8Array {
    const { statements } = this.#file
    const [id, committed] = [this.#id, this.#committed]
    if (committed + batch.length > RUN_SHIFT)
      throw new InputError(`run ${id} is full: it has 2^32 events`)
    const names = this.#writeNames(texts)
    renameBatch(batch, this.#names)
    const staged = this.#file.staged()
    if (staged?.stage(batch, id * RUN_SHIFT + committed)) staged.insert()
    else insertBatch(statements, batch, id * RUN_SHIFT + committed)
    this.#calls.add(batch, committed)
    const digest = digestBatch(this.#digest, batch, names)
    statements.batch.run(id, committed, batch.length, kindsIn(batch), digest)
    statements.counts.run(committed + batch.length, this.#calls.count, id)
    return digest
  }

  /** Gives the names that are new since the last batch their ids in the file. */
  #writeNames(texts: readonly string[]): NewName[] {
    const { name, nameId, use } = this.#file.statements
    const added: NewName[] = []
    for (const text of texts.slice(this.#names.length)) {
      name.run(text)
      const id = Number(nameId.get(text))
      use.run(this.#id, id, this.#committed)
      this.#names.push(id)
      added.push({ id, text })
    }
    return added.toSorted((a, b) => a.id - b.id)
  }
}
