import { copyFileSync, rmSync, statSync, truncateSync } from 'node:fs'

import { openRuns } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { append, callEvents, META } from '../../support/call-events.ts'
import { pagetrail } from '../../support/cli.ts'
import { storedFile, testFile } from '../../support/files.ts'

/** A file whose second run, of 300 events, was killed, and of whose -wal a part was lost, or all. */
async function fallen(left: number): Promise<string> {
  const path = await storedFile(callEvents(3))
  const copy = testFile()
  const recording = await openRuns(path, { mode: 'write' })
  const writer = recording.startRun({ ...META, label: 'live' }, { batchEvents: 100 })
  append(writer, callEvents(30))
  writer.flush()
  for (const end of ['', '-wal', '-run2']) copyFileSync(path + end, copy + end)
  recording.close()
  if (left === 0) rmSync(`${copy}-wal`)
  else truncateSync(`${copy}-wal`, Math.floor(statSync(`${copy}-wal`).size * left))
  return copy
}

const ANSWERS: readonly (readonly string[])[] = [
  ['runs'],
  ['info', 'live'],
  ['replay', 'live'],
  ['show', 'live', '3'],
  ['state', 'live'],
  ['why', 'live', '0xffff800080000000'],
  ['diff', '1', 'live'],
  ['report', 'live'],
  ['check', 'live'],
  ['export', 'live'],
  ['export', 'live', '--format', 'csv'],
  ['export', 'live', '--format', 'chrome'],
  ['sql', 'select count(*) from event'],
  ['sql', 'select :run'],
]

test('a run that fell back with its -wal says so, whatever is asked of it', async () => {
  const path = await fallen(0.8)
  for (const argv of ANSWERS) {
    for (const json of argv[0] === 'export' ? [[]] : [[], ['--json']]) {
      const { out, err } = await pagetrail(['--db', path, ...json, ...argv])
      // With --json the end line may say it.
      expect(json.length > 0 ? out + err : err, argv.join(' ')).toMatch(
        /run 2 live is not whole: .*had committed 300 events, \d+ are left: the -wal/,
      )
    }
  }
  const { out, status } = await pagetrail(['--db', path, 'verify'])
  expect(out).toContain('run 2: its recorder had committed 300 events')
  expect(status).toBe(2)
})

test('a run that is gone with its -wal is missed, until it is forgotten', async () => {
  const path = await fallen(0)
  for (const argv of [...ANSWERS, ['info', '-1'], ['rm', '-1'], ['verify']]) {
    const { out, err } = await pagetrail(['--db', path, ...argv])
    expect(out + err, argv.join(' ')).toContain(
      'run 2 is gone: its recorder had committed 300 events',
    )
  }
  const { out } = await pagetrail(['--db', path, 'rm', '2'])
  expect(out).toBe('forgot run 2, of which nothing was left\n')
  for (const argv of [['runs'], ['info', '-1'], ['verify']])
    expect(await pagetrail(['--db', path, ...argv])).toMatchObject({ status: 0, err: '' })
})
