import { readFileSync, truncateSync, writeFileSync } from 'node:fs'

import Sqlite from 'better-sqlite3'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { eventToJson, InputError, openRuns, verify, writeMarks } from '@pagetrail/recorder'

import { callEvents, META } from '../../support/call-events.ts'
import { storedFile } from '../../support/files.ts'

const EVENTS = callEvents(40)
const BATCH = 64

async function problemsOf(path: string): Promise<string[]> {
  const runFile = await openRuns(path, { mode: 'read' })
  try {
    return verify(runFile).problems.map((problem) => problem.message)
  } finally {
    runFile.close()
  }
}

test('a file that is as it was written has no problems', async () => {
  const runFile = await openRuns(await storedFile(EVENTS, BATCH), { mode: 'read' })
  const { digest, ...found } = verify(runFile)
  expect(found).toEqual({ runs: 1, batches: 7, events: 400, problems: [], nesting: [] })
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
  runFile.close()
})

describe('what was changed by hand is named', () => {
  test.each([
    [
      'update event set new = new | 4 where id & 4294967295 = 71',
      'batch 64 to 127: it is not what was recorded',
    ],
    [
      'update event set va = va + 4096 where id & 4294967295 = 1',
      'batch 0 to 63: it is not what was recorded',
    ],
    [
      'delete from event where id & 4294967295 = 130',
      'batch 128 to 191: 1 of its events are missing',
    ],
    [
      'delete from event where id & 4294967295 = 399',
      'batch 384 to 399: 1 of its events are missing',
    ],
    ['delete from batch where first = 128', 'events 128 to 191 are missing: no batch has them'],
    ['delete from batch where first = 384', '400 events were recorded, the batches have 384'],
    [
      'update batch set kinds = kinds | 2048 where first = 64',
      'batch 64 to 127: its list of kinds was changed',
    ],
    [
      `update name set text = 'set_memory_rw' where text = 'set_memory_ro'`,
      'batch 0 to 63: it is not what was',
    ],
    ['update call set ret = -22 where op = 7', 'call 7 is not what its events say'],
    ['delete from call where op = 7', 'its events make 40 calls, table call has 39'],
    [`update run set label = 'other'`, 'the row that describes the run was changed'],
    [
      `insert into event(id, cpu, nest, kind) values (9 << 32, 0, 0, 15)`,
      'event 38654705664 belongs to no run',
    ],
    [
      `insert into event(id, cpu, nest, kind) values ((1 << 32) + 400, 0, 0, 15)`,
      'there are events after the last batch',
    ],
    [
      'insert into call(run, op, cpu, first) values (5, 0, 0, 0)',
      'call has rows of run 5, which is not there',
    ],
    ['create table extra (a)', `table extra is not one of Pagetrail's`],
    ['create index fast on event (va)', `index fast on event is not one of Pagetrail's`],
    [
      'create trigger t after update on run begin delete from event; end',
      `trigger t on run is not one of Pagetrail's`,
    ],
    [`insert into mark values (1, 4, '')`, 'the marks of run 1 are not those that were set'],
    [`insert into name(text) values ('nobody')`, 'is used by no run'],
    ["update sqlite_sequence set seq = 0 where name = 'run'", 'table run stands at 0, it has 1'],
  ])('%s', async (sql, message) => {
    const path = await storedFile(EVENTS, BATCH)
    const db = new Sqlite(path)
    db.exec(sql)
    db.close()
    expect(await problemsOf(path)).toEqual([expect.stringContaining(message)])
  })
})

test('marks beyond a run are named', async () => {
  const path = await storedFile(EVENTS, BATCH)
  const runFile = await openRuns(path, { mode: 'write' })
  writeMarks(runFile, runFile.find(1), [{ seq: 400, text: '' }])
  runFile.close()
  const beyond = 'a mark of run 1 is at event 400, the run has 400'
  expect(await problemsOf(path)).toEqual([beyond])
})

test('batches exchanged between two places of a run are noticed', async () => {
  const path = await storedFile(callEvents(2), 10)
  const db = new Sqlite(path)
  db.exec(`
    update event set id = id + 1000 where id & 4294967295 < 10;
    update event set id = id - 10 where id & 4294967295 between 10 and 19;
    update event set id = id - 990 where id & 4294967295 >= 1000;
    update batch set first = 1000 where first = 0; update batch set first = 0 where first = 10;
    update batch set first = 10 where first = 1000;`)
  db.close()
  expect((await problemsOf(path))[0]).toContain('batch 0 to 9: it is not what was recorded')
})

test('a run that was shortened is noticed although all its counts were made to fit', async () => {
  const path = await storedFile(EVENTS, 10)
  const db = new Sqlite(path)
  db.exec(`
    delete from event where id & 4294967295 >= 390;
    delete from batch where first = 390;
    delete from call where op = 39;
    update run set events = 390, calls = 39;`)
  db.close()
  expect((await problemsOf(path))[0]).toBe('the row that describes the run was changed')
})

