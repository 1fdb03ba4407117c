import { writeSync } from 'node:fs'

import { openRuns } from '@pagetrail/recorder'

import { append, callEvents, META } from './call-events.ts'

/**
 * A recorder in a process of its own: `node recording-child.ts FILE CALLS [call]` records that many calls (0: without
 * end), and says after each commit how many events are on disk. With `call` every call is committed by itself.
 */
const [path = '', calls = '0', durability = 'batch'] = process.argv.slice(2)
const CHUNK = 8

const runFile = await openRuns(path, { mode: 'write' })
const writer = runFile.startRun(META, {
  batchEvents: 300,
  durability: durability === 'call' ? 'call' : 'batch',
})
const end = calls === '0' ? Infinity : Number(calls)
let told = -1
for (let op = 0; op < end; op += CHUNK) {
  append(writer, callEvents(CHUNK, 4, op))
  if (writer.committed === told) continue
  told = writer.committed
  writeSync(1, `${told}\n`)
}
writer.finish('complete')
runFile.close()
