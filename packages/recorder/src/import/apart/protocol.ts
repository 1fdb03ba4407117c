import type { MessagePort } from 'node:worker_threads'

import type { Batch, BatchTexts } from '../../event/batch.ts'
import type { Translated, TranslateOptions } from '../translate-input.ts'

/** What the thread is started with. */
export interface TranslatorStart {
  /** A file. */
  readonly path: string
  readonly options: TranslateOptions
  /** {@link POSTED}, {@link TAKEN} and {@link STOP}. */
  readonly counts: Int32Array<SharedArrayBuffer>
  /** The columns of {@link AHEAD} batches, which are filled in turn. */
  readonly batches: readonly SharedArrayBuffer[]
  readonly port: MessagePort
}

/** Index of how many batches were taken from the thread; not 0: it is to stop. */
export const TAKEN = 0
export const STOP = 1

/** Batches that may be filled, or wait to be taken. */
export const AHEAD = 16

/** How much was read. */
export interface Read {
  readonly bytes: number
  readonly lines: number
  readonly events: number
}

/** What the thread sends: batches, then the end or a failure. */
export type FromTranslator =
  | { readonly type: 'batch'; readonly packet: BatchPacket; readonly read: Read }
  | { readonly type: 'end'; readonly translated: Translated; readonly read: Read }
  | {
      readonly type: 'failed'
      readonly sort: 'order' | 'input' | 'bug'
      readonly message: string
      readonly stack: string
    }

/** A batch that another thread may take from the memory that both have. */
export interface BatchPacket {
  readonly length: number
  /** Which of {@link TranslatorStart.batches} its columns are in. */
  readonly at: number
  readonly texts: BatchTexts
  /** The names that are new in it, in the order of their numbers. */
  readonly names: readonly string[]
}

export const packBatch = (batch: Batch, at: number, names: readonly string[]): BatchPacket => ({
  length: batch.length,
  at,
  texts: batch.texts(),
  names,
})

/** Fills a batch of the same capacity with the columns that are in `memory`, and the texts of the packet. */
export function unpackBatch(packet: BatchPacket, memory: SharedArrayBuffer, batch: Batch): void {
  batch.bytes().set(new Uint8Array(memory))
  batch.setTexts(packet.length, packet.texts)
}
