import { readFileSync } from 'node:fs'

import {
  importInput,
  jsonlChunks,
  JsonlParser,
  KIND_NAMES,
  memorySource,
  openRuns,
} from '@pagetrail/recorder'
import { Ajv, type ErrorObject } from 'ajv'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { eventOfKind } from '../../support/events.ts'
import { jsonlSchema } from '../../support/jsonl-schema.ts'
import { eventsOf, SAMPLE_RUN, setMemoryRo } from '../../support/sample-run.ts'

const validate = new Ajv({ allErrors: false }).compile(jsonlSchema())

/** Null: the line is valid. */
function faultOf(line: string): readonly ErrorObject[] | null {
  return validate(JSON.parse(line)) ? null : (validate.errors ?? [])
}

const linesOf = (text: string): string[] => text.trimEnd().split('\n')

test('docs/jsonl.schema.json is what KINDS says; pnpm run docs:events brings it up to date', async () => {
  const text = `${JSON.stringify(jsonlSchema(), null, 1)}\n`
  await expect(text).toMatchFileSnapshot('../../../docs/jsonl.schema.json')
})

test.each(KIND_NAMES)('whatever is exported of %s is valid', (kind) => {
  fc.assert(
    fc.property(eventOfKind(kind), (event) => {
      const text = [...jsonlChunks(memorySource(SAMPLE_RUN, [{ ...event, seq: 0 }]))].join('')
      for (const line of linesOf(text)) expect(faultOf(line)).toBeNull()
    }),
    { numRuns: 20 },
  )
})

test('an export of a capture and of an engine run is valid, line for line', async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  await importInput(runFile, 'test/fixtures/traces/modules_small-7.3.trace.gz', 'auto', {
    created: 0,
  })
  const captured = [...jsonlChunks(runFile.source(runFile.find(-1)))].join('')
  const engine = [...jsonlChunks(memorySource(SAMPLE_RUN, eventsOf(setMemoryRo(3))))].join('')
  const lines = linesOf(captured + engine)
  expect(lines.length).toBeGreaterThan(2000)
  expect(lines.filter((line) => faultOf(line))).toEqual([])
  runFile.close()
})

const BARRIER = '{"seq":0,"cpu":0,"op":null,"kind":"barrier"'
test.each([
  `${BARRIER}`,
  `${BARRIER},"src":"a.c:1","x_pc":"0x1","x_any":[1,{}]`,
  `${BARRIER},"ts":5,"task":"insmod-7","nest":0`,
])('valid: %s}', (line) => {
  expect(faultOf(`${line}}`)).toBeNull()
})

test.each([
  [`${BARRIER},"file":"a.c"}`, 'barrier has no field file'],
  [`${BARRIER},"x_a b":1}`, 'barrier has no field x_a b'],
  [`${BARRIER},"src":1}`, 'src has to be a string'],
  ['{"seq":0,"cpu":0,"kind":"barrier"}', 'op has to be'],
  ['{"seq":0,"cpu":0,"op":null,"kind":"barier"}', 'unknown kind barier'],
  ['{"seq":0,"cpu":0,"op":null,"kind":"dsb","scope":"inner"}', 'dsb.scope'],
  ['{"seq":0,"cpu":0,"op":null,"kind":"dsb"}', 'dsb lacks scope'],
  ['{"seq":0,"cpu":0,"op":null,"kind":"tlb_evict","va":5}', 'tlb_evict.va'],
  ['{"pagetrail":2,"run":{}}', 'run.label'],
  ['{"pagetrail":2,"run":{"label":"x","shows":["barier"]}}', 'run.shows'],
  ['{"pagetrail":99,"run":{"label":"x"}}', 'version 99'],
])('neither valid nor imported: %s', (line, message) => {
  expect(faultOf(line)).not.toBeNull()
  const parser = new JsonlParser('x', { run: () => {}, event: () => {}, end: () => {} })
  expect(() => parser.line(line)).toThrow(message)
})

const EXAMPLE = /```jsonl\n([^`]+)```/.exec(readFileSync('docs/jsonl.md', 'utf8'))?.[1] ?? ''

test('the example of docs/jsonl.md is valid, and imported as it says', async () => {
  const lines = linesOf(EXAMPLE)
  expect(lines).toHaveLength(8)
  expect(lines.filter((line) => faultOf(line))).toEqual([])
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const chunks = (async function* () {
    yield await Promise.resolve(Buffer.from(EXAMPLE))
  })()
  const { report } = await importInput(runFile, { name: 'docs/jsonl.md', chunks }, 'jsonl', {
    created: 0,
  })
  expect(report).toMatchObject({ lines: 8, interrupted: false, cut: [] })
  const run = runFile.find(-1)
  expect(run).toMatchObject({ label: 'toy', state: 'complete', events: 6, calls: 1 })
  const [store] = [...runFile.source(run).events(2, 2)]
  expect(store).toMatchObject({
    kind: 'desc_write',
    nest: 1,
    src: 'toy.c:51',
    free: { x_pc: '0xffff800080012340' },
  })
  runFile.close()
})
