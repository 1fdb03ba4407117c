import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  Batch,
  eventFromJson,
  eventToJson,
  InputError,
  KIND_NAMES,
  openTrace,
  putEvent,
  verify,
} from '@pagetrail/recorder'
import type { Json, TraceEvent } from '@pagetrail/recorder'

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
    [[], 'an event is a JSON object'],
  ])('refuses %j', (json, message) => {
    expect(() => eventFromJson(json as never)).toThrow(InputError)
    expect(() => eventFromJson(json as never)).toThrow(message)
  })
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
  const trace = await openTrace(':memory:', { mode: 'write' })
  fc.assert(
    fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 200 }), (events) => {
      const writer = trace.startRun(
        { label: 'x', source: 'jsonl', created: 0 },
        { batchEvents: 64 },
      )
      for (const event of events) writer.append(event)
      writer.finish('complete')
      const back = [...trace.source(trace.find(-1)).events()]
      expect(back).toEqual(events.map((event, seq) => Object.assign({}, event, { seq })))
    }),
    { numRuns: 30 },
  )
  expect(verify(trace).problems).toEqual([])
  trace.close()
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
