import {
  exactly,
  reportLines,
  reportRun,
  scenarioNamed,
  type TraceEvent,
} from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'

import { captures, engineRuns, fixture, pagesScenario, runOf } from '../../support/runs.ts'
import { AREA, eventsOf, hex, initOf, setMemoryRo } from '../../support/sample-run.ts'

const call = (fn: string, numpages: number, page = 0) => ({
  fn,
  addr: hex(AREA + BigInt(page) * 0x1000n),
  numpages,
})

test('costs by function, and of single calls in their order', async () => {
  const calls = [
    call('set_memory_ro', 2),
    call('set_memory_rw', 1),
    call('set_memory_ro', 1),
    call('set_memory_ro', 99),
  ]
  const [source] = await engineRuns(pagesScenario(3, calls, 0), '6.18')
  const report = reportRun(source!, { calls: 2 })
  expect(report.functions).toMatchObject([
    {
      fn: 'set_memory_ro',
      calls: 3,
      failed: 1,
      costs: { writes: 3, redundantWrites: 0, flushes: 2, flushedPages: 3 },
    },
    { fn: 'set_memory_rw', calls: 1, failed: 0, costs: { writes: 1, flushes: 1 } },
  ])
  expect(report.calls).toMatchObject([
    { call: { op: 0, fn: 'set_memory_ro', ret: 0 }, costs: { callbacks: 4, tlbi: 1 } },
    { call: { op: 1, fn: 'set_memory_rw' }, costs: { callbacks: 3 } },
  ])
  expect(report.total).toMatchObject({ writes: 4, callbacks: 10, time: null, reads: null })
  expect(report.outside).toMatchObject({ events: 3, writes: 0 })
})

test('the sums of the parts are the whole', async () => {
  const [source] = await captures(fixture('modules_small-6.18-bbm.trace.gz'))
  const report = reportRun(source!, { calls: 1000 })
  const sum = (name: 'events' | 'writes' | 'callbacks' | 'flushes'): number =>
    report.calls.reduce((total, { costs }) => total + (costs[name] ?? 0), 0)
  for (const name of ['events', 'writes', 'callbacks', 'flushes'] as const)
    expect(sum(name)).toBe(report.total[name])
  expect(report.total.events! + report.outside.events!).toBe(source!.run.events)
})

test('what an independent program counted in a capture with blocks', async () => {
  const [source] = await captures(fixture('modules_small-6.18-bbm.trace.gz'))
  expect(reportRun(source!).total).toMatchObject({
    walks: 116,
    callbacksPte: 145,
    callbacksPmd: 116,
    callbacksPud: 116,
    writes: 145,
    redundantWrites: 21,
    flushes: 46,
    flushedPages: 75,
    splits: 2,
    tlbi: null,
    tablesAllocated: null,
    // Stores of a split have no probe; its barriers have one on 6.18, all of them.
    atLeast: ['writes', 'redundantWrites'],
  })
})

test('what a split does without a probe makes a count a lower bound, in text, JSON and comparison', async () => {
  const [source] = await captures(fixture('modules_small-6.18-bbm.trace.gz'))
  const { functions, total } = reportRun(source!)
  const lines = [...reportLines([reportRun(source!)])]
  expect(lines).toContainEqual(expect.stringMatching(/^descriptor writes +≥ 145$/))
  expect(lines).toContainEqual(expect.stringMatching(/^barriers \(dsb ishst, isb\) +91$/))
  const isPart = ({ costs }: (typeof functions)[number]) => costs.atLeast !== undefined
  expect(functions.filter(isPart).map(({ fn }) => fn)).toEqual(['set_memory_ro'])
  expect([exactly(total, 'writes'), exactly(total, 'barriers')]).toEqual([null, 91])
  const engine = await engineRuns(scenarioNamed('partial-block-bbml').json as object, '7.3')
  expect(reportRun(engine[0]!).total).not.toHaveProperty('atLeast')
})

