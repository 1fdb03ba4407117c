import { InputError } from '@pagetrail/engine'

import type { Json } from '../../event/kinds.ts'

/** How an input was written down. */
export type ImportFormat = 'ftrace text' | 'trace.dat v6' | 'trace.dat v7'

/** A line that could not be read, quoted as it may be printed. */
export interface UnreadableLine {
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** What a reader of a format knows when it is done. */
export interface InputFacts {
  readonly format: ImportFormat
  readonly lines: number
  /** Events of the input, each of which became at least one row. */
  readonly entries: number
  /** Events whose time lies before the first one's. */
  readonly backwards: number
  /** Lines of a text that could not be read, each an event of its own, and the first of them. */
  readonly unreadable?: number
  /** Those that may be events, and lines that may be there twice: what the input counts proves nothing then. */
  readonly broken?: number
  readonly quoted?: readonly UnreadableLine[]
  /** Lines that a joined text holds more than once, each of which was read once. */
  readonly doubled?: number
  /** Lines that mail has folded: each belongs to the one before it, and was put there. */
  readonly folded?: number
  /** What the form of the input does not show: `flags`, `cpu`, `whole task names`. */
  readonly lacks?: readonly string[]
  readonly t0: bigint | null
  readonly kernel?: string
  /** Buffers of ftrace (or guests) with further events that were not read: each is a run of its own, by its name. */
  readonly otherBuffers?: readonly string[]
  /** How many events the input itself says that it holds, where it says so and is one trace. */
  readonly counted?: number
  /** Why the input ended before its end, where it did. */
  readonly ended?: string
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

/** Of the buffers that an input has, the top one is named by an empty text. */
export const noSuchBuffer = (name: string | null, names: readonly string[]): InputError =>
  new InputError(
    `there is no buffer ${name}; it has ${names.map((known) => known || '"" (the top one)').join(', ')}`,
  )