test('a run whose row is damaged does not hide the others', async () => {
  const path = await storedFile(EVENTS)
  const writing = await openRuns(path, { mode: 'write' })
  writing.startRun({ ...META, label: 'second' }).finish('complete')
  writing.db.exec(`update run set facts = '{"file":' where id = 1`)
  expect(writing.runs().map((run) => run.label)).toEqual(['test', 'second'])
  expect(writing.runs().map((run) => run.state)).toEqual(['damaged', 'complete'])
  expect(() => writing.find(1)).toThrow('run 1, the row that describes the run was changed')
  expect(() => writing.find('test')).toThrow('run 1')
  expect(writing.find(2).label).toBe('second')
  expect(verify(writing, writing.find(2)).problems).toEqual([])
  expect(verify(writing).problems).toMatchObject([
    { run: 1, message: expect.stringContaining('row') },
  ])
  writing.remove(writing.find(1, { damaged: true }))
  expect(verify(writing)).toMatchObject({ runs: 1, problems: [] })
  writing.close()
})

const original = JSON.stringify(EVENTS.map((event) => eventToJson(event)))

/** What a damaged file does: refuses, tells, or is harmless; anything else is an error of ours. */
async function outcome(path: string): Promise<'refused' | 'told' | 'whole'> {
  try {
    const runFile = await openRuns(path, { mode: 'read' })
    try {
      if (verify(runFile).problems.length > 0) return 'told'
      const run = runFile.find(-1)
      const events = [...runFile.source(run).events()].map((event) => eventToJson(event))
      expect(JSON.stringify(events)).toBe(original)
      expect(run).toMatchObject({
        label: 'test',
        source: 'jsonl',
        state: 'complete',
        events: 400,
        calls: 40,
      })
      return 'whole'
    } finally {
      runFile.close()
    }
  } catch (error) {
    if (error instanceof InputError) return 'refused'
    throw error
  }
}

test('bytes damaged anywhere never give a wrong answer that verify calls right', async () => {
  const path = await storedFile(EVENTS, BATCH)
  const image = readFileSync(path)
  const seen = { refused: 0, told: 0, whole: 0 }
  const places = fc.sample(
    fc.record({
      at: fc.nat(image.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
    }),
    { numRuns: 200, seed: 42 },
  )
  for (const { at, bytes } of places) {
    const damaged = Buffer.from(image)
    damaged.set(bytes.subarray(0, image.length - at), at)
    writeFileSync(path, damaged)
    seen[await outcome(path)]++
  }
  expect(seen.told + seen.refused).toBeGreaterThan(40)
  expect(seen.told + seen.refused + seen.whole).toBe(200)
})

test('a truncated file is refused or told', async () => {
  const path = await storedFile(EVENTS, BATCH)
  const image = readFileSync(path)
  for (let size = image.length - 4096; size > 0; size -= 4096) {
    writeFileSync(path, image)
    truncateSync(path, size)
    expect(await outcome(path)).not.toBe('whole')
  }
})

test('a value of another type in the row of a run, or of a batch, is damage like any other', async () => {
  const [set, unset] = [
    ['seal', 'label', 'facts', 'created', 'events'],
    ['kernel', 't0', 'page_shift'],
  ]
  for (const change of [
    ...set.map((column) => `run.${column} = null`),
    ...[...set, ...unset].map((column) => `run.${column} = x'00ff'`),
    ...['digest', 'count', 'kinds'].map((column) => `batch.${column} = null`),
  ]) {
    const path = await storedFile(callEvents(2))
    const [table, ...rest] = change.split('.')
    const db = new Sqlite(path)
    // As a changed byte in the header of a record leaves it, whatever the column is declared as.
    db.unsafeMode()
    const { sql } = db
      .prepare<[string], { sql: string }>('select sql from sqlite_schema where name = ?')
      .get(table!)!
    const loose = sql
      .replaceAll(/ not null| strict/gi, '')
      .replaceAll(/ (text|blob|integer)\b(?! primary)/gi, '')
    const put = (text: string) => {
      db.pragma('writable_schema = on')
      db.prepare('update sqlite_schema set sql = ? where name = ?').run(text, table)
      db.pragma('writable_schema = reset')
    }
    put(loose)
    db.exec(`update "${table}" set ${rest.join('.')}`)
    put(sql)
    db.close()
    const runFile = await openRuns(path, { mode: 'read' })
    expect(verify(runFile).problems, change).not.toEqual([])
    expect(() => [...runFile.source(runFile.find(1)).events()], change).toThrow(InputError)
    // None of them keeps the others from being listed.
    expect(runFile.runs().map(({ id }) => id)).toEqual([1])
    runFile.close()
  }
})
