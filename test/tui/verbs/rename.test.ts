import { expect, test } from 'vitest'
import { pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

test('gives a run another label, which finds it from then on', async () => {
  const db = await database()
  const { status, out } = await pagetrail(['rename', '1', 'before', '--db', db])
  expect({ status, out }).toEqual({ status: 0, out: 'run 1 sample is now before\n' })
  expect((await pagetrail(['info', 'before', '--db', db])).status).toBe(0)
})

test.each(['7', '-1', ' ', ''])('refuses the label "%s"', async (label) => {
  const db = await database()
  const { status, err } = await pagetrail(['rename', '1', '--db', db, '--', label])
  expect(status).toBe(2)
  expect(err).toContain('cannot be a label')
})
