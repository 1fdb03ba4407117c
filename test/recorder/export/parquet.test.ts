import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { LEVEL_NAMES } from '@pagetrail/engine'
import {
  type EventSource,
  exportParquet,
  kindOfId,
  memorySource,
  openRuns,
  RUN_COLUMNS,
  type TraceEvent,
  TABLE_COLUMNS,
} from '@pagetrail/recorder'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { duckdb } from '../../support/duckdb.ts'
import { eventsOf, type Lean, initOf, SAMPLE_RUN, setMemoryRo } from '../../support/sample-run.ts'
import { database } from '../../support/stored.ts'

// Files are synced to the disk, which other tests may keep busy.
vi.setConfig({ testTimeout: 30_000 })

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-parquet-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const hexOf = (value: number): string => `0x${value.toString(16)}`
const all = () => `read_parquet('${folder}/*/*.parquet', hive_partitioning = true)`
/** By flavour, kind and level: how many events, and the sums that tell lost bits. */
const SUMMARY = `count(*) as n, min(va) as lowest, max(va) as highest, sum(nest) as nest`

test('20 runs in one folder are one table, and it answers as SQLite does', async () => {
  const runs = Array.from({ length: 20 }, (_, i) => ({
    meta: { label: `run ${i}`, flavour: i % 2 === 0 ? '6.18' : '7.3' },
    events: eventsOf([initOf(i + 1), ...setMemoryRo(i + 1)]),
  }))
  const runFile = await openRuns(await database(runs), { mode: 'read' })
  for (const run of runFile.runs()) {
    const { events, path } = await exportParquet(runFile.source(run), folder)
    expect({ events, path }).toEqual({
      events: run.events,
      path: join(folder, `run=${run.id}`, 'part-0000.parquet'),
    })
  }
  const right = runFile.db
    .prepare<[], Record<string, bigint | string | null>>(
      `with e as (select run.flavour, kind, level, va, nest from event join run on run.id = event.id >> 32)
       select flavour, kind, level, ${SUMMARY} from e group by 1, 2, 3`,
    )
    .all()
  runFile.close()
  const found = await duckdb(`select flavour, kind, level, ${SUMMARY} from ${all()} group by all`)
  expect(found.map(inText).toSorted()).toEqual(right.map(asDuckDb).toSorted())
  const [one] = await duckdb(
    `select count(distinct run) as runs, count(distinct label) as labels,
       count(*) filter (kind = 'desc_write' and xor(old, new) != 0) as changed from ${all()}`,
  )
  expect(one).toEqual({ runs: 20n, labels: 20n, changed: 210n })
})

const inText = (row: Readonly<Record<string, unknown>>): string =>
  Object.values(row).map(String).join(' ')

const unsigned = (va: unknown): unknown => (typeof va === 'bigint' ? BigInt.asUintN(64, va) : va)

/** Numbers of kinds and levels as names, addresses without their sign. */
function asDuckDb(row: Readonly<Record<string, bigint | string | null>>): string {
  const { kind, level, lowest, highest, ...same } = row
  return inText({
    flavour: same['flavour'],
    kind: kindOfId(Number(kind)),
    level: level === null ? null : LEVEL_NAMES[Number(level)],
    n: same['n'],
    lowest: unsigned(lowest),
    highest: unsigned(highest),
    nest: same['nest'],
  })
}

test('columns keep their types: unsigned addresses, names as text', async () => {
  await exportParquet(memorySource(SAMPLE_RUN, eventsOf(setMemoryRo(1))), folder)
  const rows = await duckdb(`describe select * from ${all()}`)
  const types = new Map(rows.map((row) => [row['column_name'], row['column_type']]))
  expect(types.size).toBe(TABLE_COLUMNS.length + RUN_COLUMNS.length + 1)
  const expected = {
    va: 'UBIGINT',
    new: 'UBIGINT',
    seq: 'BIGINT',
    kind: 'VARCHAR',
    fired: 'BOOLEAN',
    run: 'BIGINT',
    created: 'TIMESTAMP',
    page_shift: 'INTEGER',
    facts: 'VARCHAR',
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

test('a run of more than one row group keeps every value in its row', async () => {
  const count = 65_536 + 1100
  const events = eventsOf(
    Array.from({ length: count }, (_, i) => ({
      kind: 'table_alloc_fail',
      level: 'pte',
      va: i % 2 === 0 ? null : hexOf(i),
    })),
  )
  await exportParquet(memorySource(SAMPLE_RUN, events), folder)
  const rows = await duckdb(
    `select count(*) as n, count(va) as placed, bool_and(va is null or va = seq) as right from ${all()}`,
  )
  expect(rows).toEqual([{ n: BigInt(count), placed: BigInt(count / 2), right: true }])
})

test("what the run's row says stands in every row", async () => {
  const run = { ...SAMPLE_RUN, created: Date.UTC(2026, 10, 26), lost: 3, facts: { workload: 'x' } }
  await exportParquet(memorySource(run, eventsOf(setMemoryRo(1))), folder)
  const rows = await duckdb(
    `select distinct label, source, state, created = timestamp '2026-11-26' as dated, page_shift, va_bits, levels,
       events_lost, facts ->> 'workload' as workload from ${all()}`,
  )
  expect(rows).toEqual([
    {
      label: run.label,
      source: run.source,
      state: run.state,
      dated: true,
      page_shift: 12,
      va_bits: 48,
      levels: 4,
      events_lost: 3n,
      workload: 'x',
    },
  ])
})

/** Row groups of a file that a reader cannot pass over when it looks for this value of a column. */
const candidates = async (column: string, value: string): Promise<number> => {
  const [row] = await duckdb(
    `select count(*) as n from parquet_metadata('${folder}/*/*.parquet')
     where path_in_schema = '${column}' and '${value}' between stats_min_value and stats_max_value`,
  )
  return Number(row?.['n'])
}

test('row groups are passed over by kind and by function, and seq and ts take few bytes', async () => {
  const functions = ['set_memory_nx', 'set_memory_ro', 'set_memory_rw', 'set_memory_x']
  const events = eventsOf(
    Array.from({ length: 80_000 }, (_, i): Lean => {
      const fn = functions[Math.floor(i / 2) % 4]!
      return i % 2 === 0
        ? { kind: 'walk_begin', fn, va: '0x1000', end: '0x2000' }
        : { kind: 'barrier_queue', fn }
    }),
  )
  await exportParquet(memorySource(SAMPLE_RUN, events), folder)
  const [groups] = await duckdb(
    `select max(row_group_id) + 1 as n from parquet_metadata('${folder}/*/*.parquet')`,
  )
  expect(groups).toEqual({ n: 5n })
  expect(await candidates('kind', 'walk_begin')).toBe(3)
  const probed = await duckdb(
    `select bloom_filter_excludes as out, count(*) as n
     from parquet_bloom_probe('${folder}/*/*.parquet', 'fn', 'set_memory_rw') group by 1 order by 1`,
  )
  expect(probed).toEqual([
    { out: false, n: 3n },
    { out: true, n: 2n },
  ])
  const bytes = await duckdb(
    `select path_in_schema as name, sum(total_compressed_size)::integer as n
     from parquet_metadata('${folder}/*/*.parquet') where path_in_schema in ('seq', 'ts') group by 1`,
  )
  for (const { n } of bytes) expect(n).toBeLessThan(80_000)
  const [whole] = await duckdb(`select count(distinct seq) as n, max(seq) as last from ${all()}`)
  expect(whole).toEqual({ n: 80_000n, last: 79_999n })
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
