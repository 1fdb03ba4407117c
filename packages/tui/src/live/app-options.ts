import type { Worker } from 'node:worker_threads'

/** What the command hands to the screens. */
export interface AppOptions {
  /** The database of runs. */
  readonly db: string
  /** Runs to open, by id, label or -1, -2, …: one is replayed, two are compared. */
  readonly runs: readonly string[]
  readonly io: AppIo
  /** Folder in which it is remembered what of the database was proven. */
  readonly proofs?: string | undefined
  /** A worker on the database, where it was started while this code was being loaded. */
  readonly worker?: Worker
}

export interface AppIo {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly env: Readonly<Record<string, string | undefined>>
}
