import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

test('a file as it was written', async () => {
  const db = await database([{}, {}])
  const { status, out } = await pagetrail(['verify', '--db', db])
  expect({ status, out }).toEqual({
    status: 0,
    out: `${db}: 2 runs, 44 events in 2 batches: as it was written\n`,
  })
  const one = jsonLines((await pagetrail(['verify', '2', '--json', '--db', db])).out)
  expect(one.at(-1)).toMatchObject({ runs: 1, events: 22, whole: true, complete: true })
})

test('damaged bytes are found: 2', async () => {
  const db = await database()
  const size = statSync(db).size
  const file = openSync(db, 'r+')
  for (let at = 8192; at < size; at += 1024) writeSync(file, Buffer.alloc(16, 0xa5), 0, 16, at)
  closeSync(file)
  const { status, out, err } = await pagetrail(['verify', '--db', db])
  expect(status).toBe(2)
  expect(out + err).toMatch(/problem|damaged|does not have the tables/)
})
