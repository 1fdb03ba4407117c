import { expect, test } from 'vitest'
import { matches } from '../../../packages/tui/src/commands/palette.ts'
import { session } from '../../support/session.ts'
import { twoOwners } from '../../support/two-owners.ts'

test('address, descriptor, event and row are copied as they are printed', async () => {
  const s = await session({ calls: 4 })
  s.keys('j', 'j', 'j', 'j', 'C', 'D')
  expect(s.said).toEqual(['0xffff800080000000', '0x60000040000783'])
  s.keys('Y')
  expect(JSON.parse(s.said[2] ?? '')).toMatchObject({ kind: 'desc_write', seq: 4 })
  s.keys('g')
  await s.settled()
  s.keys('D')
  expect(s.model().message?.text).toBe('this event has no descriptor')
  await s.end()
})

test('a finding is copied as Markdown', async () => {
  const s = await twoOwners(120, 36)
  s.keys('c', 'y')
  const [text = ''] = s.said
  expect(text).toMatch(/^\*\*error: [\w-]+ \(H\d+\), 1 finding\*\* in run 1 two-owners/)
  expect(text).toMatch(/\n {2}- #\d+ c\d /)
  expect(text).toContain('remedy: ')
  expect(text).not.toContain('undecided')
  await s.end()
})

test('the palette finds commands by words in any order, and by what the footer calls them', async () => {
  const s = await session({ calls: 4 })
  s.type(':entry same')
  s.keys('enter')
  await s.settled()
  expect(s.cursor()).toBe(2)
  await s.end()
})

const first = (text: string) => matches(text, 'replay')[0]?.id

test('a word is found by some of its letters, but not by letters of several words', async () => {
  expect(first('nxt mrk')).toBe('mark.next')
  expect(first('tmln')).toBe('timeline')
  expect(first('chec')).toBe('findings')
  // "back to the previous place" has these letters in order.
  expect(matches('chec', 'runs')).toEqual([])
  const s = await session({ calls: 4, open: false })
  s.type(':chec')
  s.keys('enter')
  expect(s.model().message?.text).toBe('no command matches chec: ? lists them')
  await s.end()
})
