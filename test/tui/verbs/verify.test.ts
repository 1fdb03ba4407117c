import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

test('a file as it was written', async () => {
  const db = await database([{}, {}])
  const { status, out } = await pagetrail(['verify', '--db', db])
  const [line, digest] = out.trimEnd().split('\n')
  expect({ status, line }).toEqual({
    status: 0,
    line: `${db}: 2 runs, 44 events in 2 batches: as it was written`,
  })
  const expected = digest!.replace('digest ', '')
  const verified = (...argv: string[]) => pagetrail(['verify', '--db', db, '--expect', ...argv])
  expect(await verified(expected.toUpperCase())).toMatchObject({ status: 0, out })
  expect(await verified('0'.repeat(64))).toMatchObject({ status: 2 })
  expect((await verified('0'.repeat(64))).out).toContain('its digest is not 000')
  expect(await verified('abc')).toMatchObject({ status: 2, out: '' })
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
