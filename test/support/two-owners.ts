import { join } from 'node:path'
import { expect } from 'vitest'
import { openRuns } from '@pagetrail/recorder'
import { folder, pagetrail } from './cli.ts'
import { sessionOn } from './session.ts'

/** Two CPUs that change one page at the same time. */
export async function twoOwners(columns: number, rows: number) {
  const db = join(folder(), 'test.db')
  const args = ['record', 'two-owners', '--flavour', '7.3', '--db', db]
  expect(await pagetrail(args)).toMatchObject({ status: 0 })
  const runFile = await openRuns(db, { mode: 'read' })
  const run = runFile.find(-1)
  runFile.close()
  const s = await sessionOn(db, run, columns, rows)
  await s.settled()
  return s
}
