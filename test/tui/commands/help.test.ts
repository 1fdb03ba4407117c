import { expect, test } from 'vitest'
import { BINDINGS, keyGlyph } from '../../../packages/tui/src/commands/keys.ts'
import { session } from '../../support/session.ts'

test('a line of the help does what it says: ⏎ on it is like its key', async () => {
  const s = await session({ calls: 8 })
  s.keys('?')
  s.type('timeline')
  expect(s.screen()).toMatch(/▶ z +the run as a timeline/)
  s.keys('enter')
  await s.settled()
  expect(s.model().help).toBeNull()
  expect(s.model().screen).toBe('timeline')
  await s.end()
})

test('the cursor of the help goes from key to key and stays in sight', async () => {
  const s = await session({ calls: 8, columns: 80, rows: 24 })
  s.keys('?')
  const seen = new Set<string>()
  for (let i = 0; i < 90; i++) {
    const line = s
      .screen()
      .split('\n')
      .find((text) => text.includes('┃ ▶ '))
    expect(line, `after ${i} keys`).toBeDefined()
    seen.add(line ?? '')
    s.keys('down')
  }
  expect(seen.size).toBeGreaterThan(60)
  for (let i = 0; i < 12; i++) s.keys('pageup')
  expect(s.screen()).toMatch(/┃ replay .*\n.*┃ ▶ \] /)
  s.type('no key has this')
  expect(s.screen()).toContain('no key of this screen does that')
  s.keys('enter')
  expect(s.model().help).toBeNull()
  await s.end()
})

test('every sentence of the help can be read whole on 80 columns', () => {
  for (const { help, keys } of BINDINGS) {
    expect(help.length, help).toBeLessThanOrEqual(61)
    expect(keys.map((key) => keyGlyph(key)).join(' ').length, help).toBeLessThanOrEqual(10)
  }
})
