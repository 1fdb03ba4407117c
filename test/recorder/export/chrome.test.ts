import {
  chromeChunks,
  chromePairChunks,
  diffRuns,
  type Json,
  memorySource,
  pairNumbers,
} from '@pagetrail/recorder'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { capture } from '../../support/demo.ts'
import { captures } from '../../support/runs.ts'
import { anyEvent } from '../../support/events.ts'
import { eventsOf, SAMPLE_RUN, setMemoryRo } from '../../support/sample-run.ts'

interface Traced {
  ph: string
  name: string
  tid: number
  ts: number
  pid: number
  id?: number
  args?: Record<string, Json>
}

function trace(events: ReturnType<typeof eventsOf>): Traced[] {
  const text = [...chromeChunks(memorySource(SAMPLE_RUN, events))].join('')
  return (JSON.parse(text) as { traceEvents: Traced[] }).traceEvents
}

/** Every E ends the innermost open B of its track, and none is left open. */
function depthOf(traced: readonly Traced[]): number {
  const open = new Map<number, string[]>()
  let deepest = 0
  for (const { ph, name, tid } of traced) {
    const stack = open.get(tid) ?? []
    open.set(tid, stack)
    if (ph === 'B') deepest = Math.max(deepest, stack.push(name))
    if (ph === 'E' && stack.pop() !== name) throw new Error(`${name} ends out of order`)
  }
  for (const stack of open.values()) expect(stack).toEqual([])
  return deepest
}

test('spans are balanced and nested as the calls were', () => {
  const traced = trace(eventsOf(setMemoryRo(3)))
  expect(depthOf(traced)).toBe(3)
  const spans = traced.filter(({ ph }) => ph === 'B').map(({ name }) => name)
  expect(spans).toEqual([
    'set_memory_ro',
    'walk_kernel_page_table_range_lockless',
    'pte pageattr_pte_entry',
    'pte pageattr_pte_entry',
    'pte pageattr_pte_entry',
  ])
})

test('whatever the events are, the trace is well-formed and every span is closed', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (list) => {
      const events = list.map((event, seq) => Object.assign({}, event, { seq }))
      const traced = trace(events)
      depthOf(traced)
      const shown = traced.filter(({ ph, args }) => 'BEi'.includes(ph) && !args?.['unfinished'])
      expect(shown).toHaveLength(events.length)
    }),
    { numRuns: 200 },
  )
})

test('counters follow the deferred barriers and the flushes', () => {
  const traced = trace(eventsOf(setMemoryRo(2)))
  const counters = traced.filter(({ ph }) => ph === 'C').map(({ args }) => args)
  expect(counters).toEqual([
    { stores: 1 },
    { stores: 2 },
    { stores: 0 },
    { calls: 1 },
    { executed: 1 },
  ])
})

test('a call that halted ends where the next one begins, and says so', () => {
  const halted = setMemoryRo(1).slice(0, 4)
  const events = eventsOf([
    ...halted,
    { kind: 'livelock', level: 'pte', fn: 'f', va: '0x0', repeats: 9 },
  ])
  const next = eventsOf(setMemoryRo(1), 1).map((e) =>
    Object.assign({}, e, { seq: e.seq + events.length }),
  )
  const traced = trace([...events, ...next])
  depthOf(traced)
  const unfinished = traced.filter(({ args }) => args?.['unfinished'] === true)
  expect(unfinished.map(({ name }) => name)).toEqual([
    'pte pageattr_pte_entry',
    'walk_kernel_page_table_range_lockless',
    'set_memory_ro',
  ])
})

const on = (task: string | null, cpu: number, first: number) =>
  eventsOf(setMemoryRo(1)).map((e) =>
    Object.assign({}, e, { task, cpu, seq: e.seq + first, ts: e.seq * 1500 }),
  )

test('tasks have tracks of their own, the idle task one per CPU', () => {
  const traced = trace([
    ...on('insmod-71', 0, 0),
    ...on('<idle>-0', 0, 13),
    ...on('<idle>-0', 1, 26),
  ])
  depthOf(traced)
  const names = traced
    .filter(({ name }) => name === 'thread_name')
    .map(({ args }) => args?.['name'])
  expect(names).toEqual(['insmod-71', 'CPU 0 idle', 'CPU 1 idle'])
  expect(traced.find(({ ph, ts }) => ph === 'B' && ts === 3)?.name).toContain('walk_')
})

test('an end whose begin was not seen is an instant', () => {
  const traced = trace(eventsOf([{ kind: 'walk_end', fn: 'apply_to_page_range', ret: 0 }]))
  expect(traced.at(-1)).toMatchObject({ ph: 'i', name: 'apply_to_page_range (end)' })
})

test('two runs side by side: frames of one pair carry one id, on either side', async () => {
  const [a, b] = await captures(capture('6.17.13'), capture('6.18.15'))
  const { left, right } = pairNumbers(a!, b!)
  const text = [
    ...chromePairChunks({ source: a!, pairs: left }, { source: b!, pairs: right }),
  ].join('')
  const { traceEvents } = JSON.parse(text) as { traceEvents: Traced[] }
  const processes = traceEvents.filter(({ name }) => name === 'process_name')
  expect(processes.map(({ pid, args }) => [pid, args?.['name']])).toEqual([
    [1, 'left: modules_small-6.17.13'],
    [2, 'right: modules_small-6.18.15'],
  ])
  const calls = (pid: number) =>
    traceEvents.filter(
      (e) => e.pid === pid && e.ph === 'B' && e.id !== undefined && e.name.startsWith('set_'),
    )
  const paired = diffRuns(a!, b!).calls
  expect(calls(1)).toHaveLength(paired.paired + paired.otherInput)
  const names = (pid: number) => new Map(calls(pid).map(({ id, name }) => [id, name]))
  expect(names(1)).toEqual(names(2))
  // What is in the call is in the pair.
  for (const { ph, id, args } of traceEvents)
    expect(ph === 'B' ? id : undefined).toBe(ph === 'B' ? args?.['pair'] : undefined)
  for (const pid of [1, 2]) depthOf(traceEvents.filter((e) => e.pid === pid))
})

test('a run beside itself, and the later run on the left: each says its side, and left is above', () => {
  const later = memorySource({ ...SAMPLE_RUN, id: 7 }, eventsOf(setMemoryRo(1)))
  const earlier = memorySource({ ...SAMPLE_RUN, id: 3 }, eventsOf(setMemoryRo(1)))
  for (const [a, b, pids] of [
    [later, earlier, [7, 3]],
    [later, later, [1, 2]],
  ] as const) {
    const pairs = pairNumbers(a, b)
    const text = chromePairChunks(
      { source: a, pairs: pairs.left },
      { source: b, pairs: pairs.right },
    )
    const { traceEvents } = JSON.parse([...text].join('')) as { traceEvents: Traced[] }
    const of = (name: string, arg: string) =>
      traceEvents.flatMap((e) => (e.name === name ? [[e.pid, e.args?.[arg]]] : []))
    expect(of('process_name', 'name')).toEqual([
      [pids[0], 'left: sample'],
      [pids[1], 'right: sample'],
    ])
    expect(of('process_sort_index', 'sort_index')).toEqual([
      [pids[0], 0],
      [pids[1], 1],
    ])
  }
})
