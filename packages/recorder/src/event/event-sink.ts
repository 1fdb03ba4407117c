import type { Batch } from './batch.ts'

/** Where a recorder or an importer puts its events: what it needs of a run's writer. */
export interface EventSink {
  readonly batch: Batch
  /** The id of a recurring text. */
  intern(text: string): number
  /** The text by this id. */
  textOf(id: number): string
  /** Starts a row of the kind, making room first where the batch is full; the row's index in `batch`. */
  row(kind: number, cpu: number): number
  /** The row of a call's end is complete. */
  callEnded(): void
  /** Commits what is in the batch. */
  flush(): void
}
