import { InputError } from '@pagetrail/engine'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openTraceData } from './trace-data.ts'
import type { Reply, Request } from './worker-protocol.ts'

/** The file does not exist, but recording or importing would make it: its folder does. */
const isYetToBeMade = (db: string): boolean => !existsSync(db) && existsSync(dirname(db))

/** The thread that owns the connection: answers the calls of worker-data.ts in turn, long ones in slices. */
const port = parentPort
if (!port) throw new Error('answers.ts runs in a worker thread')
const { db, proofs } = workerData as { readonly db: string; readonly proofs: string | undefined }
let opened: ReturnType<typeof openTraceData> | null = null

/** The open file. One that could not be opened is tried again by the next call: it may have been made since. */
const open = () => {
  if (opened) return opened
  const opening = openTraceData(db, proofs)
  opening.catch(() => (opened = null))
  opened = opening
  return opening
}
if (!isYetToBeMade(db)) void open()

port.on('message', (request: Request) => {
  if (request.type !== 'call') return
  const { id, method, args } = request
  const answer = async (): Promise<unknown> => {
    if (method === 'runs' && !opened && isYetToBeMade(db)) return []
    const data = await open()
    const call = data[method] as (...args: readonly unknown[]) => Promise<unknown>
    const answered = await call(...args)
    // The thread may be ended at any time.
    await data.remember()
    return answered
  }
  answer().then(
    (value) => port.postMessage({ type: 'done', id, value } satisfies Reply),
    (error: unknown) => {
      const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
      const input = error instanceof InputError
      port.postMessage({ type: 'failed', id, input, message, stack } satisfies Reply)
    },
  )
})
