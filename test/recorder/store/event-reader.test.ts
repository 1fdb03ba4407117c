import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { eventFromJson, openRuns, parseFilter, toPredicate, toSql } from '@pagetrail/recorder'
import type { RunFile, TraceEvent } from '@pagetrail/recorder'

import { append, callEvents, META } from '../../support/call-events.ts'

/** 60 calls in batches of 20, with a warning in the middle and at the end: two rare events. */
const EVENTS: TraceEvent[] = callEvents(60)
for (const seq of [301, 599]) {
  const warn = { seq, cpu: 0, op: 0, kind: 'warn', fn: 'x', once: true, fired: true, nest: 1 }
  EVENTS[seq] = eventFromJson(warn)
}
let runFile: RunFile
beforeAll(async () => {
  runFile = await openRuns(':memory:', { mode: 'write' })
  runFile.startRun(META).finish('complete')
  const writer = runFile.startRun(META, { batchEvents: 20 })
  append(writer, EVENTS)
  writer.finish('complete')
  const after = runFile.startRun(META)
  append(after, callEvents(1))
  after.finish('complete')
})
afterAll(() => runFile.close())

const run = () => runFile.find(2)
const seqs = (events: readonly TraceEvent[]) => events.map((event) => event.seq)

describe('a page', () => {
  test('begins where it is asked to and ends with the run', () => {
    expect(seqs(runFile.readPage(run(), { from: 5, limit: 3 }))).toEqual([5, 6, 7])
    expect(seqs(runFile.readPage(run(), { from: 598, limit: 30 }))).toEqual([598, 599])
    expect(runFile.readPage(run(), { from: 600, limit: 3 })).toEqual([])
    expect(seqs(runFile.readPage(run(), { from: 5, limit: 30, to: 7 }))).toEqual([5, 6, 7])
  })

  test('backward holds the last events up to its start, in order', () => {
    expect(seqs(runFile.readPage(run(), { from: 7, limit: 3, backward: true }))).toEqual([5, 6, 7])
    expect(seqs(runFile.readPage(run(), { from: 1, limit: 5, backward: true }))).toEqual([0, 1])
    expect(seqs(runFile.readPage(run(), { from: 99_999, limit: 2, backward: true }))).toEqual([
      598, 599,
    ])
    expect(seqs(runFile.readPage(run(), { from: 7, limit: 9, backward: true, to: 6 }))).toEqual([
      6, 7,
    ])
  })

  test('holds what the filter accepts', () => {
    const where = toSql(parseFilter('kind == warn'))
    expect(seqs(runFile.readPage(run(), { from: 0, limit: 9, where }))).toEqual([301, 599])
    expect(seqs(runFile.readPage(run(), { from: 302, limit: 9, where }))).toEqual([599])
    expect(seqs(runFile.readPage(run(), { from: 598, limit: 9, where, backward: true }))).toEqual([
      301,
    ])
    expect(runFile.readPage(run(), { from: 302, to: 598, limit: 9, where })).toEqual([])
  })
})

test('all of a run, and a part of it', () => {
  const source = runFile.source(run())
  expect([...source.events()]).toEqual(EVENTS)
  expect([...source.events(20, 25)]).toEqual(EVENTS.slice(20, 26))
  expect([...source.events()]).toEqual([...source.events()])
})

const TEXTS = [
  'kind == warn',
  'kind == warn || kind == op_end',
  'kind == gap',
  '!(kind == barrier)',
  'kind ~ "op_*" && cpu == 1',
  'fn == x',
  'once == true || ret == 0',
  'kind != desc_write',
  'va & 0x1000',
  '',
  'kind ~ nothing',
]

test('pages put together are the run filtered, forward and backward, from anywhere', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...TEXTS),
      fc.nat(620),
      fc.nat(620),
      fc.integer({ min: 1, max: 50 }),
      fc.boolean(),
      (text, from, to, limit, backward) => {
        const filter = parseFilter(text)
        const accepts = toPredicate(filter)
        const [low, high] = backward ? [to, from] : [from, to]
        const all = EVENTS.filter(
          (event) => event.seq >= low && event.seq <= high && accepts(event),
        )
        const page = runFile.readPage(run(), { from, to, limit, backward, where: toSql(filter) })
        expect(page).toEqual(backward ? all.slice(-limit) : all.slice(0, limit))
      },
    ),
    { numRuns: 500 },
  )
})
