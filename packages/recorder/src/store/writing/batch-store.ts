import type { Batch } from '../../event/batch.ts'
import type { RunMeta } from '../run-row.ts'

/**
 * Where the batches of one run go, each whole or not at all.
 *
 * @internal
 */
export interface BatchStore {
  /** Makes ready to write. Where it fails nothing has changed, and the same batch can be tried again. */
  begin(): void
  /** Writes a batch, which may be changed by that; `texts` of all names of the run, by the ids in the batch. */
  write(batch: Batch, texts: readonly string[]): void
  /** Ends the run. `patch` corrects what was said at its start. */
  finish(state: 'complete' | 'interrupted', patch: Partial<RunMeta>): void
  /** Removes the run. */
  abort(): void
  /** Nothing comes any more, be the run ended, removed or left as it is after a failure. */
  close(): void
}
