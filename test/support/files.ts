import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openRuns, type TraceEvent } from '@pagetrail/recorder'
import { onTestFinished } from 'vitest'

import { append, META } from './call-events.ts'

/** A folder that is gone after the test. */
export function testFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pagetrail-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export const testFile = (name = 'trace.db'): string => join(testFolder(), name)

/** A database with one complete run of these events, closed. */
export async function storedFile(
  events: readonly TraceEvent[],
  batchEvents?: number,
): Promise<string> {
  const path = testFile()
  const runFile = await openRuns(path, { mode: 'write' })
  const writer = runFile.startRun(META, batchEvents === undefined ? {} : { batchEvents })
  append(writer, events)
  writer.finish('complete')
  runFile.close()
  return path
}
