import type { Run } from '../event/run.ts'
import type { RunMeta } from './run-row.ts'
import type { RunWriter, WriteOptions } from './writing/run-writer.ts'

/** Where imported runs go: a database, or a log for one command. */
export interface RunStore {
  startRun(meta: RunMeta, options?: WriteOptions): RunWriter
  /** A run of this id, which is there. */
  find(id: number): Run
  remove(run: Run): void
}
