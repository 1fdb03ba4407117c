import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import { openRuns, type RunFile, verify } from '@pagetrail/recorder'

import { append, callEvents, META } from '../../support/call-events.ts'
import { testFile } from '../../support/files.ts'

/** Two runs of as many events, calls and batches, which differ in every event's address and call. */
async function twins(): Promise<string> {
  const path = testFile()
  const runFile = await openRuns(path, { mode: 'write' })
  for (const [label, op] of [
    ['one', 0],
    ['two', 40],
  ] as const) {
    const writer = runFile.startRun({ ...META, label }, { batchEvents: 64 })
    append(writer, callEvents(20, 4, op))
    writer.finish('complete')
  }
  runFile.close()
  return path
}

const OF_RUNS = ['batch', 'call', 'name_use'] as const

/** Gives what belongs to either run to the other, events and all: every batch is whole in itself. */
const EXCHANGE = [
  'update event set id = id + (1 << 42) where id >> 32 = 1',
  'update event set id = id - (1 << 32) where id >> 32 = 2',
  'update event set id = id - (1 << 42) + (1 << 32) where id >> 32 > 2',
  ...OF_RUNS.map((table) => `update ${table} set run = 3 - run`),
].join(';')

function change(path: string, sql: string): void {
  const db = new Sqlite(path)
  // Half of an exchange has two rows of one key.
  for (const table of OF_RUNS)
    sql = sql.replace(`update ${table} set run = 3 - run`, exchanged(table))
  db.exec(sql)
  db.close()
}

const exchanged = (table: string): string =>
  `update ${table} set run = run + 10; update ${table} set run = 13 - run`

async function reading<T>(path: string, work: (runFile: RunFile) => T): Promise<T> {
  const runFile = await openRuns(path, { mode: 'read' })
  try {
    return work(runFile)
  } finally {
    runFile.close()
  }
}

test('batches that were exchanged between two runs with all that belongs to them are not read', async () => {
  const path = await twins()
  change(path, EXCHANGE)
  await reading(path, (runFile) => {
    expect(runFile.runs().map(({ state }) => state)).toEqual(['damaged', 'damaged'])
    for (const run of [1, 2]) {
      expect(() => runFile.find(run)).toThrow(`run ${run}, its batches and names are not those`)
    }
    const messages = verify(runFile).problems.map(({ message }) => message)
    expect(messages).toEqual(messages.map(() => expect.stringContaining('sealed with')))
    expect(messages).toHaveLength(2)
  })
})

test.each([
  ['update run set seal = (select seal from run where id = 2) where id = 1', 'row'],
  [`update run set kernel = 'null' where id = 1`, 'row'],
  [`update run set flavour = '' where id = 1`, 'row'],
  ['update run set created = created + (1 << 32) where id = 1', 'row'],
  ['insert into name_use select 1, max(id) + 1, 0 from name', 'batches and names'],
  ['delete from name_use where run = 1 and name = (select max(name) from name_use)', 'batch'],
  [
    'update batch set kinds = kinds | (1 << 40) where run = 1 and first = 64',
    'batch of seq 64 to 127',
  ],
  ['update batch set digest = zeroblob(32) where run = 1 and first = 64', 'batch of seq 64 to 127'],
])('%s is noticed by verify and by whoever reads the run', async (sql, message) => {
  const path = await twins()
  change(path, sql)
  await reading(path, (runFile) => {
    expect(() => [...runFile.source(runFile.find(1)).events(0, 3)]).toThrow(message)
    expect(verify(runFile).problems).not.toEqual([])
    expect([...runFile.source(runFile.find(2)).events()]).toHaveLength(200)
  })
})

test('a new name does not seal what was exchanged', async () => {
  const path = await twins()
  change(path, EXCHANGE)
  const runFile = await openRuns(path, { mode: 'write' })
  const [run] = runFile.runs()
  expect(() => runFile.rename(run!, 'renamed')).toThrow('not those that it was sealed with')
  runFile.close()
})
