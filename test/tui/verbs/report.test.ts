import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'
import { recordDemo } from '../../support/demo.ts'
import { database } from '../../support/stored.ts'

test('sets runs side by side: costs, by function, coverage', async () => {
  const { status, out } = await pagetrail([
    'report',
    '1',
    '2',
    '--db',
    await recordDemo('6.17,6.18'),
  ])
  expect(status).toBe(0)
  expect(out).toMatch(/^callbacks +5 +11$/m)
  expect(out).toMatch(/^barriers \(dsb ishst, isb\) +3 +2$/m)
  expect(out).toMatch(/^set_memory_ro +1 +0 +3 +3 +2 /m)
  expect(out).toMatch(/^results +0 +1 +1$/m)
})

test('--json and --filter', async () => {
  const db = await recordDemo('7.3')
  const lines = jsonLines((await pagetrail(['report', '1', '--json', '--db', db])).out)
  expect(lines[0]).toMatchObject({ type: 'header', verb: 'report' })
  expect(lines.at(-1)).toMatchObject({ type: 'end' })
  const writes = await pagetrail(['report', '1', '--filter', 'kind == desc_write', '--db', db])
  expect(writes.out).toMatch(/^descriptor writes +5$/m)
  expect(writes.out).not.toMatch(/^callbacks +[1-9]/m)
})

test('a run that is not whole: 3', async () => {
  const { status, err } = await pagetrail([
    'report',
    '1',
    '--db',
    await database([{ meta: { lost: 4 } }]),
  ])
  expect(status).toBe(3)
  expect(err).toBe('pagetrail: run 1 sample is not whole: 4 events were lost\n')
})
