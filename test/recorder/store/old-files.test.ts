import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { importInput, openRuns, type RunFile, type TraceEvent, verify } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { evidenceOf } from '../../../packages/recorder/src/event/evidence.ts'
import { MIGRATIONS } from '../../../migrations/index.ts'
import { testFolder } from '../../support/files.ts'

const fixture = (name: string): Buffer =>
  gunzipSync(readFileSync(join(import.meta.dirname, '../../fixtures/v0.1', `${name}.gz`)))

function oldFile(): string {
  const path = join(testFolder(), 'runs.db')
  writeFileSync(path, fixture('runs.db'))
  return path
}

const labels = [
  'partial-block-bbml/4k-48/7.3',
  'two-owners/4k-48/7.3',
  'toy',
  'secretmem_small-6.17',
]
const counts = [1083, 58, 5, 536]

const eventsOf = (runFile: RunFile, label: string): TraceEvent[] => [
  ...runFile.source(runFile.find(label)).events(),
]
const kindOf = (kind: TraceEvent['kind']) => (event: TraceEvent) => event.kind === kind

test.each(['read', 'write'] as const)('a database of 0.1 is opened to %s', async (mode) => {
  const runFile = await openRuns(oldFile(), { mode })
  expect(runFile.runs().map(({ label, events }) => [label, events])).toEqual(
    labels.map((label, i) => [label, counts[i]]),
  )
  expect(labels.map((label) => eventsOf(runFile, label).length)).toEqual(counts)
  expect(eventsOf(runFile, 'toy').filter(kindOf('dsb'))).toMatchObject([
    { scope: 'ishst' },
    { scope: 'ish', fn: 'f' },
  ])
  const { problems, nesting } = verify(runFile)
  expect(problems).toEqual([])
  // Recorded when interleaved CPUs lost the returns of callbacks: as it was written, and said so.
  expect(nesting).toMatchObject([{ run: 2, count: 2 }])
  runFile.close()
})

test('what an old run can show is had from what is in it', async () => {
  const runFile = await openRuns(oldFile(), { mode: 'read' })
  const kinds = labels.map((label) => evidenceOf(runFile.find(label)).kinds)
  expect([...kinds[2]!]).toEqual(['op_begin', 'op_end', 'desc_write', 'dsb'])
  expect(kinds[0]!.has('table_alloc')).toBe(true)
  expect(kinds[3]!.has('table_alloc')).toBe(false)
  expect(kinds[3]!.has('lazy_mmu_enter')).toBe(true)
  runFile.close()
})

test('an upgraded database takes new events, and its old runs stay sealed', async () => {
  const path = oldFile()
  const writing = await openRuns(path, { mode: 'write' })
  const writer = writing.startRun({ label: 'new', source: 'jsonl', created: 0 })
  const common = { seq: 0, cpu: 0, op: null, nest: 0, ts: null, task: null }
  const event: TraceEvent = {
    ...common,
    kind: 'dmb',
    scope: 'ishst',
    src: 'toy.c:3',
    free: { x_line: 3 },
  }
  writer.append(event)
  writer.finish('complete')
  writing.close()
  const reading = await openRuns(path, { mode: 'read' })
  expect(eventsOf(reading, 'new')).toEqual([event])
  expect(verify(reading).problems).toEqual([])
  expect(reading.db.pragma('user_version', { simple: true })).toBe(
    BigInt(Object.keys(MIGRATIONS).length),
  )
  const views = reading.db.prepare('select scope, src, more from dmb').all()
  expect(views).toEqual([{ scope: 'ishst', src: 'toy.c:3', more: '{"src":"toy.c:3","x_line":3}' }])
  reading.close()
})

test('JSON Lines of 0.1 are imported, event for event', async () => {
  const old = await openRuns(oldFile(), { mode: 'read' })
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const path = join(testFolder(), 'runs.jsonl')
  writeFileSync(path, fixture('runs.jsonl'))
  await importInput(runFile, path, 'auto', { created: 0 })
  for (const label of labels.slice(0, 3)) {
    expect(eventsOf(runFile, label)).toEqual(eventsOf(old, label))
  }
  expect(fixture('runs.jsonl').toString()).toContain('"type":"ishst"')
  old.close()
  runFile.close()
})
