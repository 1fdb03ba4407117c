import {
  JsonlParser,
  jsonlChunks,
  memorySource,
  type RunHeader,
  type TraceEvent,
} from '@pagetrail/recorder'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyEvent, inOrder } from '../../support/events.ts'
import { eventsOf, initOf, SAMPLE_RUN, setMemoryRo } from '../../support/sample-run.ts'

interface Read {
  header: RunHeader
  events: TraceEvent[]
  complete: boolean | null
}

function read(text: string): Read[] {
  const runs: Read[] = []
  const parser = new JsonlParser('x.jsonl', {
    run: (header) => runs.push({ header, events: [], complete: null }),
    event: (event) => runs.at(-1)!.events.push(event),
    end: (complete) => (runs.at(-1)!.complete = complete),
  })
  for (const line of text.split('\n')) parser.line(line)
  parser.end()
  return runs
}

const written = (events: readonly TraceEvent[], run = SAMPLE_RUN): string =>
  [...jsonlChunks(memorySource(run, events))].join('')

test('any run comes back event for event', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 30 }), (list) => {
      const events = list.map((event, seq) => ({ ...event, seq }))
      const [run, ...others] = read(written(events))
      expect(others).toEqual([])
      expect(run!.events).toEqual(events)
      expect(run!.complete).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('the header keeps what is known of the run', () => {
  const run = { ...SAMPLE_RUN, t0: (1n << 62n) + 1n, lost: 3, state: 'interrupted' as const }
  const { id: _id, events: _events, calls: _calls, ...kept } = run
  expect(read(written([], run))[0]!.header).toEqual(kept)
})

test('several runs follow each other in one file', () => {
  const runs = read(written(eventsOf(setMemoryRo(1))) + written(eventsOf(setMemoryRo(2))))
  expect(runs.map(({ events }) => events.length)).toEqual([13, 17])
})

test('a file cut anywhere gives the prefix, marked incomplete', () => {
  const text = written(eventsOf(setMemoryRo(2)))
  const lines = text.trimEnd().split('\n')
  for (let keep = 1; keep < lines.length; keep++) {
    const [run] = read(lines.slice(0, keep).join('\n'))
    expect(run).toMatchObject({ complete: false })
    expect(run!.events).toHaveLength(keep - 1)
  }
})

test('nest is computed where lines have none, per task', () => {
  const events = inOrder(eventsOf(setMemoryRo(2)))
  const bare = written(events).replaceAll(/,"nest":\d+/g, '')
  const lines = bare.split('\n').slice(1, -2).join('\n')
  const [run] = read(lines)
  expect(run!.events).toEqual(events)
  expect(run).toMatchObject({ complete: true, header: { label: 'x.jsonl', source: 'jsonl' } })
})

test("a corpus's case is one run, its start state first", () => {
  const { kind: _kind, new: desc, ...init } = initOf(1)
  const events = setMemoryRo(1).map((e, seq) => Object.assign({ seq, cpu: 0, op: 0 }, e))
  const line = JSON.stringify({
    id: 'set_memory_ro_1p/4k-48/6.18',
    flavour: '6.18',
    geometry: { page_shift: 12, va_bits: 48, levels: 4 },
    features: { rodata_full: 1 },
    init: [{ ...init, desc }],
    areas: [{ start: '0xffff8000c0000000', size: '0x2000', flags: '0x2', nr_pages: 1, pages: [] }],
    calls: [{ fn: 'set_memory_ro' }],
    events,
    results: [0],
  })
  const [run] = read(line)
  expect(run!.events.map((e) => e.kind).slice(0, 3)).toEqual(['init', 'area', 'op_begin'])
  expect(run!.events.map((e) => e.seq)).toEqual(run!.events.map((_, i) => i))
  expect(run!.header).toMatchObject({
    label: 'set_memory_ro_1p/4k-48/6.18',
    scenario: 'set_memory_ro_1p',
    geometry: { pageShift: 12, vaBits: 48, levels: 4 },
  })
})

test.each([
  ['{', /^x\.jsonl:2: not JSON/],
  ['[]', /^x\.jsonl:2: a line has to be a JSON object/],
  ['{"kind":"desc_wirte"}', /^x\.jsonl:2: unknown kind desc_wirte, did you mean desc_write\?/],
  ['{"seq":1,"cpu":0,"op":null,"kind":"barrier"}', /^x\.jsonl:2: seq 1 follows -1/],
  ['{"end":{"events":5,"calls":0}}', /^x\.jsonl:2: the end line says .*5.* but there were .*0/],
  ['{"pagetrail":99,"run":{"label":"x"}}', /^x\.jsonl:2: JSON Lines of version 99.*update/],
])('%s is refused with its place', (line, message) => {
  const [header] = written([]).split('\n')
  expect(() => read(`${header}\n${line}`)).toThrow(message)
})

test('half a line at the end is what a producer that died leaves: the run ends before it', () => {
  const lines = written(eventsOf(setMemoryRo(2)))
    .trimEnd()
    .split('\n')
  const runs: Read[] = []
  const parser = new JsonlParser('x.jsonl', {
    run: (header) => runs.push({ header, events: [], complete: null }),
    event: (event) => runs.at(-1)!.events.push(event),
    end: (complete) => (runs.at(-1)!.complete = complete),
  })
  for (const line of lines.slice(0, 5)) parser.line(line)
  parser.end(lines[5]!.slice(0, 30))
  expect(runs).toMatchObject([{ complete: false }])
  expect(runs[0]!.events).toHaveLength(4)
})
