import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  Batch,
  eventFromJson,
  eventToJson,
  fieldsOf,
  InputError,
  KIND_NAMES,
  openRuns,
  putEvent,
  verify,
} from '@pagetrail/recorder'
import type { Json, TraceEvent } from '@pagetrail/recorder'

import { FRAME_NAMES } from '../../../packages/recorder/src/event/codec.ts'
import { isFreeName } from '../../../packages/recorder/src/event/kinds.ts'
import { anyEvent, eventOfKind } from '../../support/events.ts'

const DESC_WRITE = {
  seq: 3,
  cpu: 0,
  op: 0,
  kind: 'desc_write',
  level: 'pte',
  va: '0xffff000100040000',
  old: '0xe8000500040703',
  new: '0xe0000500040783',
}

const TLBI = {
  seq: 0,
  cpu: 0,
  op: null,
  kind: 'tlbi',
  insn: 'rvaale1is',
  va: '0xffff000100040000',
  pages: 64,
  scale: 1,
  num: 0,
}

test('no field of a kind has a name of the frame around it', () => {
  for (const kind of KIND_NAMES) {
    const names = fieldsOf(kind).map(([name]) => name)
    expect(names.filter((name) => FRAME_NAMES.includes(name) || isFreeName(name))).toEqual([])
  }
})

test('what an event had in files of 0.1 is read by the name that it has now', () => {
  const dsb = { seq: 0, cpu: 0, op: null, kind: 'dsb' }
  const event = eventFromJson({ ...dsb, type: 'ish' })
  expect(event).toMatchObject({ kind: 'dsb', scope: 'ish' })
  expect(eventToJson(event)).toEqual({ ...dsb, scope: 'ish' })
  expect(() => eventFromJson({ ...dsb, type: 'ish', scope: 'ish' })).toThrow(
    'dsb has no field type',
  )
})

test('an address may stand without 0x, as ftrace and oops texts print it', () => {
  const event = eventFromJson({ ...DESC_WRITE, va: 'ffff800080000000' })
  expect(event).toMatchObject({ va: 0xffff800080000000n })
})

test('a producer says where it stands, and more by names of its own', () => {
  const json = { ...DESC_WRITE, src: 'mmu.c:12', x_pc: '0xffff800080001234', x_deep: [1, { a: 2 }] }
  const event = eventFromJson({ ...json, x_unknown: null })
  expect(event).toMatchObject({ src: 'mmu.c:12', free: { x_pc: '0xffff800080001234' } })
  expect(eventToJson(event)).toEqual(json)
})

