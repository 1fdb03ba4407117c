import { InputError } from '@pagetrail/engine'
import { on } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'

import { BATCH_EVENTS, bytesOfBatch } from '../../event/batch.ts'
import type { RunWriter } from '../../store/writing/run-writer.ts'
import { threadProgram } from '../../thread/thread-program.ts'
import type { OpenInput } from '../bytes/open-input.ts'
import { OutOfOrder } from '../text/line-sorter.ts'
import type { Translated, TranslateOptions } from '../translate-input.ts'
import {
  AHEAD,
  type FromTranslator,
  type Read,
  STOP,
  TAKEN,
  type TranslatorStart,
  unpackBatch,
} from './protocol.ts'

/**
 * Reads a file in a thread of its own while this one writes: the rows, the batches and all that is known at the end are
 * those of translateInput(). `step` is asked at each batch: false where reading is to stop.
 */
export async function translateApart(
  input: OpenInput,
  writer: RunWriter,
  options: TranslateOptions,
  step: (read: Read) => boolean,
): Promise<Translated> {
  if (input.file === null) throw new Error('only a file can be opened by another thread')
  await close(input)
  const counts = new Int32Array(new SharedArrayBuffer(8))
  const { port1, port2 } = new MessageChannel()
  const bytes = bytesOfBatch(BATCH_EVENTS)
  const batches = Array.from({ length: AHEAD }, () => new SharedArrayBuffer(bytes))
  const start: TranslatorStart = { path: input.file, options, counts, batches, port: port2 }
  const worker = new Worker(threadProgram('translator'), {
    workerData: start,
    transferList: [port2],
  })
  const died = new AbortController()
  worker.on('error', (error) => died.abort(error))
  try {
    for await (const [message] of on(port1, 'message', { signal: died.signal })) {
      const translated = take(message as FromTranslator, writer, start)
      if (translated) return translated
      if (!step(readOf(message as FromTranslator))) Atomics.store(counts, STOP, 1)
    }
    throw new Error('the thread that reads the trace ended without a result')
  } catch (error) {
    throw died.signal.aborted ? died.signal.reason : error
  } finally {
    port1.close()
    await worker.terminate()
  }
}

/** Writes a batch; the end gives what is known. */
function take(
  message: FromTranslator,
  writer: RunWriter,
  { counts, batches }: TranslatorStart,
): Translated | null {
  if (message.type === 'failed') throw failureOf(message)
  if (message.type === 'end') return message.translated
  const { packet } = message
  for (const name of packet.names) writer.intern(name)
  unpackBatch(packet, batches[packet.at]!, writer.batch)
  Atomics.add(counts, TAKEN, 1)
  Atomics.notify(counts, TAKEN)
  writer.flush()
  return null
}

const readOf = (message: FromTranslator): Read =>
  message.type === 'failed' ? { bytes: 0, lines: 0, events: 0 } : message.read

function failureOf(failed: Extract<FromTranslator, { type: 'failed' }>): Error {
  const { sort, message, stack } = failed
  if (sort === 'order') return OutOfOrder.again(message)
  if (sort === 'input') return new InputError(message)
  return Object.assign(new Error(message), { stack })
}

/** What has been opened to look at it: the thread opens the file anew. */
async function close({ chunks }: OpenInput): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]()
  await iterator.next()
  await iterator.return?.()
}
