import { enableCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'

import { POSTED, type Send, type ThreadStart } from './protocol.ts'

/**
 * The program of the thread that reads a side. As in the child of queries, its code is compiled once for all. Whatever
 * goes wrong is sent: who waits for the thread sees nothing else of it.
 */
enableCompileCache()
const start = workerData as ThreadStart
const { counts, port } = start

const send: Send = (message, transfer = []) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
  port.postMessage(message, transfer)
  Atomics.add(counts, POSTED, 1)
  Atomics.notify(counts, POSTED)
}

try {
  const { readSide } = await import('./read-side.ts')
  await readSide(start, send)
} catch (error) {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  send({ type: 'failed', isInput: name === 'InputError', message, stack })
} finally {
  port.close()
}
