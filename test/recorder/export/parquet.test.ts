import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'
import {
  type EventSource,
  exportParquet,
  memorySource,
  type Run,
  type TraceEvent,
  WIDE_COLUMNS,
} from '@pagetrail/recorder'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { AREA, eventsOf, initOf, PAGE, SAMPLE_RUN, setMemoryRo } from '../../support/sample-run.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-parquet-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function duckdb(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll(sql)
    return reader.getRowObjects()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const all = () => `read_parquet('${folder}/*/*.parquet', hive_partitioning = true)`
const runOf = (id: number): Run => ({
  ...SAMPLE_RUN,
  id,
  label: `sample ${id}`,
  flavour: id % 2 ? '6.18' : '7.3',
})

test('20 runs in one folder are one table, equal to what was recorded', async () => {
  const recorded = new Map<string, number>()
  let pages = 0
  for (let id = 1; id <= 20; id++) {
    const run = runOf(id)
    const events = eventsOf([initOf(id), ...setMemoryRo(id)])
    const report = await exportParquet(memorySource(run, events), folder)
    expect(report).toMatchObject({
      events: events.length,
      path: join(folder, `run=${id}`, 'part-0000.parquet'),
    })
    for (const { kind } of events) {
      const key = `${run.flavour} ${kind}`
      recorded.set(key, (recorded.get(key) ?? 0) + 1)
    }
    pages += id
  }
  const rows = await duckdb(
    `select flavour || ' ' || kind as key, count(*) as n from ${all()} group by all`,
  )
  const found = new Map(rows.map(({ key, n }) => [key, Number(n)]))
  expect(new Map([...found].toSorted())).toEqual(new Map([...recorded].toSorted()))
  const [one] = await duckdb(
    `select count(distinct run) as runs, count(*) filter (va between ${AREA} and ${AREA + 20n * PAGE}
       and kind = 'desc_write' and (old ^ new) != 0) as changed, max(va) as top from ${all()}`,
  )
  expect(one).toEqual({ runs: 20n, changed: BigInt(pages), top: AREA + 19n * PAGE })
})

test('columns keep their types: unsigned addresses, names as text', async () => {
  await exportParquet(memorySource(SAMPLE_RUN, eventsOf(setMemoryRo(1))), folder)
  const rows = await duckdb(`describe select * from ${all()}`)
  const types = new Map(rows.map((row) => [row['column_name'], row['column_type']]))
  expect(types.size).toBe(WIDE_COLUMNS.length + 1)
  const expected = {
    va: 'UBIGINT',
    new: 'UBIGINT',
    seq: 'BIGINT',
    kind: 'VARCHAR',
    fired: 'BOOLEAN',
    run: 'BIGINT',
  }
  for (const [name, type] of Object.entries(expected)) expect(types.get(name)).toBe(type)
})

test('64-bit values at the edges survive, and predicates on them are right', async () => {
  const values = [0n, 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n]
  const events = eventsOf(
    values.map((value) => {
      const hex = `0x${value.toString(16)}`
      return { kind: 'desc_write', level: 'pte', va: hex, old: hex, new: hex }
    }),
  )
  await exportParquet(memorySource(SAMPLE_RUN, events), folder)
  const rows = await duckdb(`select va, new from ${all()} order by seq`)
  expect(rows).toEqual(values.map((value) => ({ va: value, new: value })))
  const above = await duckdb(
    `select count(*) as n from ${all()} where va >= 9223372036854775808::ubigint`,
  )
  expect(above).toEqual([{ n: 2n }])
})

test('a run without events is an empty table, not a missing one', async () => {
  await exportParquet(memorySource(SAMPLE_RUN, []), folder)
  expect(await duckdb(`select count(*) as n from ${all()}`)).toEqual([{ n: 0n }])
})

test('a failure half way leaves nothing behind, and what was there before stays', async () => {
  const events = eventsOf(setMemoryRo(1))
  const failing: EventSource = {
    ...memorySource(SAMPLE_RUN, events),
    *events(): Iterable<TraceEvent> {
      yield* events
      throw new Error('disk on fire')
    },
  }
  await exportParquet(memorySource(SAMPLE_RUN, events), folder)
  await expect(exportParquet(failing, folder)).rejects.toThrow('disk on fire')
  const key = 'other host/1'
  await expect(exportParquet(failing, folder, { key })).rejects.toThrow('disk on fire')
  expect(await duckdb(`select count(*) as n from ${all()}`)).toEqual([{ n: 13n }])
  expect(
    readdirSync(folder, { recursive: true }).filter((name) => String(name).includes('partial')),
  ).toEqual([])
})

test('a signal stops it between row groups', async () => {
  const controller = new AbortController()
  controller.abort(new Error('stopped'))
  const { signal } = controller
  const source = memorySource(SAMPLE_RUN, eventsOf(setMemoryRo(1)))
  await expect(exportParquet(source, folder, { signal })).rejects.toThrow('stopped')
  expect(readdirSync(join(folder, 'run=1'))).toEqual([])
})
