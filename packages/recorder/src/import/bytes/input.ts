import type { Json } from '../../event/kinds.ts'

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

/** A format being read. */
export interface Input {
  /** What was read so far. */
  readonly lines: number
  readonly entries: number
  /** Bytes of the file that were gone through, where it is not read from front to back. */
  readonly bytes?: number
  /**
   * Reads to the end, or until `step` says false; `idle`: there is nothing more for now. Throws InputError with the
   * place.
   */
  read(chunks: AsyncIterable<Uint8Array>, step: (idle: boolean) => boolean): Promise<InputFacts>
}
