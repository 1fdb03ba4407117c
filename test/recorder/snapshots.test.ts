import { expect, test } from 'vitest'

import { nearestSnapshot, openTrace, saveSnapshot, verify } from '@pagetrail/recorder'

import { META } from '../support/call-events.ts'
import { storedFile } from '../support/files.ts'

const OF = { name: 'tables', version: 1 }

test('the nearest snapshot at or before an event is found, of this version only', async () => {
  const trace = await openTrace(':memory:', { mode: 'write' })
  trace.startRun(META).finish('complete')
  const run = trace.find(-1)
  for (const seq of [100, 200]) saveSnapshot(trace, run, OF, { seq, body: Uint8Array.of(seq) })
  const at = (seq: number, of = OF) => nearestSnapshot(trace, run, of, seq)?.seq ?? null
  expect([99, 100, 199, 200, 5000].map((seq) => at(seq))).toEqual([null, 100, 100, 200, 200])
  expect(at(200, { ...OF, version: 2 })).toBeNull()
  expect(at(200, { ...OF, name: 'other' })).toBeNull()
  expect([...(nearestSnapshot(trace, run, OF, 100)?.body ?? [])]).toEqual([100])
  saveSnapshot(trace, run, { ...OF, version: 2 }, { seq: 200, body: Uint8Array.of(1, 2) })
  expect(at(200)).toBe(100)
  trace.db.exec(`update snapshot set body = x'01' where seq = 100`)
  expect(at(200)).toBeNull()
  trace.remove(run)
  expect(verify(trace).problems).toEqual([])
  trace.close()
})

test('a file open for reading keeps none', async () => {
  const trace = await openTrace(await storedFile([]), { mode: 'read' })
  const run = trace.find(-1)
  saveSnapshot(trace, run, OF, { seq: 1, body: Uint8Array.of(1) })
  expect(nearestSnapshot(trace, run, OF, 1)).toBeNull()
  trace.close()
})
