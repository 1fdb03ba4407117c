import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'
import { recordDemo } from '../../support/demo.ts'

/** Three pages in two tables, two pages and a block. */
const db = () => recordDemo('6.18')

test('prints the tables as the kernel does, at the end or after an event', async () => {
  const path = await db()
  const start = await pagetrail(['state', '1', '--at', '4', '--db', path])
  expect(start.status).toBe(0)
  expect(start.out.split('\n').map((line) => line.split(/ +/).slice(0, 4))).toEqual([
    ['0xffff8000801ff000-0xffff800080202000', '12K', 'PTE', 'RW'],
    ['0xffff8000c01fe000-0xffff8000c0200000', '8K', 'PTE', 'RW'],
    ['0xffff8000c0200000-0xffff8000c0400000', '2M', 'PMD', 'RW'],
    [''],
  ])
  const end = await pagetrail(['state', '1', '--db', path])
  expect(end.out).toMatch(/^0xffff8000801ff000-0xffff800080202000 +12K +PTE +ro /m)
})

test('--range keeps what maps it, --json gives leaves', async () => {
  const args = [
    'state',
    '1',
    '--range',
    '0xffff8000c0200000-0xffff8000c0201000',
    '--db',
    await db(),
  ]
  const text = await pagetrail(args)
  expect(text.out).toMatch(/^0xffff8000c0200000-0xffff8000c0400000 .*\n$/)
  const lines = jsonLines((await pagetrail([...args, '--json'])).out)
  expect(lines[1]).toMatchObject({ type: 'leaf', level: 'pmd', va: '0xffff8000c0200000' })
  expect(lines).toHaveLength(3)
})

test.each([
  [['1', '--at', '999'], 'has no event 999'],
  [['1', '--range', '5'], 'It must be two addresses'],
  [['1', '--range', '5-3'], 'ends before it begins'],
  [['1', '--range', 'a-b'], 'It must be an address'],
])('refuses %j', async (args, message) => {
  const { status, err } = await pagetrail(['state', ...args, '--db', await db()])
  expect(status).toBe(2)
  expect(err).toContain(message)
})
