import { expect, test } from 'vitest'
import { eventFields } from '@pagetrail/recorder'
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

test('the fields: descriptors taken apart, nothing that steers the terminal', () => {
  const fields = new Map(eventFields(event!, null))
  expect(fields.get('val')).toMatch(/^0x68000500040703 {2}page 0x500040000 rw- /)
  expect(fields.get('fn')).toContain(String.raw`evil\x1b[2J`)
  expect(fields.get('time')).toBe('+1234567 ns')
  expect(fields.has('set')).toBe(false)
})
