/** What the command hands to the screens. */
export interface AppOptions {
  /** The database of runs. */
  readonly db: string
  /** Runs to open, by id, label or -1, -2, …: one is replayed, two are compared. */
  readonly runs: readonly string[]
  readonly io: AppIo
}

export interface AppIo {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly env: Readonly<Record<string, string | undefined>>
}
