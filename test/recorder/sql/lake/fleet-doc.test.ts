import { exportParquet, exportSummary, openRuns } from '@pagetrail/recorder'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'

import { clickhouse } from '../../../support/clickhouse.ts'
import { duckdb } from '../../../support/duckdb.ts'
import { testFolder } from '../../../support/files.ts'
import { database, sampleEvents } from '../../../support/stored.ts'

const DOC = readFileSync(new URL('../../../../docs/fleet.md', import.meta.url), 'utf8')

/** Statements of the document under this heading of a block. */
const blocks = (info: string): string[] =>
  [...DOC.matchAll(/^```(sql[^\n]*)\n([^]*?)^```$/gm)]
    .filter(([, own]) => own === info)
    .map(([, , text]) => text!)

let fleet: string
beforeEach(async () => {
  fleet = join(testFolder(), 'fleet')
  const events = sampleEvents().map((e) => Object.assign(e, { ts: e.seq * 10 }))
  const forgotten = events.filter(({ kind }) => !kind.startsWith('tlb'))
  const db = await database([{ events }, { events: forgotten }])
  const runFile = await openRuns(db, { mode: 'read' })
  for (const run of runFile.runs()) {
    await exportParquet(runFile.source(run), fleet)
    await exportSummary(runFile.source(run), fleet)
  }
  runFile.close()
})

test('the questions to DuckDB are answered', async () => {
  const texts = blocks('sql duckdb')
  const rows = await Promise.all(
    texts.map((text) => duckdb(text.replaceAll('fleet/', `${fleet}/`))),
  )
  expect(rows).toMatchObject([
    [{ flavour: '6.18', runs: 2n, flushes_per_change: expect.any(Number) }],
    [{ run: '2', broken: 'flush-missing' }],
    [{ fn: 'set_memory_ro', pages: '3', calls: 2n, runs: 2n }],
    [
      { fn: 'set_memory_ro', ns: expect.any(BigInt) },
      { fn: 'set_memory_ro', ns: expect.any(BigInt) },
    ],
  ])
})

test('the question to ClickHouse is answered, and its table takes the events of a folder', () => {
  const [text] = blocks('sql clickhouse')
  expect(clickhouse(text!.replaceAll('fleet/', `${fleet}/`)).toSorted(byRun)).toMatchObject([
    { run: '1', fn: 'set_memory_ro', calls: 1 },
    { run: '2', fn: 'set_memory_ro', calls: 1 },
  ])
  // As the document has it, but of one server and of files on it.
  const create = blocks('sql')
    .find((sql) => sql.startsWith('create table'))!
    .replace(' on cluster lab', '')
    .replace('ReplicatedMergeTree', 'MergeTree')
    .replace(/s3\('[^']*'/, `file('${fleet}/run=*/*.parquet'`)
  expect(clickhouse(create)).toEqual([])
})

const byRun = (a: Record<string, unknown>, b: Record<string, unknown>): number =>
  String(a['run']) < String(b['run']) ? -1 : 1
