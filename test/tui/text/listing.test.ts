import { expect, test } from 'vitest'
import { eventLine } from '../../../packages/tui/src/text/listing.ts'
import { bare } from '../../../packages/tui/src/text/paint.ts'
import { eventsOf } from '../../support/sample-run.ts'

const [event] = eventsOf([
  {
    kind: 'cb_enter',
    level: 'pte',
    fn: 'evil\x1b[2J',
    va: '0xffff8000c0000000',
    end: '0xffff8000c0001000',
    val: '0x68000500040703',
    ts: 1_234_567,
    task: 'sh-1',
  },
])

test('a line: number, CPU, time where there is a clock, then the event at its depth', () => {
  const listing = { seqWidth: 4, timed: true, geometry: null, paint: bare }
  const line = eventLine({ ...event!, nest: 2 }, listing)
  expect(line).toMatch(/^ {3}0 0 {2}\+0\.001235 {6}▾ pte evil\\x1b\[2J 0xffff8000c0000000 \+1p/)
  expect(eventLine(event!, { ...listing, timed: false })).toMatch(/^ {3}0 0 {2}▾ /)
})
