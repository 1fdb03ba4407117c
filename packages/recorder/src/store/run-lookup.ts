import { InputError } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'

import type { Run } from '../event/run.ts'
import { goneText, type VanishedRun } from './fallen.ts'
import { dropLease } from './file/lease.ts'
import { noSuchRun } from './run-row.ts'
import { damagedAfter, listRuns, lookUpRun, lostRun, vanishedRuns } from './run-table.ts'
import { LIST_BROKEN, rowProblem } from './seal.ts'
import { guarded } from './sqlite-errors.ts'

/** Which run of a file is meant; one of which that is open is an error, never a guess. */
export class RunLookup {
  readonly #db: Sqlite.Database
  readonly #path: string
  /** Proves all events of a run; damage is an InputError. */
  readonly #prove: (run: Run) => void

  constructor(db: Sqlite.Database, path: string, prove: (run: Run) => void) {
    this.#db = db
    this.#path = path
    this.#prove = prove
  }

  runs(): Run[] {
    const lost = this.#ask(() => lostRun(this.#db))
    if (lost !== undefined) throw this.damaged(Number(lost), 'the row that describes it is gone')
    return this.#ask(() => listRuns(this.#db, this.#path))
  }

  find(spec: string, bears: { readonly damaged?: boolean }): Run {
    const run = bears.damaged ? this.#meant(spec) : this.lookUp(spec)
    if (run) return run
    throw this.noSuch(spec)
  }

  lookUp(spec: string): Run | undefined {
    const run = this.#meant(spec)
    if (run?.state !== 'damaged') return run
    const problem = this.#ask(() => rowProblem(this.#db, run.id))
    // Its row is whole, its batches are not: which one?
    if (problem === null) this.#prove(run)
    throw this.damaged(run.id, problem ?? LIST_BROKEN)
  }

  /** A label, and a place from the end, may mean a later run of which nothing is known any more. */
  #meant(spec: string): Run | undefined {
    const run = this.#ask(() => lookUpRun(this.#db, this.#path, spec))
    if (run === undefined || String(run.id) === spec) return run
    const later = this.#ask(() => damagedAfter(this.#db, run.id))
    if (later !== undefined)
      throw this.damaged(later, `its row was changed, and it may be what ${spec} means`)
    const gone = this.vanished().findLast((one) => one.run > run.id)
    if (gone === undefined) return run
    throw new InputError(
      `${this.#path}: ${goneText(gone)}; it may be what ${spec} means. Name a run by its id; pagetrail rm ${gone.run} forgets the lost one`,
    )
  }

  noSuch(spec: string): InputError {
    const near = noSuchRun(this.runs(), spec, this.#path)
    const gone = this.vanished().at(-1)
    return gone ? new InputError(`${near.message}; ${goneText(gone)}`) : near
  }

  vanished(): VanishedRun[] {
    return this.#ask(() => vanishedRuns(this.#db, this.#path))
  }

  /** Whether there was one of this number, which nobody misses any more. */
  forgetVanished(run: number): boolean {
    const isOne = this.vanished().some((one) => one.run === run)
    if (isOne) dropLease(this.#path, run)
    return isOne
  }

  damaged(run: number, why: string): InputError {
    return new InputError(
      `${this.#path} is damaged: run ${run}, ${why}. Name a run by its id; pagetrail verify says more, pagetrail rm ${run} removes the run`,
    )
  }

  #ask<T>(question: () => T): T {
    return guarded(this.#path, question)
  }
}
