import type { Batch } from './batch.ts'

/** Where an importer puts its events: what it needs of a run's writer. */
export interface EventSink {
  readonly batch: Batch
  /** The id of a recurring text. */
  intern(text: string): number
  /** Starts a row of the kind, making room first where the batch is full; the row's index in `batch`. */
  row(kind: number, cpu: number): number
  /** Commits what is in the batch. */
  flush(): void
}
