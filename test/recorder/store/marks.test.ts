import { openRuns, readMarks, verify, writeMarks } from '@pagetrail/recorder'
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

test('marks that were changed otherwise are not shown, until they are set anew', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'marks.db')
  const run = await writeSample(db, 2)
  const runFile = await openRuns(db, { mode: 'write' })
  const { digest } = verify(runFile)
  const marks = [{ seq: 4, text: 'here' }]
  for (const sql of [
    `update mark set text = 'there'`,
    'update mark set seq = 5',
    'delete from mark',
    `insert into mark values (${run.id}, 7, '')`,
  ]) {
    writeMarks(runFile, run, marks)
    expect(readMarks(runFile, runFile.find(run.id))).toEqual(marks)
    // What is proven of the events does not change with what is noted of them.
    expect(verify(runFile)).toMatchObject({ digest, problems: [] })
    runFile.db.exec(sql)
    const broken = 'the marks of run 1 are not those that were set'
    expect(() => readMarks(runFile, run)).toThrow(broken)
    expect(() => runFile.proveAll()).toThrow(broken)
    expect(verify(runFile)).toMatchObject({ digest, problems: [{ run: 1, message: broken }] })
  }
  runFile.rename(run, 'renamed')
  expect(() => readMarks(runFile, run)).toThrow('not those that were set')
  writeMarks(runFile, run, [])
  expect(verify(runFile).problems).toEqual([])
  runFile.close()
})

test('marks of a run that is being recorded stay sealed when it ends', async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const writer = runFile.startRun({ label: 'test', source: 'jsonl', created: 0 })
  const run = runFile.find(writer.id)
  writeMarks(runFile, run, [{ seq: 0, text: 'early' }])
  expect(runFile.find(run.id).state).toBe('recording')
  writer.finish('complete')
  expect(runFile.find(run.id).state).toBe('complete')
  expect(readMarks(runFile, run)).toEqual([{ seq: 0, text: 'early' }])
  runFile.db.exec(`update mark set text = ''`)
  expect(() => readMarks(runFile, run)).toThrow('not those that were set')
  runFile.close()
})
