import {
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import { InputError, openRuns, verify } from '@pagetrail/recorder'

import {
  isMountedAlone,
  mountPoints,
} from '../../../packages/recorder/src/store/file/file-names.ts'
import { append, callEvents, META } from '../../support/call-events.ts'
import { storedFile, testFile, testFolder } from '../../support/files.ts'

const EVENTS = callEvents(40)

test('a run that is recorded through a link is seen, and cannot be removed, through the real name', async () => {
  const real = await storedFile(EVENTS)
  const link = join(testFolder(), 'link.db')
  symlinkSync(real, link)
  const recording = await openRuns(link, { mode: 'write' })
  const writer = recording.startRun({ ...META, label: 'live' })
  append(writer, EVENTS)
  writer.flush()
  const other = await openRuns(real, { mode: 'write' })
  const live = other.find('live')
  expect(live.state).toBe('recording')
  expect(() => other.remove(live)).toThrow('is being recorded')
  writer.finish('complete')
  expect(verify(other).problems).toEqual([])
  expect(other.find('live').state).toBe('complete')
  other.close()
  recording.close()
})

test('a file with two names is read, not written: SQLite would keep a -wal for each', async () => {
  const path = await storedFile(EVENTS)
  const hard = `${path}.hard`
  linkSync(path, hard)
  await expect(openRuns(hard, { mode: 'write' })).rejects.toThrow('2 names (hard links)')
  const reading = await openRuns(hard, { mode: 'read' })
  expect(reading.find(1).events).toBe(400)
  reading.close()
})

test('a database that is not ours stays as it is, bit for bit', async () => {
  const path = testFile()
  const db = new Sqlite(path)
  db.exec('create table t (a)')
  db.close()
  const before = readFileSync(path)
  await expect(openRuns(path, { mode: 'write' })).rejects.toThrow('not one of Pagetrail')
  expect(readFileSync(path)).toEqual(before)
  expect(readdirSync(dirname(path))).toEqual([basename(path)])
})

test('a database that is replaced while it is open is not mistaken for the old one', async () => {
  const path = await storedFile(EVENTS)
  const other = await storedFile(callEvents(2))
  const runFile = await openRuns(path, { mode: 'write' })
  const writer = runFile.startRun(META, { batchEvents: 50 })
  renameSync(other, path)
  expect(() => runFile.find(1)).toThrow('was removed or replaced while it was open')
  expect(() => append(writer, EVENTS)).toThrow('its run is lost, record again')
  writer.abort()
  runFile.close()
  rmSync(path)
})

test('a database that is cut while it is open is not read or recorded on', async () => {
  const path = await storedFile(EVENTS)
  const runFile = await openRuns(path, { mode: 'write' })
  const writer = runFile.startRun(META, { batchEvents: 50 })
  append(writer, EVENTS.slice(0, 100))
  expect(runFile.find(1).id).toBe(1)
  truncateSync(path, 4096)
  expect(() => append(writer, EVENTS.slice(100))).toThrow('its run is lost, record again')
  expect(() => writer.abort()).toThrow(InputError)
  expect(() => runFile.find(1)).toThrow('was removed or replaced while it was open')
  runFile.close()
})

test('what must exist is not made', async () => {
  const path = testFile()
  await expect(openRuns(path, { mode: 'write', mustExist: true })).rejects.toThrow('does not exist')
  const empty = testFile()
  writeFileSync(empty, '')
  await expect(openRuns(empty, { mode: 'write', mustExist: true })).rejects.toThrow('is empty')
  expect(readFileSync(empty)).toHaveLength(0)
  expect(existsSync(path)).toBe(false)
})

/** A copy of a file as a killed process leaves it, with a run of which `committed` events are only in the -wal. */
async function killed(committed: number): Promise<string> {
  const path = await storedFile(EVENTS)
  const copy = testFile()
  const recording = await openRuns(path, { mode: 'write' })
  const writer = recording.startRun({ ...META, label: 'live' }, { batchEvents: 100 })
  append(writer, EVENTS.slice(0, committed))
  writer.flush()
  for (const end of ['', '-wal', '-run2']) copyFileSync(path + end, copy + end)
  recording.close()
  return copy
}

test('a run that fell back with its -wal says how much was committed', async () => {
  const whole = await killed(300)
  const reading = await openRuns(whole, { mode: 'read' })
  expect(reading.find('live')).toMatchObject({ state: 'interrupted', events: 300, facts: {} })
  reading.close()

  const cut = await killed(300)
  // The transactions of the first two batches are whole, the third is not.
  truncateSync(`${cut}-wal`, Math.floor(readFileSync(`${cut}-wal`).length * 0.8))
  for (const mode of ['read', 'write', 'read'] as const) {
    const runFile = await openRuns(cut, { mode })
    const run = runFile.find('live')
    expect(run.state).toBe('interrupted')
    expect(run.events).toBeLessThan(300)
    expect(run.facts['acknowledged']).toBe(300)
    expect(verify(runFile).problems).toMatchObject([
      { run: 2, message: expect.stringContaining('had committed 300 events, ') },
    ])
    runFile.close()
  }
  expect(existsSync(`${cut}-run2`)).toBe(false)
})

test('a run that is gone with its -wal is missed, until its number is used again', async () => {
  const path = await killed(300)
  rmSync(`${path}-wal`)
  const runFile = await openRuns(path, { mode: 'write' })
  expect(runFile.runs()).toHaveLength(1)
  expect(runFile.vanished()).toEqual([{ run: 2, acknowledged: 300 }])
  expect(verify(runFile).problems).toMatchObject([{ message: expect.stringContaining('run 2 is') }])
  // The latest, and the latest of a label, may be the one that is gone.
  for (const spec of [-1, META.label])
    expect(() => runFile.find(spec, { damaged: true })).toThrow(
      `run 2 is gone: its recorder had committed 300 events, and the -wal beside the file was lost; it may be what ${spec} means`,
    )
  expect(runFile.find(1).id).toBe(1)
  expect(() => runFile.find('live')).toThrow(/has no run live; .*; run 2 is gone/)
  runFile.startRun(META).finish('complete')
  expect(runFile.vanished()).toEqual([])
  runFile.close()

  const other = await killed(300)
  rmSync(`${other}-wal`)
  const again = await openRuns(other, { mode: 'write' })
  expect(again.forgetVanished(1)).toBe(false)
  expect(again.forgetVanished(2)).toBe(true)
  expect(again.find(-1).id).toBe(1)
  expect(verify(again).problems).toEqual([])
  again.close()
})

test('leases of the dead are cleared away by the next writer', async () => {
  const path = await storedFile(EVENTS)
  const lock = new Sqlite(`${path}-run7`)
  lock.exec('create table lease (run)')
  lock.close()
  const runFile = await openRuns(path, { mode: 'write' })
  runFile.close()
  expect(existsSync(`${path}-run7`)).toBe(false)
})

test('a file that is mounted by itself, whose -wal lies elsewhere, is known by the table of mounts', () => {
  const mountinfo = `22 28 0:21 / /proc rw,nosuid shared:5 - proc proc rw
97 28 259:1 /srv/runs.db /data/my\\040runs.db rw,relatime - ext4 /dev/nvme0n1p1 rw
`
  expect(mountPoints(mountinfo)).toEqual(['/proc', '/data/my runs.db', ''])
  expect(isMountedAlone('/proc')).toBe(existsSync('/proc/self/mountinfo'))
  expect(isMountedAlone(testFile())).toBe(false)
})
