import { chmodSync, copyFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { InputError, openRuns, parseFilter, toPredicate, verify } from '@pagetrail/recorder'

import { append, callEvents, META } from '../../../support/call-events.ts'
import { crashOnce, endlessRecorder, recorder } from '../../../support/harm/crash.ts'
import { storedFile, testFile } from '../../../support/files.ts'

const written = async (path = testFile()) => openRuns(path, { mode: 'write' })

test('a full batch is committed, the rest waits', async () => {
  const runFile = await written()
  const reader = await openRuns(runFile.path, { mode: 'read' })
  const writer = runFile.startRun(META, { batchEvents: 64 })
  append(writer, callEvents(13))
  expect(writer.committed).toBe(128)
  expect(reader.find(-1)).toMatchObject({ state: 'recording', events: 128 })
  writer.flush()
  expect([...reader.source(reader.find(-1)).events()]).toEqual(callEvents(13))
  writer.finish('complete', { lost: 3, facts: { file: 'x' }, kernel: '6.18.15' })
  expect(reader.find(-1)).toMatchObject({
    state: 'complete',
    events: 130,
    calls: 13,
    lost: 3,
    facts: { file: 'x' },
    kernel: '6.18.15',
    label: 'test',
  })
  reader.close()
  runFile.close()
})

test('with durability call each call is on disk when it returns', async () => {
  const runFile = await written()
  const writer = runFile.startRun(META, { durability: 'call' })
  const events = callEvents(3)
  const committed = events.map((event) => {
    writer.append(event)
    return writer.committed
  })
  expect(new Set(committed)).toEqual(new Set([0, 10, 20, 30]))
  expect([9, 19, 29].map((seq) => committed[seq])).toEqual([10, 20, 30])
  runFile.close()
})

test('with a clock a slow producer loses half a second at most', async () => {
  const runFile = await written()
  let now = 0
  const writer = runFile.startRun(META, { clock: () => now })
  const row = () => writer.row(15, 0)
  for (let i = 0; i < 300; i++) row()
  expect(writer.committed).toBe(0)
  now = 600
  for (let i = 0; i < 300; i++) row()
  expect(writer.committed).toBe(512)
  runFile.close()
})

test('only what the filter accepts is recorded', async () => {
  const runFile = await written()
  const only = toPredicate(parseFilter('kind == desc_write && op != 1 && task ~ insmod*'))
  const writer = runFile.startRun(META, { only, batchEvents: 16 })
  append(writer, callEvents(3))
  writer.finish('complete')
  const events = [...runFile.source(runFile.find(-1)).events()]
  expect(events.map(({ seq, kind, op }) => [seq, kind, op])).toEqual(
    [0, 0, 0, 0, 2, 2, 2, 2].map((op, seq) => [seq, 'desc_write', op]),
  )
  expect(verify(runFile).problems).toEqual([])
  runFile.close()
})

test('a filter by seq is asked with the numbers of all events', async () => {
  const runFile = await written()
  const only = toPredicate(parseFilter('seq in 15-17 || seq == 40'))
  const writer = runFile.startRun(META, { only, batchEvents: 16 })
  append(writer, callEvents(5))
  writer.finish('complete')
  const kept = [...runFile.source(runFile.find(-1)).events()]
  expect(kept.map(({ seq }) => seq)).toEqual([0, 1, 2, 3])
  const all = callEvents(5)
  expect(kept).toMatchObject(
    [15, 16, 17, 40].map((seq) => ({ kind: all[seq]!.kind, ts: all[seq]!.ts })),
  )
  expect(verify(runFile).problems).toEqual([])
  runFile.close()
})

test('a call without range takes that of its first walk', async () => {
  const runFile = await written()
  const writer = runFile.startRun(META)
  const common = { seq: 0, cpu: 0, op: 0, nest: 0, ts: null, task: null } as const
  writer.append({
    ...common,
    kind: 'op_begin',
    fn: 'set_direct_map_invalid_noflush',
    va: null,
    end: null,
    args: null,
  })
  writer.append({ ...common, kind: 'walk_begin', fn: 'w', va: 0x1000n, end: 0x2000n })
  writer.append({ ...common, kind: 'walk_begin', fn: 'w', va: 0x5000n, end: 0x6000n })
  writer.finish('complete')
  expect([...runFile.source(runFile.find(-1)).calls()]).toMatchObject([
    { va: 0x1000n, end: 0x2000n, last: null },
  ])
  expect(verify(runFile).problems).toEqual([])
  runFile.close()
})

test('names that are no text in Unicode, or hold anything a text can, are kept or replaced', async () => {
  const runFile = await written()
  const writer = runFile.startRun(META)
  const names = ['\ud800', '\udc00x', '\ufffd', 'a\0b', '', '\u{1f600}', "'; drop table event; --"]
  const common = { seq: 0, cpu: 0, op: null, nest: 0, ts: null, task: null } as const
  for (const fn of names) writer.append({ ...common, kind: 'bug', fn })
  writer.finish('complete')
  const back = [...runFile.source(runFile.find(-1)).events()].map((e) =>
    e.kind === 'bug' ? e.fn : null,
  )
  expect(back).toEqual(names.map((name) => name.toWellFormed()))
  expect(verify(runFile).problems).toEqual([])
  runFile.close()
})

test('an aborted run was never there', async () => {
  const runFile = await written()
  const writer = runFile.startRun(META, { batchEvents: 16 })
  append(writer, callEvents(5))
  writer.abort()
  expect(runFile.runs()).toEqual([])
  for (const table of ['event', 'call', 'batch', 'name', 'name_use']) {
    expect(runFile.db.prepare(`select count(*) from ${table}`).pluck().get()).toBe(0n)
  }
  expect(() => writer.flush()).toThrow('takes no more events')
  runFile.close()
})

test('a full disk is told, keeps what was committed, and harms nothing else', async () => {
  const runFile = await written()
  const writer = runFile.startRun(META, { batchEvents: 500 })
  const pages = Number(runFile.db.pragma('page_count', { simple: true }))
  runFile.db.pragma(`max_page_count = ${pages + 30}`)
  const fill = () => append(writer, callEvents(2000))
  expect(fill).toThrow(InputError)
  expect(fill).toThrow('takes no more events: its recording has failed')
  const { committed } = writer
  expect(committed).toBeGreaterThan(0)
  writer.finish('interrupted')
  const run = runFile.find(-1)
  expect(run).toMatchObject({ state: 'interrupted', events: committed })
  expect([...runFile.source(run).events()]).toEqual(callEvents(2000).slice(0, committed))
  runFile.db.pragma('max_page_count = 1000000')
  const second = runFile.startRun(META)
  append(second, callEvents(10))
  second.finish('complete')
  expect(verify(runFile)).toMatchObject({ runs: 2, problems: [] })
  runFile.close()
})

test('a file that was removed under its recorder is told, not written to', async () => {
  const runFile = await written()
  const writer = runFile.startRun(META, { batchEvents: 16 })
  append(writer, callEvents(2))
  rmSync(dirname(runFile.path), { recursive: true })
  expect(() => append(writer, callEvents(2))).toThrow(
    'was removed or replaced while it was recorded',
  )
  runFile.close()
})

test('a file that another process keeps locked is told after waiting; the batch is not lost', async () => {
  const path = testFile()
  const runFile = await openRuns(path, { mode: 'write', busyMs: 20 })
  const other = await written(path)
  const writer = runFile.startRun(META)
  append(writer, callEvents(2))
  other.db.exec('begin immediate')
  expect(() => writer.flush()).toThrow('is locked by another process; wait')
  other.db.exec('rollback')
  writer.finish('complete')
  expect([...other.source(other.find(-1)).events()]).toEqual(callEvents(2))
  other.close()
  runFile.close()
})

/** As somebody who may not write there; root may everywhere. */
async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  const root = process.getuid?.() === 0
  if (root) process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    if (root) process.seteuid?.(0)
  }
}

