import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  bindingsOf,
  commandFor,
  keysDocument,
  type Place,
} from '../../../packages/tui/src/commands/keys.ts'

const SCREENS: readonly Place[] = ['runs', 'replay', 'diff', 'sql', 'findings', 'why']

test('docs/tour.md lists the keys that there are', () => {
  expect(readFileSync('docs/tour.md', 'utf8')).toContain(keysDocument())
})

test.each(SCREENS)('no key means two things on the screen %s', (screen) => {
  const own = bindingsOf(screen).filter((b) => b.place === screen)
  const keys = own.flatMap((b) => b.keys)
  expect(keys).toEqual([...new Set(keys)])
})

test.each(SCREENS)('the screen %s can be left, helped with and searched for commands', (screen) => {
  expect(commandFor(screen, 'q')).toBe('back')
  expect(commandFor(screen, '?')).toBe('help')
  expect(commandFor(screen, ':')).toBe('palette')
})
