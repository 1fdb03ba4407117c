import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { session } from '../../support/session.ts'

test('a query is typed, run, and a row with a seq opens its event', async () => {
  const s = await session({ calls: 40 })
  s.keys('s')
  s.type('select seq, va from tlb_flush where run = 1 order by seq')
  s.keys('enter')
  await s.settled()
  expect(s.screen()).toMatch(/▶ 18 +0xffff800080000000/)
  expect(s.screen()).toContain('1 of 40 rows')
  s.keys('j', 'enter')
  await s.settled()
  expect(s.model().screen).toBe('replay')
  expect(s.cursor()).toBe(38)
  s.keys('q')
  expect(s.model().screen).toBe('sql')
  await s.end()
})

test('what is wrong with a query is said, and the query is kept to be corrected', async () => {
  const s = await session({ calls: 4 })
  s.keys('s')
  s.type('select * from descwrite')
  s.keys('enter')
  await s.settled()
  expect(s.screen()).toMatch(/there is no table descwrite.*desc_write/)
  s.keys('i')
  expect(s.model().prompt?.text).toBe('select * from descwrite')
  await s.end()
})

test('Tab offers the ready queries in an empty editor, ↑ the ones run before', async () => {
  const s = await session({ calls: 4 })
  s.keys('s', 'tab')
  expect(s.model().prompt?.text).toBe('select * from run')
  s.keys('tab', 'tab')
  expect(s.model().prompt?.text).toMatch(/ 1\b/)
  s.keys('ctrl+u', 'ctrl+k')
  s.type('select 1 as one')
  s.keys('enter')
  await s.settled()
  s.keys('i', 'ctrl+u', 'up')
  expect(s.model().prompt?.text).toBe('select 1 as one')
  await s.end()
})

test('the result is exported as CSV', async () => {
  const s = await session({ calls: 4 })
  const file = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'out.csv')
  s.keys('s')
  s.type("select 7 as n, 'a,b' as t")
  s.keys('enter')
  await s.settled()
  s.keys('e', 'ctrl+u')
  s.type(file)
  s.keys('enter')
  await s.settled()
  expect(readFileSync(file, 'utf8')).toBe('n,t\r\n7,"a,b"\r\n')
  await s.end()
})

test.each([
  [80, 24],
  [60, 15],
] as const)(
  'at %i×%i the ready queries leave the status and the keys to be seen',
  async (columns, rows) => {
    const s = await session({ calls: 1, columns, rows })
    s.keys('s')
    await s.settled()
    const lines = s.screen().split('\n')
    expect(lines.at(-2)).toContain('Tab: ready queries')
    expect(lines.at(-1)).toContain('Esc cancel')
    expect(s.screen()).toMatch(/─ \d+ of \d+ ─┘/)
    await s.end()
  },
)