test('in a read-only folder a file can be read but not written', async () => {
  const path = await storedFile(callEvents(2))
  chmodSync(path, 0o444)
  chmodSync(dirname(path), 0o555)
  await unprivileged(async () => {
    const runFile = await openRuns(path, { mode: 'read' })
    expect([...runFile.source(runFile.find(-1)).events()]).toEqual(callEvents(2))
    expect(verify(runFile).problems).toEqual([])
    runFile.close()
    await expect(openRuns(path, { mode: 'write' })).rejects.toThrow(
      'is in a folder that cannot be written',
    )
  })
  chmodSync(dirname(path), 0o755)
  await unprivileged(() => expect(openRuns(path, { mode: 'write' })).rejects.toThrow(InputError))
})

test('a file in use that was copied into a read-only folder is read with what is in its -wal', async () => {
  const runFile = await written()
  const writer = runFile.startRun(META)
  append(writer, callEvents(2))
  writer.flush()
  const copy = testFile()
  for (const part of ['', '-wal']) copyFileSync(`${runFile.path}${part}`, `${copy}${part}`)
  runFile.close()
  // By another name, beside which there is no -wal.
  const link = join(dirname(copy), 'link.db')
  symlinkSync(copy, link)
  chmodSync(dirname(copy), 0o555)
  await unprivileged(async () => {
    for (const name of [copy, link]) {
      const whole = await openRuns(name, { mode: 'read' })
      expect(whole.find(-1)).toMatchObject({ state: 'interrupted', events: 20 })
      expect([...whole.source(whole.find(-1)).events()]).toEqual(callEvents(2))
      expect(verify(whole).problems).toEqual([])
      whole.close()
    }
  })
  chmodSync(dirname(copy), 0o755)
})

