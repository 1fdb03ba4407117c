import { enableCompileCache, flushCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'

import type { FromThread, ThreadStart } from './side-protocol.ts'

/**
 * The program of the thread that reads a side. As in the child of queries, its code is compiled once for all. Whatever
 * goes wrong is sent: who waits for the thread sees nothing else of it.
 */
enableCompileCache()
const start = workerData as ThreadStart
const { sent, port } = start

const send = (message: FromThread): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
  port.postMessage(message)
  Atomics.store(sent, 0, 1)
  Atomics.notify(sent, 0)
}

try {
  const { readSide } = await import('./read-side.ts')
  const side = await readSide(start)
  // Whoever waits may end the thread with that.
  flushCompileCache()
  send({ type: 'side', side })
} catch (error) {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  send({ type: 'failed', isInput: name === 'InputError', message, stack })
} finally {
  port.close()
}
