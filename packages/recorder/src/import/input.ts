import type { Json } from '../event.ts'

/** How an input was written down. */
export type ImportFormat = 'ftrace text' | 'trace.dat v6' | 'trace.dat v7'

/** What a reader of a format knows when it is done. */
export interface InputFacts {
  readonly format: ImportFormat
  readonly lines: number
  readonly entries: number
  readonly backwards: number
  readonly t0: bigint | null
  readonly kernel?: string
  readonly facts: Readonly<Record<string, Json>>
}

/** A format being read: takes the bytes as they come. */
export interface Input {
  readonly lines: number
  readonly entries: number
  /** Throws InputError with file and line. */
  push(chunk: Uint8Array): void
  /** `interrupted`: there was more, which is not to be read. */
  end(interrupted: boolean): InputFacts
}
