import {
  checkRun,
  evidenceOf,
  exportSummary,
  reportRun,
  SUMMARY_COLUMNS,
  summaryCsv,
  summaryHead,
  summaryJson,
  summaryOf,
} from '@pagetrail/recorder'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

import { duckdb } from '../../support/duckdb.ts'
import { testFolder } from '../../support/files.ts'
import { sampleEvents } from '../../support/stored.ts'
import { captures, runOf } from '../../support/runs.ts'

const CAPTURE = fileURLToPath(
  new URL('../../fixtures/traces/modules_small-7.3.trace.gz', import.meta.url),
)

const named = (cells: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(SUMMARY_COLUMNS.map(({ name }, i) => [name, cells[i]]))

test('a row has what the report counts and the rules say', async () => {
  const [source] = await captures(CAPTURE)
  const row = named(summaryOf(source!))
  const { total, outside } = reportRun(source!)
  const both = (name: 'writes' | 'barriers' | 'flushes') =>
    BigInt((total[name] ?? 0) + (outside[name] ?? 0))
  expect(row).toMatchObject({
    kernel: source!.run.kernel,
    events: BigInt(source!.run.events),
    calls: BigInt(source!.run.calls),
    calls_failed: 0n,
    writes: both('writes'),
    barriers: both('barriers'),
    flushes: both('flushes'),
    rules_error: 0n,
    rules_warning: 0n,
    broken: '',
  })
  const { verdicts } = checkRun(source!)
  const { rules_clean: clean, rules_undecided: open, rules_note: noted } = row
  expect([clean, open].map(Number)).toEqual(
    ['clean', 'undecided'].map((status) => verdicts.filter((v) => v.status === status).length),
  )
  expect(Number(clean) + Number(open) + Number(noted)).toBe(verdicts.length)
  // This capture shows no locks: how many there were is not known, and not 0.
  expect(evidenceOf(source!.run).kinds.has('lock')).toBe(false)
  expect(row['locks']).toBeNull()
})

test('a forgotten flush is in the row, by the name of its rule', () => {
  const [kept, forgotten] = [
    sampleEvents(),
    sampleEvents().filter(({ kind }) => !kind.startsWith('tlb')),
  ]
  const [clean, broken] = [kept, forgotten].map((events) => named(summaryOf(runOf(events))))
  expect(clean).toMatchObject({ rules_error: 0n, broken: '' })
  expect(broken).toMatchObject({ rules_error: 1n, broken: 'flush-missing' })
})

test('the same row as CSV, JSON and Parquet', async () => {
  const [source] = await captures(CAPTURE)
  const cells = summaryOf(source!)
  const json: unknown = JSON.parse(summaryJson('host,17', cells))
  const [head, line] = [summaryHead(), summaryCsv('host,17', cells)]
  expect(head.split(',')).toEqual(['run', ...SUMMARY_COLUMNS.map(({ name }) => name)])
  expect(line.startsWith('"host,17",')).toBe(true)
  const folder = testFolder()
  const { path, events } = await exportSummary(source!, folder, { key: 'host,17' })
  expect({ path, events }).toEqual({
    path: `${folder}/summary/run=host%2C17/part-0000.parquet`,
    events: 1,
  })
  const [row] = await duckdb(
    `select run, writes, broken from read_parquet('${folder}/summary/*/*.parquet', hive_partitioning = true)`,
  )
  const { writes } = named(cells)
  expect(row).toEqual({ run: 'host,17', writes, broken: '' })
  expect(json).toMatchObject({ run: 'host,17', writes: Number(writes), locks: null })
  // The pattern for runs does not find rows about runs.
  await expect(duckdb(`from read_parquet('${folder}/run=*/*.parquet')`)).rejects.toThrow('No files')
})