/** modules_small on 6.12, where flushes are instructions among those of the call. */
const COUNTED_6_12 = {
  walks: 122,
  callbacks: 152,
  writes: 152,
  redundantWrites: 30,
  barriers: 118,
  dsb: 0,
  flushes: 54,
  flushedPages: 84,
  // Without those that repeat a TLBI for an erratum, and those that flush what others unmapped.
  tlbi: 84,
}

test('what it counted where flushes are inlined', async () => {
  const [source] = await captures(fixture('modules_small-6.12.trace.gz'))
  const { total, outside } = reportRun(source!)
  expect(total).toMatchObject(COUNTED_6_12)
  expect(total.foreignFlushes! + outside.foreignFlushes!).toBe(21)
})

test('an interrupt between the instructions of a flush does not end it', async () => {
  const [source] = await captures(fixture('modules_small-6.12.trace.gz'))
  const interrupted = [...source!.events()].flatMap((event): TraceEvent[] => {
    if (event.kind !== 'dsb' && event.kind !== 'tlbi') return [event]
    const { seq, cpu, op, nest, ts, task } = event
    return [event, { kind: 'context', seq, cpu, op, nest, ts, task, fn: 'irq' }]
  })
  expect(reportRun(runOf(interrupted, source!.run)).total).toMatchObject(COUNTED_6_12)
})

test('a filter counts what it keeps; a call that did not return is counted too', () => {
  const events = [...eventsOf([initOf(2)], null), ...eventsOf(setMemoryRo(2))]
  const cut = runOf(events.filter(({ kind }) => kind !== 'op_end'))
  expect(reportRun(cut).total).toMatchObject({ writes: 2, barriers: 1 })
  const filtered = reportRun(cut, { matches: (event) => event.kind === 'desc_write' })
  expect(filtered.total).toMatchObject({ events: 2, writes: 2, barriers: 0 })
})

const pointsOf = async (
  scenario: object,
  flavour: string,
): Promise<Record<string, number | null>> => {
  const [source] = await engineRuns(scenario, flavour)
  const { coverage } = reportRun(source!)
  return Object.fromEntries(coverage.map(({ group, name, count }) => [`${group} ${name}`, count]))
}

describe('coverage', () => {
  test('levels, results, and what was not exercised', async () => {
    const points = await pointsOf(
      pagesScenario(2, [call('set_memory_ro', 2), call('set_memory_ro', 9)], 0),
      '7.3',
    )
    expect(points).toMatchObject({
      'callbacks pud': 1,
      'callbacks pmd': 1,
      'callbacks pte': 2,
      'callbacks folded level': 0,
      'actions subtree': 2,
      'actions again': 0,
      'entries page': 4,
      'entries contiguous page': 0,
      'results 0': 1,
      'results -EINVAL': 1,
      'flushes range': 1,
      'lazy MMU section': 1,
    })
  })

  test('the first pagewalk calls folded levels too', async () => {
    const points = await pointsOf(pagesScenario(1, [call('set_memory_nx', 1)]), 'seed-v1')
    expect(points).toMatchObject({
      'callbacks pgd': 1,
      'callbacks p4d': 1,
      'callbacks folded level': 1,
    })
  })

  test('a hole between VMAs is not one of a table', async () => {
    const walk = scenarioNamed('walk-file-vma').json as object
    const points = await pointsOf(walk, '6.18')
    expect(points).toMatchObject({ 'holes pgd': 0, 'holes pmd': 1, 'holes no VMA': 1 })
  })

  test('an invalid page under 7.3 is present-invalid', async () => {
    const off = { ...call('set_memory_valid', 1), enable: 0 }
    expect(await pointsOf(pagesScenario(1, [off]), '7.3')).toMatchObject({
      'entries present-invalid': 1,
    })
    expect(await pointsOf(pagesScenario(1, [off]), '6.18')).toMatchObject({ 'entries invalid': 1 })
  })

  test('what a stock kernel cannot show is unknown, not absent', async () => {
    const [source] = await captures(fixture('modules_small-7.3.trace.gz'))
    const { coverage } = reportRun(source!)
    const unknown = coverage.filter(({ count }) => count === null).map(({ group }) => group)
    expect(new Set(unknown)).toEqual(new Set(['actions', 'holes', 'TLBI', 'tables', 'complaints']))
  })
})
