import { expect, test } from 'vitest'
import { session } from '../../support/session.ts'
import { twoOwners } from '../../support/two-owners.ts'

type Session = Awaited<ReturnType<typeof session>>

async function filtered(s: Session, text: string): Promise<string> {
  s.keys('/')
  s.type(text)
  s.keys('enter')
  await s.settled()
  return s.screen()
}

test('findings are filtered by words: rule, message, or what happened at an event of the proof', async () => {
  const s = await session({ calls: 8, columns: 140 })
  s.keys('c')
  await s.settled()
  const all = s.screen()
  expect(all).toMatch(/\d+ findings by/)
  const some = await filtered(s, 'flush-missing 0xffff800080004')
  expect(some).toMatch(/; \d+ of \d+ with flush-missing 0xffff800080004/)
  expect(some).toContain('call 2:')
  expect(some).not.toContain('call 0:')
  s.keys('x')
  expect(s.screen()).toBe(all)
  expect(await filtered(s, 'no such thing')).toContain('nothing here has no such thing; x drops')
  s.keys('backspace')
  expect(s.screen()).toBe(all)
  await s.end()
})

test('an expression keeps findings that name an event which it lets through', async () => {
  const s = await twoOwners(120, 36)
  s.keys('c')
  await s.settled()
  const shown = await filtered(s, 'cpu == 1 && kind == desc_write')
  expect(shown).toContain('lost-update')
  const named = [...shown.matchAll(/#(\d+) c1 .*pte write/g)]
  expect(named.length).toBeGreaterThan(0)
  expect(await filtered(s, 'kind == livelock')).toContain('nothing here has kind == livelock')
  s.keys('/')
  s.type('cpu === 1')
  s.keys('enter')
  expect(s.model().message?.bad).toBe(true)
  expect(s.model().prompt?.text).toContain('cpu === 1')
  await s.end()
})

test('the steps of Why are filtered, its way down stays', async () => {
  const s = await session({ calls: 8 })
  s.type(':148')
  s.keys('enter')
  await s.settled()
  s.type(':4')
  s.keys('enter')
  await s.settled()
  s.keys('w')
  await s.settled()
  const all = s.screen()
  const steps = [...all.matchAll(/#\d+/g)].length
  expect(steps).toBeGreaterThan(0)
  const shown = await filtered(s, 'seq == 4')
  expect(shown).toMatch(/1 of \d+ with seq == 4/)
  await s.end()
})

test('n goes to the next place of a page however far it is', async () => {
  const s = await session({ calls: 40, rows: 24 })
  s.keys('c')
  await s.settled()
  const { cursor } = s.replay().findings
  s.keys('n')
  expect(s.replay().findings.cursor).toBeGreaterThan(cursor)
  s.keys('N')
  expect(s.replay().findings.cursor).toBe(cursor)
  await s.end()
})

test('words are found while they are typed, with their number; n and N go on, Esc goes back, x drops them', async () => {
  const s = await session({ calls: 40, rows: 24 })
  s.keys('c')
  await s.settled()
  const before = s.replay().findings
  s.keys('f')
  s.type('remed')
  expect(s.screen()).toMatch(/find remed 1 of \d+ matches/)
  expect(s.screen()).toMatch(/▶ +remedy: /)
  s.type('zzz')
  expect(s.screen()).toContain('find remedzzz no match')
  s.keys('esc')
  expect(s.replay().findings).toMatchObject({ cursor: before.cursor, find: null })
  s.keys('f')
  s.type('CALL')
  s.keys('enter')
  const first = s.replay().findings.cursor
  s.keys('n')
  expect(s.screen()).toMatch(/find CALL 3 of \d+ matches/)
  s.keys('N')
  expect(s.replay().findings.cursor).toBe(first)
  s.keys('N', 'N')
  expect(s.model().message?.text).toBe('no match before this line')
  s.keys('x')
  expect(s.screen()).not.toContain('find CALL')
  await s.end()
})
