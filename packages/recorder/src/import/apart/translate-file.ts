import { InputError } from '@pagetrail/engine'
import { flushCompileCache } from 'node:module'

import { openInput } from '../bytes/open-input.ts'
import { OutOfOrder } from '../text/line-sorter.ts'
import { translateInput } from '../translate-input.ts'
import { PostedRows } from './posted-rows.ts'
import { type FromTranslator, type Read, STOP, type TranslatorStart } from './protocol.ts'

/** Reads and translates a trace in this thread. Whatever goes wrong is sent: who waits sees nothing else of it. */
export async function translateFile(start: TranslatorStart): Promise<void> {
  const { path, options, counts, port } = start
  let read: Read = { bytes: 0, lines: 0, events: 0 }
  const send = (message: FromTranslator): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
    port.postMessage(message)
  }
  try {
    const input = await openInput(path, {})
    const rows = new PostedRows(start, () => read)
    const translated = await translateInput(input, rows, options, (reader) => {
      const { lines, entries } = reader
      read = { bytes: reader.bytes ?? input.bytes(), lines, events: entries }
      return Atomics.load(counts, STOP) === 0
    })
    rows.flush()
    // Whoever waits ends the thread with that: nothing can be kept after it.
    flushCompileCache()
    send({ type: 'end', translated, read })
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    send({ type: 'failed', sort: sortOf(error), message, stack })
  } finally {
    port.close()
  }
}

function sortOf(error: unknown): 'order' | 'input' | 'bug' {
  if (error instanceof OutOfOrder) return 'order'
  return error instanceof InputError ? 'input' : 'bug'
}
