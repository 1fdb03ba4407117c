import {
  scenarioEvents,
  openRuns,
  recordScenario,
  scenarioNamed,
  SCENARIOS,
} from '@pagetrail/recorder'
import { FLAVOURS, parseScenario } from '@pagetrail/engine'
import { describe, expect, test } from 'vitest'

const SCENARIO = {
  geometry: { page_shift: 12, va_bits: 48 },
  features: { rodata_full: 0 },
  init: [
    {
      va: '0xffff800080010000',
      level: 'pte',
      desc: '0x68000500000703',
      count: 2,
      pa_step: '0x1000',
    },
  ],
  areas: [{ start: '0xffff800080010000', size: '0x3000', pages: [{ pfn: '0x500000', count: 2 }] }],
  calls: [{ fn: 'lazy_pause' }, { fn: 'set_memory_ro', addr: '0xffff800080010000', numpages: 2 }],
}

async function recorded(flavour: string) {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const { run, results } = recordScenario(runFile, SCENARIO, { flavour, name: 'pages', created: 7 })
  const source = runFile.source(run)
  return { run, results, events: [...source.events()], calls: [...source.calls()] }
}

test('the start state comes first and belongs to no call', async () => {
  const { run, events } = await recorded('7.3')
  expect(run).toMatchObject({
    label: 'pages/4k-48/7.3',
    source: 'engine',
    state: 'complete',
    created: 7,
  })
  expect(run.geometry).toEqual({ pageShift: 12, vaBits: 48, levels: 4 })
  expect(events[0]).toMatchObject({
    seq: 0,
    kind: 'init',
    op: null,
    nest: 0,
    level: 'pte',
    va: 0xffff800080010000n,
    new: 0x68000500000703n,
    count: 2,
    pa_step: 0x1000n,
  })
  expect(events[1]).toMatchObject({
    seq: 1,
    kind: 'area',
    op: null,
    va: 0xffff800080010000n,
    end: 0xffff800080013000n,
    nr_pages: 2,
    pages: [{ pfn: '0x500000', count: 2 }],
  })
  expect(events[2]).toMatchObject({ kind: 'op_begin', op: 0, fn: 'lazy_pause' })
})

test('a call that the flavour does not have keeps its number', async () => {
  const { results, calls } = await recorded('6.17')
  expect(results).toEqual([
    { fn: 'lazy_pause', ret: null, outcome: 'unsupported' },
    { fn: 'set_memory_ro', ret: 0, outcome: 'returned' },
  ])
  expect(calls.map(({ op, fn, ret }) => ({ op, fn, ret }))).toEqual([
    { op: 1, fn: 'set_memory_ro', ret: 0 },
  ])
})

test('a scenario that is wrong leaves no run', async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  // Under a block there is no room for the pages that SCENARIO has.
  const block = { va: '0xffff800080000000', level: 'pmd', desc: '0x60000500000701' }
  const wrong = [
    { ...SCENARIO, calls: [{ fn: 'set_memory_or' }] },
    { ...SCENARIO, init: [block, ...SCENARIO.init] },
  ]
  for (const input of wrong) {
    expect(() =>
      recordScenario(runFile, input, { flavour: '6.18', name: 'x', created: 0 }),
    ).toThrow(/^(calls|init)/)
  }
  expect(runFile.runs()).toEqual([])
})

test("a module's fault ends the run as interrupted", async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const implementation = {
    name: 'mine.ts',
    calls: {
      set_memory_ro: () => {
        throw new Error('of its own')
      },
    },
  }
  const options = {
    flavour: '7.3',
    name: 'x',
    created: 0,
    implementation,
    facts: { module: 'mine.ts' },
  }
  expect(() => recordScenario(runFile, SCENARIO, options)).toThrow('of its own')
  expect(runFile.find(-1)).toMatchObject({
    label: 'x/4k-48/mine.ts',
    source: 'module',
    state: 'interrupted',
  })
})

const page = (addr: string) => ({ fn: 'set_memory_valid', addr, numpages: 1, enable: 0 })

describe('several CPUs', () => {
  const { calls: _, ...start } = SCENARIO
  const cpus = [
    { calls: [page('0xffff800080010000')] },
    { calls: [page('0xffff800080011000'), { fn: 'can_set_direct_map' }], context: 'softirq' },
  ]
  const record = async (schedule: string) => {
    const runFile = await openRuns(':memory:', { mode: 'write' })
    const options = { flavour: '7.3', name: 'two', created: 0, schedule }
    const { run, results } = recordScenario(runFile, { ...start, cpus, schedule: '1' }, options)
    return { runFile, run, results, events: [...runFile.source(run).events()] }
  }

  test('calls are numbered CPU by CPU, and events carry the CPU and call they belong to', async () => {
    const { runFile, run, results, events } = await record('1.0.1.0')
    expect(results.map(({ fn, ret }) => `${fn} ${ret}`)).toEqual([
      'set_memory_valid 0',
      'set_memory_valid 0',
      'can_set_direct_map 0',
    ])
    expect([...runFile.source(run).calls()].map(({ op, cpu, ret }) => [op, cpu, ret])).toEqual([
      [0, 0, 0],
      [1, 1, 0],
      [2, 1, 0],
    ])
    const astray = events.filter(({ op, cpu }) => op !== null && (op === 0) !== (cpu === 0))
    expect(astray).toEqual([])
    expect(events.find(({ kind }) => kind === 'context')).toMatchObject({ cpu: 1, op: null })
    const reads = events.filter((event) => event.kind === 'desc_read')
    expect(reads.at(-1)).toMatchObject({ level: 'pte', val: expect.any(BigInt) })
  })

  test('the schedule that was taken is among the facts, and recorded again gives the same', async () => {
    const first = await record('1.0.1.1.0')
    const { schedule } = first.run.facts
    expect(schedule).toMatch(/^1\.0\.1\.1\.0[.*]/)
    const again = await record(String(schedule))
    expect(again.events).toEqual(first.events)
    expect(first.run.facts).not.toHaveProperty('deadlocked')
  })
})

const scheduled = SCENARIOS.filter(({ json }) => JSON.stringify(json).includes('"schedule"'))

test.each(FLAVOURS.map(({ name }) => name))(
  'no built-in schedule has a step that %s cannot take',
  (flavour) => {
    expect(scheduled.length).toBeGreaterThan(8)
    for (const { name } of scheduled) {
      const { json, geometry } = scenarioNamed(name)
      // Exact: a step that cannot be taken throws.
      const scenario = parseScenario(json, { flavour, geometry, exact: true })
      expect(scenarioEvents(scenario, () => {}).schedule?.passedOver, name).toBe(0)
    }
  },
)
