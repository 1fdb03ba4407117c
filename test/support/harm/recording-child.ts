import { writeSync } from 'node:fs'

import { openRuns, writeMarks } from '@pagetrail/recorder'

import { append, callEvents, META } from '../call-events.ts'

/**
 * A recorder in a process of its own: `node recording-child.ts FILE CALLS [call|batch [LABEL]]` records that many calls
 * (0: without end), and says after each commit how many events are on disk. With `call` every call is committed by
 * itself. With `marks` in place of that, it marks places of the first run as the screens do, and says how often it did.
 */
const [path = '', calls = '0', how = 'batch', label = META.label] = process.argv.slice(2)
const CHUNK = 8

async function record(): Promise<void> {
  const runFile = await openRuns(path, { mode: 'write' })
  const durability = how === 'call' ? 'call' : 'batch'
  const writer = runFile.startRun({ ...META, label }, { batchEvents: 300, durability })
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
}

/** The n-th time, places 0 to n, with n as their text. */
async function mark(): Promise<void> {
  for (let n = 0; ; n++) {
    const runFile = await openRuns(path, { mode: 'write' })
    const marks = Array.from({ length: (n % 50) + 1 }, (_, seq) => ({ seq, text: String(n) }))
    writeMarks(runFile, runFile.find(1), marks)
    runFile.close()
    writeSync(1, `${n + 1}\n`)
  }
}

await (how === 'marks' ? mark() : record())
