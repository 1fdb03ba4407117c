import { expect, test } from 'vitest'

import {
  joined,
  type Stretch,
  without,
} from '../../../packages/recorder/src/observers/stretches.ts'

const stretch = (start: number, end: number, harm: Stretch['harm'] = 'too-much'): Stretch => ({
  start,
  end,
  harm,
})

test.each<[string, Stretch[], Stretch[]]>([
  ['those that touch', [stretch(2, 4), stretch(0, 2)], [stretch(0, 4)]],
  ['those that overlap', [stretch(0, 3), stretch(1, 2), stretch(2, 5)], [stretch(0, 5)]],
  ['not those with a page between', [stretch(0, 1), stretch(2, 3)], [stretch(0, 1), stretch(2, 3)]],
  [
    'not those of another harm',
    [stretch(0, 1), stretch(1, 2, 'too-little')],
    [stretch(1, 2, 'too-little'), stretch(0, 1)],
  ],
])('joined are %s', (_, given, expected) => {
  expect(joined(given)).toEqual(expected)
})

test('what is left of a stretch when others are taken out', () => {
  const whole = [stretch(0, 10)]
  expect(without(whole, [stretch(2, 4), stretch(4, 5), stretch(9, 12)])).toEqual([
    stretch(0, 2),
    stretch(5, 9),
  ])
  expect(without(whole, [stretch(0, 10)])).toEqual([])
  expect(without(whole, [stretch(10, 12), stretch(0, 10, 'wrong-place')])).toEqual(whole)
})
