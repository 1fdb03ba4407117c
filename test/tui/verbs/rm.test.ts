import { expect, test } from 'vitest'
import { pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

const three = () => database(['a', 'b', 'c'].map((label) => ({ meta: { label } })))
const labels = async (db: string) =>
  (await pagetrail(['runs', '--db', db])).out.match(/\b[abc]\b/g) ?? []

test('removes runs by id, label and place from the end', async () => {
  const db = await three()
  const { status, out } = await pagetrail(['rm', '-1', 'a', '--db', db])
  expect({ status, out }).toEqual({ status: 0, out: 'removed run 3 c\nremoved run 1 a\n' })
  expect(await labels(db)).toEqual(['b'])
})

test('the same run named twice is removed once', async () => {
  const db = await three()
  expect((await pagetrail(['rm', '-1', '3', '--db', db])).out).toBe('removed run 3 c\n')
  expect(await labels(db)).toEqual(['a', 'b'])
})

test('removes nothing where one of them does not exist', async () => {
  const db = await three()
  const { status, err } = await pagetrail(['rm', '1', '9', '--db', db])
  expect(status).toBe(2)
  expect(err).toContain('has no run 9')
  expect(await labels(db)).toEqual(['a', 'b', 'c'])
})
