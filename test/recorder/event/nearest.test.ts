import { expect, test } from 'vitest'

import { didYouMean, InputError, nearest } from '@pagetrail/recorder'

test.each([
  ['lvel', 'level'],
  ['desc_wriet', 'desc_write'],
  ['Level', 'level'],
  ['xyzzy', undefined],
  ['', undefined],
])('nearest to %s is %s', (wanted, name) => {
  expect(nearest(wanted, ['level', 'desc_write', 'desc_read', 'cpu'])).toBe(name)
})

test('a hint continues a sentence, or is nothing', () => {
  expect(didYouMean('lvel', ['level'])).toBe(', did you mean level?')
  expect(didYouMean('lvel', [])).toBe('')
})

test('an error is told of a place without losing its cause', () => {
  const error = new InputError('no such thing')
  expect(error.at('a.txt:3').message).toBe('a.txt:3: no such thing')
  expect(error.at('a.txt:3').cause).toBe(error)
})
