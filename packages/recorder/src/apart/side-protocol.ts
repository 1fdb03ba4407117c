import type { MessagePort } from 'node:worker_threads'

import type { SideDigest, SideRequest } from '../diff/align/side-digest.ts'
import type { LogPlace, RunPlace } from '../event/run.ts'

/** What the thread is started with. */
export interface ThreadStart {
  readonly place: RunPlace | LogPlace
  readonly request: SideRequest
  /** Becomes 1 with the message: who waits for it sleeps until then. */
  readonly sent: Int32Array<SharedArrayBuffer>
  /** Where it sends. */
  readonly port: MessagePort
}

/** A side that was read. */
export interface SideRead {
  readonly digest: SideDigest
  /** It was made now, not remembered. */
  readonly isNew: boolean
  /** What the thread that read it has proven of the run; null: it was read here. */
  readonly proven: RunPlace['proven'] | null
}

/** The one message that the thread sends. */
export type FromThread =
  | { readonly type: 'side'; readonly side: SideRead }
  | {
      readonly type: 'failed'
      readonly isInput: boolean
      readonly message: string
      readonly stack: string
    }
