import { createGeometry } from '@pagetrail/engine'
import { eventText, eventWords, fieldValues, KIND_NAMES } from '@pagetrail/recorder'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventOfKind } from '../../support/events.ts'
import { eventsOf } from '../../support/sample-run.ts'

const textOf = (draft: Parameters<typeof eventsOf>[0][number], geometry = null) =>
  eventText(eventsOf([draft])[0]!, geometry)

const RW = '0x68000040000703'
const VA = '0xffff800080000000'

test.each(KIND_NAMES)('%s: one sign, words, and nothing that a terminal would act on', (kind) => {
  fc.assert(
    fc.property(eventOfKind(kind), (event) => {
      const { mark, what, detail } = eventWords(event, null)
      expect(mark).toHaveLength(1)
      expect(what + detail).toMatch(/^[\x20-\x7e→]*$/)
      expect(what + detail).not.toContain('undefined')
    }),
    { numRuns: 20 },
  )
})

test.each([
  ['0x60000040000783', '◆ pte write 0xffff800080000000 +RDONLY -DBM'],
  [RW, '◇ pte write 0xffff800080000000 same'],
  ['0x0', '◆ pte write 0xffff800080000000 rw- → none'],
])('a store of %s', (now, text) => {
  expect(textOf({ kind: 'desc_write', level: 'pte', va: VA, old: RW, new: now })).toBe(text)
})

test('a change of address alone, where bits 9:8 belong to it', () => {
  const lpa2 = createGeometry({ page_shift: 12, va_bits: 52 })
  const [event] = eventsOf([
    { kind: 'desc_write', level: 'pte', va: VA, old: '0xe8000000123403', new: '0xe8000000123703' },
  ])
  expect(eventText(event!, lpa2)).toBe('◆ pte write 0xffff800080000000 0x123000 → 0xc000000123000')
  expect(eventText(event!, null)).toBe('◆ pte write 0xffff800080000000 non-shareable → inner')
})

test('masks by the names of their bits', () => {
  const end = '0xffff800080001000'
  const masks = { set: '0x80', clear: '0x8000000000000' }
  const draft = { kind: 'cb_enter', level: 'pte', fn: 'pageattr_pte_entry', va: VA, end } as const
  expect(textOf({ ...draft, ...masks })).toBe(
    '▾ pte pageattr_pte_entry 0xffff800080000000 +1p set RDONLY clear DBM',
  )
  expect(textOf({ ...draft, set: '0x1c', clear: '0x0' })).toContain('set 0x1c clear 0x0')
})

test('what a producer says is said in words, and never as JSON', () => {
  const fields = { mask: '0x100000000', sizes: [1, 2], inner: { on: true, off: null } }
  expect(textOf({ kind: 'ftrace', event: 'module_load', fields })).toBe(
    '· module_load mask 0x100000000, sizes 1, 2, inner on true, off unknown',
  )
  const call = { kind: 'op_begin', fn: 'set_memory_ro', va: VA, end: VA, args: { numpages: 3 } }
  const values = new Map(fieldValues(eventsOf([call])[0]!))
  expect(values.get('args')).toBe('numpages 3')
})