describe('JSON', () => {
  test.each(KIND_NAMES)('%s survives the way out and back', (kind) => {
    fc.assert(
      fc.property(eventOfKind(kind), (event) => {
        const text = JSON.stringify(eventToJson(event))
        expect(eventFromJson(JSON.parse(text))).toEqual({ ...event, nest: 0 })
      }),
      { numRuns: 30 },
    )
  })

  test('is the corpus form, key for key', () => {
    expect(JSON.stringify(eventToJson(eventFromJson(DESC_WRITE)))).toBe(JSON.stringify(DESC_WRITE))
  })

  test('keeps the valid and type bits of a descriptor', () => {
    const event = eventFromJson({ ...DESC_WRITE, new: '0xe8000041a83783' })
    expect(event).toMatchObject({ new: 0x00e8_0000_41a8_3783n })
  })

  test.each([
    [{ ...DESC_WRITE, va: 'ffff8000' }, 'desc_write.va: "ffff8000" is not a 64-bit value'],
    [{ ...DESC_WRITE, va: 5 }, 'desc_write.va: 5 is not a 64-bit value'],
    [{ ...DESC_WRITE, va: '0x1ffffffffffffffff' }, 'desc_write.va: '],
    [
      { ...DESC_WRITE, level: 'ptee' },
      'desc_write.level: "ptee" is not a page-table level, did you mean pte?',
    ],
    [{ ...DESC_WRITE, olf: '0x0' }, 'desc_write has no field olf, did you mean old?'],
    [{ ...DESC_WRITE, old: undefined }, 'desc_write lacks old; write null where it is unknown'],
    [{ ...DESC_WRITE, seq: -1 }, 'seq has to be a whole number'],
    [{ ...DESC_WRITE, kind: 'desc_wriet' }, 'unknown kind desc_wriet, did you mean desc_write?'],
    [{ seq: 0 }, 'an event without kind'],
    [{ ...DESC_WRITE, 'x_a b': 1 }, 'desc_write has no field x_a b'],
    [{ ...DESC_WRITE, file: 'a.c' }, 'desc_write has no field file; a field of your own begins'],
    [{ ...DESC_WRITE, src: 5 }, 'src has to be a string, got 5'],
    [{ ...TLBI, pages: 65 }, 'tlbi covers 65 pages by its pages, 64 by scale 1 and num 0'],
    [{ ...TLBI, num: 32 }, 'tlbi has scale 1 and num 32; they go to 3 and 31'],
    [[], 'an event is a JSON object'],
  ])('refuses %j', (json, message) => {
    expect(() => eventFromJson(json as never)).toThrow(InputError)
    expect(() => eventFromJson(json as never)).toThrow(message)
  })
})

test('JSON too deep to be read again is refused', () => {
  const deep = JSON.parse('['.repeat(5000) + ']'.repeat(5000)) as Json
  const note = { seq: 0, cpu: 0, op: null, kind: 'note', text: deep }
  expect(() => eventFromJson(note)).toThrow('note.text: its JSON is nested more than 100 deep')
  const store = { ...DESC_WRITE, x_deep: deep }
  expect(() => eventFromJson(store)).toThrow('its JSON is nested more than 100 deep')
})

test('whatever JSON an importer meets is an event or an InputError', () => {
  const kind = fc.constantFrom(...KIND_NAMES)
  const keys = fc.constantFrom(
    'seq',
    'cpu',
    'op',
    'va',
    'end',
    'level',
    'fn',
    'ret',
    'args',
    'ts',
    'task',
    '__proto__',
  )
  const any = fc.oneof(
    fc.jsonValue(),
    fc
      .record({ kind, rest: fc.dictionary(keys, fc.jsonValue()) })
      .map(({ kind, rest }) => Object.assign(rest, { kind })),
  )
  fc.assert(
    fc.property(any, (value) => {
      const json = JSON.parse(JSON.stringify(value)) as Json
      try {
        expect(eventToJson(eventFromJson(json))).toBeTypeOf('object')
      } catch (error) {
        if (!(error instanceof InputError)) throw error
      }
    }),
    { numRuns: 3000 },
  )
})

test('an event of any kind comes back from the database as it was', async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  fc.assert(
    fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 200 }), (events) => {
      const writer = runFile.startRun(
        { label: 'x', source: 'jsonl', created: 0 },
        { batchEvents: 64, nesting: 'keep' },
      )
      for (const event of events) writer.append(event)
      writer.finish('complete')
      const back = [...runFile.source(runFile.find(-1)).events()]
      expect(back).toEqual(events.map((event, seq) => Object.assign({}, event, { seq })))
    }),
    { numRuns: 30 },
  )
  expect(verify(runFile).problems).toEqual([])
  runFile.close()
})

describe('batch', () => {
  test('takes back an event whose values do not fit', () => {
    const batch = new Batch(4)
    const event = eventFromJson(DESC_WRITE)
    const wrong = { ...event, new: -1n } as TraceEvent
    expect(() => putEvent(batch, wrong, () => 0)).toThrow('desc_write.new: -1n is not an unsigned')
    expect(batch.length).toBe(0)
    expect(batch.words.every((word) => word === 0)).toBe(true)
  })
})
