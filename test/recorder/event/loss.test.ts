import { expect, test } from 'vitest'

import { mayBeEvent } from '../../../packages/recorder/src/event/loss.ts'
import { Script } from '../check/script.ts'

const LINE =
  '          insmod-254     [001] d..1.    27.489618: vfree_ret: (x+0x1/0x2 <- vfree) addr=0x80 ret=0'

test('each piece of an event that a blank cuts off may be of one', () => {
  const cuts = [...LINE.matchAll(/(?<=\S) (?=.*\S)/g)].map(({ index }) => index)
  const pieces = cuts.flatMap((at) => [LINE.slice(0, at), LINE.slice(at + 1)])
  expect(pieces.length).toBeGreaterThan(10)
  expect(pieces.filter((piece) => !mayBeEvent(piece))).toEqual([])
})

test('near misses: a prompt, words of a mail, no text at all', () => {
  for (const text of [
    'root@host:/sys/kernel/tracing# cat trace',
    'Hi all, this is what I saw:',
    null,
  ])
    expect(mayBeEvent(text)).toBe(false)
})

const found = (text: string) =>
  new Script({ flavour: '7.3' })
    .begin('f', null)
    .lazyEnter()
    .add('unreadable', { line: 3, reason: 'expected a time', text })
    .end('f')
    .check('lazy-unbalanced').length

test('a rule does not decide behind a line that may have been an event', () => {
  expect(found('    [001] d....    22.790904: lazy_leave__f: (f+0x1/0x2) count=0')).toBe(0)
  expect(found('root@host:~# ')).toBeGreaterThan(0)
})
