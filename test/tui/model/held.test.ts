import { expect, test } from 'vitest'
import { session } from '../../support/session.ts'

test('a key typed before its rows are here is about them, and the keys behind it wait in turn', async () => {
  const s = await session({ calls: 500 })
  s.type(':5008')
  s.keys('enter', 'i', 'j')
  const waiting = { text: 'waiting for the rows: Esc drops the keys', bad: false }
  expect(s.model()).toMatchObject({ message: waiting, screen: 'replay' })
  expect(s.replay().view.filters).toEqual([])
  await s.settled()
  // What stands at 5008, not at the start.
  expect(s.replay().view.filters).toEqual(['kind == desc_write'])
  expect(s.cursor()).toBe(5_012)
  expect(s.model()).toMatchObject({ held: null, message: null })
  await s.end()
})

test('the page of a key that had to wait is of the event that was gone to', async () => {
  const s = await session({ calls: 500 })
  s.type(':5008')
  s.keys('enter', 'w')
  await s.settled()
  await s.settled()
  expect(s.model().screen).toBe('why')
  expect(s.screen()).toContain('#5008')
  await s.end()
})

test('Esc drops the keys that wait', async () => {
  const s = await session({ calls: 500 })
  s.type(':5008')
  s.keys('enter', 'w', 'esc')
  expect(s.model()).toMatchObject({ held: null, message: { text: 'the keys are dropped' } })
  await s.settled()
  expect(s.model().screen).toBe('replay')
  await s.end()
})
