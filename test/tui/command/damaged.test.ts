import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'

import { folder, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

/** Every verb that answers from events, on run 1. */
const ANSWERS: readonly (readonly string[])[] = [
  ['info', '1'],
  ['replay', '1'],
  ['show', '1', '3'],
  ['state', '1'],
  ['why', '1', '0xffff800080010000'],
  ['diff', '2', '1'],
  ['diff', '1', '2'],
  ['report', '1'],
  ['check', '1'],
  ['export', '1'],
  ['export', '1', '--format', 'csv'],
  ['export', '1', '--format', 'chrome'],
  ['sql', 'select count(*) from event'],
]

async function damagedFile(sql: string): Promise<string> {
  const path = await database([{}, {}])
  const db = new Sqlite(path)
  db.exec(sql)
  db.close()
  return path
}

describe('a damaged batch is an error that names run, batch and seq, never an answer', () => {
  test.each(ANSWERS)('%s %s %s', async (...argv) => {
    const path = await damagedFile('update event set level = level + 256 where id >> 32 = 1')
    for (const json of [[], ['--json']]) {
      if (json.length > 0 && argv[0] === 'export') continue
      const { status, err } = await pagetrail(['--db', path, ...json, ...argv])
      expect(err).toMatch(/is damaged: run 1, batch of seq 0 to \d+: event \d+ holds a value/)
      expect(status).toBe(2)
    }
  })
})

describe('a damaged row of a run', () => {
  const DAMAGE = `update run set label = 'another', created = 1 << 62 where id = 1`

  test.each(ANSWERS)('%s %s %s', async (...argv) => {
    const { status, err } = await pagetrail(['--db', await damagedFile(DAMAGE), ...argv])
    expect(err).toContain('run 1, the row that describes the run was changed')
    expect(status).toBe(2)
  })

  test('is listed as such, does not hide the other run, and can be removed', async () => {
    const path = await damagedFile(DAMAGE)
    const listed = await pagetrail(['--db', path, 'runs'])
    expect(listed).toMatchObject({ status: 2, err: expect.stringContaining('run 1 cannot be') })
    expect(listed.out).toMatch(/another .* damaged/)
    expect(await pagetrail(['--db', path, 'info', '2'])).toMatchObject({ status: 0, err: '' })
    expect(await pagetrail(['--db', path, 'rm', '1'])).toMatchObject({ status: 0 })
    expect(await pagetrail(['--db', path, 'runs'])).toMatchObject({ status: 0, err: '' })
  })
})

test('what was proven is remembered in the cache folder of the environment', async () => {
  const path = await database()
  const cache = folder()
  const env = { XDG_CACHE_HOME: cache }
  expect((await pagetrail(['--db', path, 'info', '1'], { env })).status).toBe(0)
  const db = new Sqlite(path)
  db.exec('update event set level = level + 256 where id >> 32 = 1')
  db.close()
  expect((await pagetrail(['--db', path, 'info', '1'], { env })).status).toBe(2)
})
