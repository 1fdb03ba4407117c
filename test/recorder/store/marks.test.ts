import { openRuns, readMarks, writeMarks } from '@pagetrail/recorder'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeSample } from '../../support/sample-trace.ts'

test('marks stay in the file, in order, until they are replaced or their run is removed', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'marks.db')
  const run = await writeSample(db, 2)
  const runFile = await openRuns(db, { mode: 'write' })
  expect(readMarks(runFile, run)).toEqual([])
  writeMarks(runFile, run, [
    { seq: 9, text: 'late' },
    { seq: 4, text: '' },
  ])
  expect(readMarks(runFile, run)).toEqual([
    { seq: 4, text: '' },
    { seq: 9, text: 'late' },
  ])
  writeMarks(runFile, run, [{ seq: 1, text: 'only' }])
  expect(readMarks(runFile, run)).toEqual([{ seq: 1, text: 'only' }])
  runFile.remove(run)
  expect(readMarks(runFile, run)).toEqual([])
  runFile.close()
})
