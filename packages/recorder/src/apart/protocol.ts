import type { MessagePort } from 'node:worker_threads'

import type { CallPacket, EndPacket } from '../diff/align/call-packet.ts'
import type { CallTraits } from '../diff/align/call-traits.ts'
import type { SideRequest } from '../diff/align/side.ts'
import type { Call, RunPlace } from '../event/run.ts'

/** What the thread is started with. */
export interface ThreadStart {
  readonly place: RunPlace
  readonly request: SideRequest
  /** {@link POSTED} and {@link TAKEN}: each side sleeps until the other's moves. */
  readonly counts: Int32Array<SharedArrayBuffer>
  /** Where it sends, and is sent the order. */
  readonly port: MessagePort
}

/** Index of the messages that the thread has sent, and of the packets that were taken from it. */
export const POSTED = 0
export const TAKEN = 1

/** Packets that may wait to be taken: what the thread reads ahead. */
export const AHEAD = 8

/** What the thread sends, in this order; a failure ends it. */
export type FromThread =
  | {
      readonly type: 'calls'
      readonly calls: readonly Call[]
      readonly traits: readonly CallTraits[]
    }
  | { readonly type: 'packet'; readonly packet: CallPacket }
  | { readonly type: 'end'; readonly end: EndPacket }
  | {
      readonly type: 'failed'
      readonly isInput: boolean
      readonly message: string
      readonly stack: string
    }

/** Sends a message to who waits for it, with the memory that changes hands. */
export type Send = (message: FromThread, transfer?: readonly ArrayBuffer[]) => void
