import { openRuns, parseFilter, toPredicate } from '@pagetrail/recorder'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EventPager } from '../../../packages/tui/src/data/paging.ts'
import { writeSample } from '../../support/sample-trace.ts'

const SLICE = 50
const REACH = 5
const FILTERS = [
  null,
  'kind == desc_write',
  'kind == op_begin && fn ~ "*_rw"',
  'va == 0xffff800080004000',
  'seq in 700-705',
  'kind == bug',
]

test.each(FILTERS)('windows of %s hold what a look at every event finds', async (filter) => {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'paging.db')
  const run = await writeSample(db, 100)
  const runFile = await openRuns(db, { mode: 'read' })
  const matches = filter === null ? () => true : toPredicate(parseFilter(filter))
  const all = [...runFile.source(run).events()].filter(matches).map((e) => e.seq)
  const pager = new EventPager(runFile, SLICE)
  for (const anchor of [0, 3, 49, 50, 51, 700, 1_234, 1_999]) {
    for (const delta of [0, 1, -1, 7, -7]) {
      const query = { run: run.id, filter, anchor, delta, reach: REACH, total: run.events }
      const w = await pager.window(run, query)
      const next = all.findIndex((seq) => seq >= anchor)
      const start = next < 0 ? all.length - 1 : next
      const cursor = all[Math.max(0, Math.min(all.length - 1, start + delta))] ?? null
      expect([anchor, delta, w.cursor]).toEqual([anchor, delta, cursor])
      const seqs = w.rows.map((e) => e.seq)
      const first = all.indexOf(seqs[0] ?? -1)
      expect(seqs).toEqual(first < 0 ? [] : all.slice(first, first + seqs.length))
      // At an end nothing is left out; elsewhere there is as much as was asked for.
      const ahead = all.indexOf(w.cursor ?? -1) - first
      const whole = w.atStart ? first <= 0 : ahead >= REACH - 1 - Math.max(0, -delta)
      const end = w.atEnd ? seqs.at(-1) === all.at(-1) : seqs.length > REACH
      expect([anchor, delta, whole, end]).toEqual([anchor, delta, true, true])
    }
  }
  const counted = filter ?? 'seq >= 0'
  expect(await pager.count(run, { run: run.id, filter: counted, total: run.events })).toBe(
    all.length,
  )
  runFile.close()
})

test('the next match is found in both directions, and none beyond the last', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'paging.db')
  const run = await writeSample(db, 100)
  const runFile = await openRuns(db, { mode: 'read' })
  const pager = new EventPager(runFile, SLICE)
  const find = (filter: string, from: number, backward: boolean) =>
    pager.find(run, { run: run.id, filter, from, backward })
  expect(await find('seq == 1500', 0, false)).toBe(1_500)
  expect(await find('seq == 1500', 1_999, true)).toBe(1_500)
  expect(await find('seq == 1500', 1_500, false)).toBe(null)
  expect(await find('kind == tlb_flush', 18, false)).toBe(38)
  runFile.close()
})

test('a search is given up when another one begins, or when it is told to stop', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'paging.db')
  const run = await writeSample(db, 100)
  const runFile = await openRuns(db, { mode: 'read' })
  const pager = new EventPager(runFile, SLICE)
  const find = (seq: number) =>
    pager.find(run, { run: run.id, filter: `seq == ${seq}`, from: 0, backward: false })
  const first = find(1_500)
  const second = find(1_600)
  expect(await Promise.all([first, second])).toEqual([null, 1_600])
  const third = find(1_700)
  pager.stopFinding()
  expect(await third).toBe(null)
  runFile.close()
})
