import { openRuns, type Run } from '@pagetrail/recorder'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folder, pagetrail } from '../../support/cli.ts'
import { sessionOn } from '../../support/session.ts'

const LEAN = `${import.meta.dirname}/../../fixtures/traces/modules_small-6.18-lean-kaslr.trace.gz`

/** The runs of some captures, one after the other, in a new database. */
async function imported(...files: readonly string[]): Promise<{ db: string; runs: Run[] }> {
  const db = join(folder(), 'unseen.db')
  for (const file of files) {
    expect((await pagetrail(['import', file, '--db', db])).status).toBe(0)
  }
  const runFile = await openRuns(db, { mode: 'read' })
  const runs = runFile.runs()
  runFile.close()
  return { db, runs: [...runs] }
}

test('the timeline does not say that there is none of what a capture cannot show', async () => {
  const { db, runs } = await imported(LEAN)
  const s = await sessionOn(db, runs[0]!, 100, 30)
  s.keys('z')
  await s.settled()
  for (const name of ['barriers', 'flushes', 'tables']) {
    expect(s.screen()).toMatch(new RegExp(`${name} +none seen: the run may not show them`))
    expect(s.screen()).toContain(`${name} ?`)
  }
  expect(s.screen()).not.toMatch(/calls +none/)
  await s.end()
})

test('where events are lost no part is called the same, and no side is said to have made a call alone', async () => {
  const lines = gunzipSync(readFileSync(LEAN)).toString().split('\n')
  const head = lines.filter((line) => line.startsWith('#'))
  const body = lines.filter((line) => !line.startsWith('#'))
  const torn = join(folder(), 'torn.trace')
  const lost = 'CPU:0 [LOST 500 EVENTS]'
  writeFileSync(torn, [...head, ...body.slice(0, 40), lost, ...body.slice(400)].join('\n'))
  const { db, runs } = await imported(torn, LEAN)
  const s = await sessionOn(db, null, 100, 30)
  const [a, b] = runs.toSorted((x, y) => x.id - y.id)
  expect([a!.lost > 0, b!.lost]).toEqual([true, 0])
  s.keys('m', 'down', 'd')
  await s.settled()
  await s.settled()
  expect(s.screen()).toMatch(/ unknown in the \d+ calls that both made/)
  expect(s.screen()).not.toMatch(/(outcome|effect|path) =/)
  // What may be among the lost events is not a difference to go to.
  s.keys('n')
  await s.settled()
  expect(s.screen()).toMatch(/no known difference in path after this row/)
  for (let i = 0; i < 100 && !s.screen().includes('shows this call'); i++) {
    s.keys('down')
    await s.settled()
  }
  expect(s.screen()).toMatch(/Only B shows this call: A has lost events, perhaps this call/)
  await s.end()
})

test('no half of a sentence stands beside what Tab offers for an empty query', async () => {
  const { db } = await imported(LEAN)
  const s = await sessionOn(db, null, 80, 24)
  s.keys('s')
  await s.settled()
  expect(s.screen()).toContain('the runs')
  expect(s.screen()).not.toContain('ready ones')
  s.keys('esc')
  await s.settled()
  expect(s.screen()).toContain('Tab in an empty query offers the ready ones')
  await s.end()
})
