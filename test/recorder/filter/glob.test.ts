import Sqlite from 'better-sqlite3'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { globMatcher } from '../../../packages/recorder/src/filter/glob.ts'

test.each([
  ['set_*', 'set_memory_ro', true],
  ['set_*', 'Set_memory_ro', false],
  ['*_r[ow]', 'set_memory_rw', true],
  ['[^s]*', 'set_memory_rw', false],
  ['a.c', 'abc', false],
  ['[]]', ']', true],
  ['[a', '[a', false],
  ['?', 'é', true],
])('%s on %s: %s', (pattern, text, matches) => {
  expect(globMatcher(pattern)(text)).toBe(matches)
})

test('matches what GLOB of SQLite matches', () => {
  const db = new Sqlite(':memory:')
  const glob = db.prepare<[string, string], number>('select ? glob ?').pluck()
  const part = fc.constantFrom('a', 'b', '-', '[', ']', '^', '*', '?', '\\', '.', 'z')
  const texts = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(texts, texts, (text, pattern) => {
      expect(globMatcher(pattern)(text)).toBe(glob.get(text, pattern) === 1)
    }),
    { numRuns: 5000 },
  )
  db.close()
})
