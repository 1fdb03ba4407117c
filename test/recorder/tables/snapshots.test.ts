import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import {
  closeStates,
  leavesOf,
  openRuns,
  snapshotProblem,
  stateAt,
  verify,
} from '@pagetrail/recorder'

import { callEvents } from '../../support/call-events.ts'
import { storedFile } from '../../support/files.ts'

/** What is mapped at the end of the first run, with what is saved of it. */
async function leaves(path: string): Promise<unknown[]> {
  const runFile = await openRuns(path, { mode: 'read' })
  const state = stateAt(runFile, runFile.find(1))
  const found = [...leavesOf(state)]
  closeStates(runFile)
  runFile.close()
  return found
}

test('a snapshot is bound to the events that it folds: one with a digest of its own is passed over', async () => {
  const path = await storedFile(callEvents(1000), 4096)
  const right = await leaves(path)
  const db = new Sqlite(path)
  const bodies = db.prepare(`select body from snapshot where projection = 'page-state'`).pluck()
  const [body, ...others] = bodies.all() as Buffer[]
  expect(others).toEqual([])
  const forged = zstdDecompressSync(body!)
  // Every value read-only the other way round: bit 7 of each word after the header.
  for (let at = 28; at < forged.length; at += 4) forged[at]! ^= 0x80
  const packed = zstdCompressSync(forged)
  const digest = createHash('sha256').update(packed).digest()
  db.prepare(`update snapshot set body = ?, digest = ? where projection = 'page-state'`).run(
    packed,
    digest,
  )
  db.close()
  expect(await leaves(path)).toEqual(right)
})

test('a snapshot that was changed with its digest is found by folding the run again', async () => {
  const path = await storedFile(callEvents(1000), 4096)
  const problem = async () => {
    const runFile = await openRuns(path, { mode: 'read' })
    const found = snapshotProblem(runFile, runFile.find(1))
    runFile.close()
    return found
  }
  expect(await problem()).toBe(null)
  const runFile = await openRuns(path, { mode: 'read' })
  stateAt(runFile, runFile.find(1))
  const batch = runFile.digestAt(1, 8191)
  closeStates(runFile)
  runFile.close()
  expect(await problem()).toBe(null)
  const db = new Sqlite(path)
  const [version] = db.prepare('select version from snapshot').pluck().all()
  const body = db
    .prepare(`select body from snapshot where projection = 'page-state'`)
    .pluck()
    .get() as Buffer
  const forged = zstdDecompressSync(body)
  forged[forged.length - 12]! ^= 0x80
  const packed = zstdCompressSync(forged)
  const hash = createHash('sha256').update(`snapshot page-state ${version} 1 8191\n`).update(batch)
  db.prepare(`update snapshot set body = ?, digest = ? where projection = 'page-state'`).run(
    packed,
    hash.update(packed).digest(),
  )
  const wrong = 'its saved page tables after event 8191 are not what its events make'
  expect(await problem()).toBe(wrong)
  db.exec('delete from snapshot')
  expect(await problem()).toBe(null)
  db.exec(`insert into snapshot values (1, 'page-state', ${String(version)}, 100, x'', x'')`)
  expect(await problem()).toContain('after event 100')
  db.close()
})

test('a table of snapshots that SQLite cannot read is passed over, and verify names it', async () => {
  const path = await storedFile(callEvents(1000), 4096)
  const right = await leaves(path)
  const db = new Sqlite(path)
  const pages = db.prepare(`select pageno from dbstat where name = 'snapshot'`).pluck().all()
  db.close()
  const image = readFileSync(path)
  for (const page of pages) image.fill(0x55, (Number(page) - 1) * 4096, Number(page) * 4096)
  writeFileSync(path, image)
  expect(await leaves(path)).toEqual(right)
  const runFile = await openRuns(path, { mode: 'read' })
  const { problems } = verify(runFile)
  expect(problems.map(({ message }) => message)).toContain(
    'SQLite: table snapshot cannot be read to its end',
  )
  runFile.close()
})
