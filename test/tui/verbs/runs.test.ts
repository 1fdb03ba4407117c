import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

test('lists the runs as a table', async () => {
  const db = await database([
    {},
    { meta: { label: 'second', source: 'ftrace', kernel: '6.17.13' } },
  ])
  const { status, out, err } = await pagetrail(['runs', '--db', db])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out.replaceAll(/ +/g, ' ').split('\n')).toEqual([
    'ID LABEL SOURCE TABLES EVENTS CALLS LOST STATE RECORDED (UTC)',
    ' 1 sample engine 6.18 4k-48 22 1 0 complete 2023-11-14 22:13',
    ' 2 second ftrace 6.17.13 4k-48 22 1 0 complete 2023-11-14 22:13',
    '',
  ])
})

test('--json gives a line a run', async () => {
  const { out } = await pagetrail(['--json', 'runs', '--db', await database()])
  const [header, run, end] = jsonLines(out)
  expect(header).toEqual({ type: 'header', format: 1, verb: 'runs' })
  expect(run).toMatchObject({ type: 'run', id: 1, label: 'sample', events: 22, state: 'complete' })
  expect(end).toEqual({ type: 'end', rows: 1, complete: true })
})

test('escape sequences in labels are shown, not executed', async () => {
  const db = await database([{ meta: { label: 'evil\x1b[2J\x07' } }])
  const { out } = await pagetrail(['runs', '--db', db])
  expect(out).toContain(String.raw`evil\x1b[2J\x07`)
  expect(out).not.toContain('\x1b')
})

test('the database is named by --db, then PAGETRAIL_DB; without one it says how to get one', async () => {
  const db = await database()
  expect((await pagetrail(['runs'], { env: { PAGETRAIL_DB: db } })).out).toContain('sample')
  const none = join(folder(), 'none.db')
  const { status, out, err } = await pagetrail(['runs', '--db', none], {
    env: { PAGETRAIL_DB: db },
  })
  expect({ status, out }).toEqual({ status: 2, out: '' })
  expect(err).toMatch(/none\.db does not exist; pagetrail record or import makes it/)
})

test('colours only on a terminal, and not with NO_COLOR', async () => {
  const db = await database()
  expect((await pagetrail(['runs', '--db', db], { tty: true })).out).toContain('\x1b[1m')
  const plain = await pagetrail(['runs', '--db', db], { tty: true, env: { NO_COLOR: '1' } })
  expect(plain.out).not.toContain('\x1b')
})
