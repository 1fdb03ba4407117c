import { join } from 'node:path'
import { openRuns } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { openTraceData } from '../../../packages/tui/src/data/trace-data.ts'
import { folder, pagetrail } from '../../support/cli.ts'
import { sessionOn } from '../../support/session.ts'

test('w answers as the verb does: start state, table above, split, context', async () => {
  const db = join(folder(), 'test.db')
  const record = ['record', 'split-live-block-bbml', '--flavour', '6.18', '--db', db]
  expect(await pagetrail(record)).toMatchObject({ status: 0 })
  const runFile = await openRuns(db, { mode: 'read' })
  const run = runFile.find(-1)
  const [store] = runFile.readPage(run, { from: 15, limit: 1 })
  runFile.close()
  if (store?.kind !== 'desc_write' || store.va === null) throw new Error('event 15 is a store')
  const data = await openTraceData(db)
  const rows = await data.why(run.id, store.va, run.events - 1)
  await data.close()
  if (typeof rows === 'number') throw new Error('the run is short')
  const { out } = await pagetrail(['why', '-1', `0x${store.va.toString(16)}`, '--db', db])
  expect(rows.map(({ text }) => text)).toEqual(out.trimEnd().split('\n'))
  expect([...new Set(rows.map(({ seq }) => seq))]).toEqual([null, 0, 8, 15, 1034])

  const s = await sessionOn(db, run, 120, 36)
  s.keys(':', '1', '5', 'enter')
  await s.settled()
  s.keys('w')
  await s.settled()
  expect(s.model().screen).toBe('why')
  expect(s.screen()).toContain('was allocated at')
  // The cursor stands on the last step, the store itself. Every line above it that names an event leads there: the
  // lazy section and the callback of the step before, then the table's allocation.
  s.keys('k', 'enter')
  await s.settled()
  expect(s.cursor()).toBe(2)
  s.keys('ctrl+o')
  expect(s.model().screen).toBe('why')
  s.keys('k', 'k')
  s.keys('enter')
  await s.settled()
  expect(s.model().screen).toBe('replay')
  expect(s.cursor()).toBe(8)
  await s.end()
})
