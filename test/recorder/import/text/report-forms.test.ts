import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import type { TraceEvent } from '../../../../packages/recorder/src/event/kinds.ts'
import { MemorySource } from '../../../../packages/recorder/src/import/trace-dat/byte-source.ts'
import { DatInput } from '../../../../packages/recorder/src/import/trace-dat/dat-input.ts'
import { FtraceEvents } from '../../../../packages/recorder/src/import/translate/ftrace-events.ts'
import { imported, lines, MemorySink } from '../imported.ts'

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/traces/${name}`, import.meta.url))

function eventsOf(dat: Uint8Array): TraceEvent[] {
  const sink = new MemorySink()
  const events = new FtraceEvents(sink, { pageShift: 12 })
  const input = new DatInput(events, new MemorySource(dat), null)
  for (const _ of input.run()) expect(input.entries).toBeGreaterThan(0)
  events.finish()
  sink.flush()
  return sink.events
}

/** Some events of the dat, which are the first of its report; `seq` counts the contexts too, which need flags. */
const FIRST = 250
const shown = (events: readonly TraceEvent[]) =>
  events
    .filter(({ kind }) => kind !== 'context')
    .slice(0, FIRST)
    .map(comparable)

const comparable = (event: TraceEvent) => rawText({ ...event, seq: 0, ts: null })

describe('each form of trace-cmd report has the events and fields of the file that it is of', () => {
  const direct = eventsOf(fixture('modules_small-6.18.trace.dat'))
  const FORMS = {
    l: { lacks: [], within: 1000 },
    R: { lacks: ['flags'], within: 1000 },
    'ts-diff': { lacks: ['flags'], within: 1000 },
    t: { lacks: ['flags'], within: 0 },
    debug: { lacks: ['flags'], within: 1000 },
    'R_l_t_ts-diff': { lacks: [], within: 0 },
  }
  test.each(Object.entries(FORMS))('%s', (form, { lacks, within }) => {
    const report = imported(gunzipSync(fixture(`modules_small-6.18.report-${form}.gz`)))
    expect(report.text.unreadable).toBe(0)
    expect(shown(report.events)).toEqual(shown(direct))
    expect(report.text.lacks).toEqual(lacks)
    report.events.slice(0, FIRST).forEach((event, i) => {
      expect(Math.abs((event.ts ?? 0) - (direct[i]!.ts ?? 0))).toBeLessThanOrEqual(within)
    })
  })
})

/** `-R` prints the fields of tracepoints raw: their text is another one. */
const rawText = (event: TraceEvent) =>
  event.kind === 'ftrace' && event.event?.startsWith('module_') ? { ...event, fields: null } : event

test.each([
  ['kworker/-11       0d.s..    81.688850: vfree: (x) addr=0x1', ['whole task names']],
  [' insmod-11       0d.s..    81.688850: vfree: (x) addr=0x1', []],
  ['  insmod   177     8.092229: kperm:vfree: (x) addr=0x1', ['flags', 'cpu']],
  ['  insmod   177 [001]     8.092229: kperm:vfree: (x) addr=0x1', ['flags']],
])('what a form does not show: %s', (line, lacks) => {
  const { text, events } = imported(`${line}\n`)
  expect(text.lacks).toEqual(lacks)
  expect(events[lacks.length === 0 || lacks[0] === 'whole task names' ? 1 : 0]).toMatchObject({
    kind: 'span_begin',
    fn: 'vfree',
  })
})

test('trace_printk(): the text of trace.dat is whole, and of its report too', () => {
  const printed = eventsOf(gunzipSync(fixture('printk.trace.dat.gz'))).flatMap((event) =>
    event.kind === 'ftrace' && event.event === 'bprint' ? [event.fields] : [],
  )
  expect(printed).toEqual([
    { text: 'select_task_rq_fair: fig: cpu=0\n gid=4' },
    { text: 'select_task_rq_fair: fig: cpu=5\n gid=1' },
  ])
  const { events, text } = imported(
    `${lines('bprint:               select_task_rq_fair: fig: cpu=0')} gid=4\n${lines('isb__b: (x)')}`,
  )
  expect(events).toMatchObject([
    { kind: 'ftrace', event: 'bprint', fields: printed[0] },
    { kind: 'isb' },
  ])
  expect(text.unreadable).toBe(0)
})

test('a task that the saved command lines lack has the name that sched_switch gives it', () => {
  const tasks = eventsOf(gunzipSync(fixture('sched_switch.trace.dat.gz'))).map(({ task }) => task)
  expect(tasks.filter((task) => task === 'rcu_preempt-8')).toHaveLength(33)
  expect(tasks.filter((task) => task?.startsWith('<...>'))).toEqual([])
})
