import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Engine,
  type EventOf,
  ENGINES,
  type EventSource,
  exportParquet,
  findQuery,
  importFile,
  lakeQuery,
  openRuns,
  QUERIES,
  queryText,
  type RunFile,
  type TraceEvent,
} from '@pagetrail/recorder'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { clickhouse } from '../../../support/clickhouse.ts'
import { duckdb } from '../../../support/duckdb.ts'
import { eventsOf, type Lean } from '../../../support/sample-run.ts'
import { store } from '../../../support/stored.ts'

const at = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))
const CAPTURES: Readonly<Record<string, string>> = {
  '6.12': 'test/fixtures/traces/modules_small-6.12.trace.gz',
  '6.17': 'packages/tui/demo/modules_small-6.17.13.trace.gz',
  '6.18-bbm': 'test/fixtures/traces/modules_small-6.18-bbm.trace.gz',
  '7.3': 'test/fixtures/traces/modules_small-7.3.trace.gz',
  'lean/é b%': 'test/fixtures/traces/modules_small-6.18-lean-kaslr.trace.gz',
  '007': 'test/fixtures/traces/boot-overrun-7.3.trace.gz',
}

type Row = Readonly<Record<string, unknown>>
let runFile: RunFile
let folder: string
let lake: string

/** Real captures, and runs that are wrong in ways no capture is: by label, which is their key too. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-lake-'))
  const db = join(folder, 'lake.db')
  lake = join(folder, "it's a fleet")
  runFile = await openRuns(db, { mode: 'write' })
  for (const [label, path] of Object.entries(CAPTURES))
    await importFile(runFile, at(path), { created: 0, label })
  const events = wrong(runFile.source(runFile.find('7.3')))
  await store(db, [
    { meta: { label: '16K', geometry: { pageShift: 14, vaBits: 47, levels: 3 } }, events },
    { meta: { label: 'empty' }, events: [] },
    { meta: { label: 'top' }, events: eventsOf(TOP) },
  ])
  for (const run of runFile.runs())
    await exportParquet(runFile.source(run), lake, { key: run.label })
})

afterAll(() => {
  runFile.close()
  rmSync(folder, { recursive: true })
})

/** The first write is not what its callback's masks make of the old value. */
const wrong = (source: EventSource): TraceEvent[] => {
  const events = [...source.events()]
  const at = events.findIndex(({ kind, nest }) => kind === 'desc_write' && nest > 0)
  const [store] = events.slice(at)
  return events.with(at, { ...(store as EventOf<'desc_write'>), new: 1n })
}

/** A flush of the last page there is: its range ends where 64 bits do. */
const TOP: Lean[] = [
  { kind: 'op_begin', fn: 'set_memory_ro', va: '0xfffffffffffff000', end: '0x0', args: {} },
  {
    kind: 'tlb_flush',
    fn: 'flush_tlb_kernel_range',
    va: '0xfffffffffffff000',
    end: '0x0',
    by: 'f',
  },
  { kind: 'op_end', fn: 'set_memory_ro', ret: 0 },
]

/** Columns and values of rows as text, in any order: engines differ in how they type a count. */
const comparable = (rows: readonly Row[]): string[] =>
  rows
    .map((row) =>
      Object.entries(row)
        .filter(([name]) => name !== 'run')
        .map(([name, value]) => `${name}=${shown(value)}`)
        .join(' '),
    )
    .toSorted()

const shown = (value: unknown): string => {
  if (value === null) return 'null'
  const isCount = typeof value !== 'string' || /^-?\d+(?:\.\d+)?$/.test(value)
  return isCount ? Number(value).toFixed(6) : value
}

const asked = (name: string, id: number): string[] =>
  comparable(runFile.db.prepare<[], Row>(queryText(findQuery(name), id)).all())

const ASK: Readonly<Record<Engine, (sql: string) => Promise<Row[]> | Row[]>> = {
  duckdb,
  clickhouse,
}

describe.each(ENGINES)('%s', (engine) => {
  test.each(QUERIES.map(({ name }) => name))(
    '%s has the rows that SQLite has, of every run of a folder',
    async (name) => {
      const rows = await ASK[engine](lakeQuery(name, engine, lake))
      for (const { id, label, events } of runFile.runs()) {
        const own = rows.filter((row) => row['run'] === label)
        // A run without events has no row to count: nothing of it is in the table but its columns.
        expect(comparable(own), label).toEqual(events === 0 ? [] : asked(name, id))
      }
    },
    30_000,
  )
})

test('every query answers something here, so that equal is not empty', () => {
  for (const { name } of QUERIES) {
    const rows = runFile.runs().flatMap(({ id }) => asked(name, id))
    expect(rows.length, name).toBeGreaterThan(0)
  }
})

test('an unknown query names what is near; a folder is text, whatever it holds', () => {
  expect(() => lakeQuery('cals', 'duckdb', '.')).toThrow('did you mean calls?')
  expect(lakeQuery('calls', 'duckdb', "it's/")).toContain("read_parquet('it''s/run=*/*.parquet'")
})
