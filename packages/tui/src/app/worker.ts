import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { Reply, Request } from './worker-protocol.ts'
import { isYetToBeMade } from './yet-to-be-made.ts'

/** By name: the class is loaded with the recorder, later. */
const INPUT_ERRORS: ReadonlySet<string> = new Set(['InputError', 'FilterError'])

/** The thread that owns the connection: answers the calls of worker-data.ts in turn, long ones in slices. */
const port = parentPort
if (!port) throw new Error('worker.ts runs as a worker thread')
const { db } = workerData as { readonly db: string }
// Before the recorder is loaded: its types were stripped when it was loaded the last time.
enableCompileCache()
const loaded = import('./trace-data.ts')
let opened: ReturnType<Awaited<typeof loaded>['openTraceData']> | null = null

/** The open file. One that could not be opened is tried again by the next call: it may have been made since. */
const open = () => {
  if (opened) return opened
  const opening = loaded.then(({ openTraceData }) => openTraceData(db))
  opening.catch(() => (opened = null))
  opened = opening
  return opening
}
if (!isYetToBeMade(db)) void open()

port.on('message', (request: Request) => {
  if (request.type !== 'call') return
  const { id, method, args } = request
  const answer = async (): Promise<unknown> => {
    if (method === 'runs' && isYetToBeMade(db)) return []
    const data = await open()
    const call = data[method] as (...args: readonly unknown[]) => Promise<unknown>
    return call(...args)
  }
  answer().then(
    (value) => port.postMessage({ type: 'done', id, value } satisfies Reply),
    (error: unknown) => {
      const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
      const input = error instanceof Error && INPUT_ERRORS.has(error.name)
      port.postMessage({ type: 'failed', id, input, message, stack } satisfies Reply)
    },
  )
})
