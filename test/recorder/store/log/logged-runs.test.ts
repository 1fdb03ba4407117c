import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'

import {
  type EventSource,
  importInput,
  jsonlChunks,
  LoggedRuns,
  openRuns,
  recordScenario,
  type RunStore,
  SCENARIOS,
} from '@pagetrail/recorder'
import { folder } from '../../../support/cli.ts'
import { capture } from '../../../support/demo.ts'
import { fixture } from '../../../support/runs.ts'
import { AREA, hex } from '../../../support/sample-run.ts'

function logged(): LoggedRuns {
  const runs = new LoggedRuns(join(folder(), 'events'))
  onTestFinished(() => runs.close())
  return runs
}

/** What a database and a log make of the same input. */
async function bothOf(
  input: string | { readonly name: string; readonly chunks: AsyncIterable<Uint8Array> },
  again = input,
): Promise<readonly [EventSource, EventSource]> {
  const runFile = await openRuns(join(folder(), 'runs.db'), { mode: 'write' })
  const log = logged()
  const into = async (store: RunStore, from: typeof input): Promise<number> => {
    const { format, report } = await importInput(store, from, 'auto', { created: 7.5 })
    return format === 'trace' ? report.run : report.runs[0]!.id
  }
  const inDatabase = runFile.find(await into(runFile, input))
  return [runFile.source(inDatabase), log.source(log.find(await into(log, again)))]
}

/** All that a source gives, whole and in parts. */
function given(source: EventSource) {
  const { length } = [...source.events()]
  const parts = [
    [0, length],
    [0, 0],
    [1, 99],
    [4095, 4096],
    [4096, 8191],
    [length - 2, length + 5],
    [length, length + 1],
  ] as const
  return {
    run: source.run,
    parts: parts.map(([from, to]) => Array.from(source.events(from, to))),
    some: [...source.events(7, undefined, ['desc_write', 'tlbi', 'op_end'])],
    calls: [...source.calls()].toSorted((p, q) => p.op - q.op),
  }
}

describe('a run in a log is the one that a database has', () => {
  test.each([
    capture('6.17.13'),
    capture('6.18.15'),
    fixture('two-6.18-boot1.trace.gz'),
    fixture('bpf-6.18-boot1.trace.gz'),
  ])('%s', async (file) => {
    const [database, log] = await bothOf(file)
    expect(given(log)).toEqual(given(database))
  })

  test('of the engine, by JSON Lines', async () => {
    const from = await openRuns(':memory:', { mode: 'write' })
    for (const [i, { json, name }] of SCENARIOS.filter((_, n) => n % 9 === 0).entries()) {
      recordScenario(from, json, { flavour: '7.3', name, created: 0 })
      const text = [...jsonlChunks(from.source(from.find(i + 1)))].join('')
      const [database, log] = await bothOf(input(text), input(text))
      expect(given(log)).toEqual(given(database))
    }
  })

  test('with names that are no text, fields of the reader and calls that have no range', async () => {
    const va = hex(AREA)
    const text = [
      '{"pagetrail":2,"run":{"label":"own","source":"jsonl","created":0}}',
      '{"kind":"op_begin","seq":0,"cpu":3,"op":4,"fn":"half \\ud800","va":null,"end":null,"args":{},"x_own":[1,"\\udfff"]}',
      `{"kind":"walk_begin","seq":1,"cpu":3,"op":4,"nest":1,"fn":"walk","va":"${va}","end":"${hex(AREA + 4096n)}","src":"mm/a.c:7"}`,
      '{"kind":"op_end","seq":2,"cpu":3,"op":4,"fn":"half \\ud800","ret":-22}',
      '{"kind":"op_begin","seq":3,"cpu":0,"op":5,"fn":"never ends","va":null,"end":null,"args":{}}',
      '{"end":{"events":4,"calls":2}}',
      '',
    ].join('\n')
    const [database, log] = await bothOf(input(text), input(text))
    expect(given(log)).toEqual(given(database))
    expect([...log.calls()]).toMatchObject([
      { va: AREA, end: AREA + 4096n, ret: -22 },
      { ret: null, last: null },
    ])
  })
})

test('a file that holds several runs has them all, and one that is removed is gone', async () => {
  const runs = logged()
  const run = '{"pagetrail":2,"run":{"label":"one","source":"jsonl","created":0}}'
  const event = '{"kind":"lazy_mmu_enter","seq":0,"cpu":0,"op":null,"depth":1}'
  const text = `${run}\n${event}\n{"end":{"events":1,"calls":0}}\n${run.replace('one', 'two')}\n${event}\n`
  const { report } = await importInput(runs, input(text), 'auto', { created: 0 })
  if (!('cut' in report)) throw new Error('it was read as a trace')
  expect(report.cut).toEqual([2])
  const [one, two] = report.runs
  expect([one!.label, one!.state, two!.label, two!.state]).toEqual([
    'one',
    'complete',
    'two',
    'interrupted',
  ])
  expect(runs.source(two!, 7).run.id).toBe(7)
  runs.remove(one!)
  expect(() => runs.find(1)).toThrow('there is no run 1')
  expect([...runs.source(two!).events()]).toHaveLength(1)
})

test('a run of one event after the other, in batches of any size', () => {
  const runs = logged()
  const writer = runs.startRun({ label: 'small', source: 'module', created: 0 }, { batchEvents: 3 })
  const event = {
    kind: 'lazy_mmu_leave',
    cpu: 0,
    op: null,
    nest: 0,
    ts: null,
    task: null,
    depth: 1,
  } as const
  for (let seq = 0; seq < 10; seq++) writer.append({ ...event, seq, ts: seq })
  writer.finish('complete')
  const source = runs.source(runs.find(writer.id))
  for (let from = 0; from < 11; from++)
    for (let to = from; to < 11; to++)
      expect([...source.events(from, to)].map(({ ts }) => ts)).toEqual(
        Array.from({ length: Math.min(to, 9) - from + 1 }, (_, i) => from + i),
      )
})

test('readings that cross each other see their own batches', async () => {
  const runs = logged()
  const options = { created: 0, write: { batchEvents: 50 } }
  const { report } = await importInput(runs, capture('6.17.13'), 'auto', options)
  if (!('run' in report)) throw new Error('it was read as JSON Lines')
  const source = runs.source(runs.find(report.run))
  const forward = source.events(0)[Symbol.iterator]()
  const far = source.events(500)[Symbol.iterator]()
  for (let i = 0; i < 1000; i++) {
    expect(forward.next().value?.seq).toBe(i)
    expect(far.next().value?.seq).toBe(500 + i)
  }
})

test('a folder in which nothing can be made is named, with the remedy', () => {
  const runs = new LoggedRuns(join(folder(), 'no-such', 'events'))
  expect(() => runs.startRun({ label: 'a', source: 'jsonl', created: 0 })).toThrow(
    /no-such while it is read \(ENOENT.*\); set TMPDIR to a folder with room$/,
  )
})

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

const input = (text: string) => ({ name: 'own', chunks: once(text) })