describe('processes', () => {
  test('several recorders write to one file at once', async () => {
    const path = testFile()
    expect(
      await Promise.all([recorder(path, 400), recorder(path, 400), recorder(path, 400)]),
    ).toEqual([0, 0, 0])
    const runFile = await openRuns(path, { mode: 'read' })
    expect(runFile.runs().map(({ id, state, events }) => [id, state, events])).toEqual(
      [1, 2, 3].map((id) => [id, 'complete', 4000]),
    )
    const expected = callEvents(400)
    for (const run of runFile.runs()) expect([...runFile.source(run).events()]).toEqual(expected)
    expect(verify(runFile).problems).toEqual([])
    runFile.close()
  })

  test('a recording in another process is not taken for a dead one, nor a dead one for alive', async () => {
    const path = testFile()
    const { kill } = await endlessRecorder(path)
    const reader = await openRuns(path, { mode: 'read' })
    const writer = await openRuns(path, { mode: 'write' })
    expect(reader.find(-1).state).toBe('recording')
    expect(writer.find(-1).state).toBe('recording')
    writer.close()
    await kill()
    expect(reader.find(-1).state).toBe('interrupted')
    reader.close()
    const next = await openRuns(path, { mode: 'write' })
    expect(next.db.prepare('select state from run').pluck().get()).toBe('interrupted')
    next.close()
    expect(readdirSync(dirname(path)).filter((name) => name.includes('-run'))).toEqual([])
  })

  test('a recorder killed at any moment leaves what it had promised', async () => {
    // From the start of the process, to meet it while it makes the file, and from its first commit on.
    const moments = [80, 200, 350, 500].map((delayMs) => ({ delayMs, since: 'start' as const }))
    const later = [0, 3, 8, 15, 30, 50, 80, 120].map((delayMs) => ({
      delayMs,
      since: 'commit' as const,
    }))
    let found = 0
    for (const [i, moment] of [...moments, ...later].entries()) {
      const durability = i % 2 === 0 ? 'batch' : 'call'
      found += (await crashOnce(testFile(), { ...moment, durability })).found
    }
    expect(found).toBeGreaterThan(0)
  })
})
