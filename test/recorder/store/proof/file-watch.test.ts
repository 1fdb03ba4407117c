import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

import { eventToJson, KINDS, openRuns, type RunFile, type TraceEvent } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { append, callEvents, META } from '../../../support/call-events.ts'
import { storedFile, testFolder } from '../../../support/files.ts'

const EVENTS = callEvents(1500)
const OTHERS = EVENTS.map((event) =>
  event.kind === 'desc_write' ? { ...event, new: (event.new ?? 0n) ^ 0x80n } : event,
)

/** A file that is known to be sound, and a folder that says so. */
async function proven(): Promise<{ path: string; proofs: string }> {
  const path = await storedFile(EVENTS, 512)
  const proofs = testFolder()
  // So soon after the last write it would not be believed.
  while (Date.now() < statSync(path).ctimeMs + 50) await wait(10)
  const runFile = await openRuns(path, { mode: 'read', proofs })
  for (const _ of runFile.source(runFile.find(1)).events());
  for (const _ of runFile.source(runFile.find(1)).calls());
  runFile.close()
  return { path, proofs }
}

/** What is read in this order is that of the first file, or an error. */
const READERS: Readonly<Record<string, (runFile: RunFile) => Iterable<TraceEvent>>> = {
  'from the first on': (runFile) => runFile.source(runFile.find(1)).events(),
  *'in pages, from the last on'(runFile) {
    const run = runFile.find(1)
    for (let from = run.events - 1; from >= 0; from -= 50)
      yield* runFile.readPage(run, { from, limit: 50, backward: true }).toReversed()
  },
  *'those of a kind'(runFile) {
    const { id } = KINDS.desc_write
    const where = { sql: `kind = ${id}`, parameters: [], kindMask: 1n << BigInt(id) }
    yield* runFile.eventsWhere(runFile.find(1), where)
  },
}

const HOW: Readonly<Record<string, (path: string, other: Buffer) => void>> = {
  'is copied over by another of its size': (path, other) =>
    writeFileSync(path, other, { flag: 'r+' }),
  'is copied over, and loses its -wal': (path, other) => {
    writeFileSync(path, other, { flag: 'r+' })
    for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true })
  },
  'is cut': (path, other) => truncateSync(path, 4096 * Math.floor(other.length / 8192)),
  'is emptied': (path) => truncateSync(path, 0),
}

test.each(Object.keys(HOW))(
  'a proven file that %s while it is read gives no other event',
  async (how) => {
    const other = readFileSync(await storedFile(OTHERS, 512))
    for (const [name, read] of Object.entries(READERS)) {
      const { path, proofs } = await proven()
      expect(other).toHaveLength(statSync(path).size)
      const runFile = await openRuns(path, { mode: 'read', proofs })
      let [seen, wrong, said] = [0, 0, '']
      try {
        for (const event of read(runFile)) {
          if (seen++ === 60) HOW[how]!(path, other)
          const right = JSON.stringify(eventToJson(EVENTS[event.seq]!))
          if (JSON.stringify(eventToJson(event)) !== right) wrong++
        }
      } catch (error) {
        said = error instanceof Error ? error.message : ''
      }
      expect({ name, wrong }).toEqual({ name, wrong: 0 })
      expect(said).toMatch(/is damaged|was removed or replaced/)
      runFile.close()
    }
  },
)

test('what recorders move into a file that is read does not disturb the reader', async () => {
  const { path, proofs } = await proven()
  const runFile = await openRuns(path, { mode: 'read', proofs })
  const recording = await openRuns(path, { mode: 'write' })
  const writer = recording.startRun({ ...META, label: 'another' }, { batchEvents: 64 })
  let seen = 0
  for (const event of runFile.source(runFile.find(1)).events()) {
    expect(event.seq).toBe(seen++)
    if (seen % 1000 !== 0) continue
    append(writer, callEvents(20, 4, seen))
    recording.db.pragma('wal_checkpoint(passive)')
  }
  expect(seen).toBe(EVENTS.length)
  expect([...runFile.source(runFile.find(1)).calls()]).toHaveLength(1500)
  writer.finish('complete')
  recording.close()
  runFile.close()
})
