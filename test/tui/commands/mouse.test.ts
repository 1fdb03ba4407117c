import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeSample } from '../../support/sample-trace.ts'
import { session, sessionOn } from '../../support/session.ts'

/** The line of the screen on which this is read. */
const lineOf = (screen: string, text: string | RegExp): number =>
  screen.split('\n').findIndex((line) => line.search(text) >= 0)

test.each([
  [120, 36],
  [80, 24],
] as const)(
  'a click in a comparison goes to its row, the wheel scrolls, at %i×%i',
  async (w, h) => {
    const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'two.db')
    await writeSample(db, 10, { label: 'old' }, true)
    await writeSample(db, 10, { label: 'new' })
    const s = await sessionOn(db, null, w, h)
    s.keys('m', 'j', 'd')
    await s.settled()
    const y = lineOf(s.screen(), /-\s+5 .*dsb ishst/)
    s.mouse('click', 0, 10, y)
    expect(lineOf(s.screen(), '▶')).toBe(y)
    const at = s.model().diff?.cursor ?? 0
    s.mouse('wheel', 1, 10, 10)
    expect(s.model().diff?.cursor).toBe(at + 3)
    s.mouse('click', 0, 10, 1)
    s.mouse('click', 0, 10, h - 2)
    expect(s.model().diff?.cursor).toBe(at + 3)
    await s.end()
  },
)

test('a click on a result goes to its row, one on the query edits it', async () => {
  const s = await session({ calls: 40 })
  s.keys('s')
  s.type('select seq from tlb_flush where run = 1 order by seq')
  s.keys('enter')
  await s.settled()
  const y = lineOf(s.screen(), / 78 /)
  s.mouse('click', 0, 10, y)
  expect(s.screen().split('\n')[y]).toContain('▶ 78')
  s.mouse('wheel', -1, 10, 10)
  expect(s.model().sql.cursor).toBe(0)
  s.mouse('click', 0, 10, 3)
  expect(s.model().prompt?.kind).toBe('sql')
  s.mouse('click', 0, 10, y)
  expect(s.model().prompt).toBeNull()
  expect(s.model().sql.cursor).toBe(3)
  await s.end()
})
