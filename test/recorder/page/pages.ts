import {
  diffDetail,
  diffDetailLines,
  diffJsonLines,
  diffPage,
  diffRuns,
  type EventSource,
  fitScenario,
  openRuns,
  recordScenario,
  scenarioNamed,
  type TraceEvent,
} from '@pagetrail/recorder'
import { join } from 'node:path'

import { captures, engineRuns, fixture, pagesScenario, runOf } from '../../support/runs.ts'
import { AREA, eventsOf, hex, initOf, setMemoryRo } from '../../support/sample-run.ts'

/** Two runs of each sort that a page must be right for. */
export const PAIRS: Readonly<Record<string, () => Promise<readonly [EventSource, EventSource]>>> = {
  identical: () => engines(pagesScenario(3, [ro(3)]), '7.3', '7.3'),
  'another-path': () => engines(pagesScenario(3, [ro(3), ro(1)]), '6.17', '6.18'),
  'other-effects': async () => [runOf(withoutFlush(false)), runOf(withoutFlush(true), NEWER)],
  'other-outcome': () => engines(PART_OF_A_BLOCK, '6.17', '6.18'),
  'lost-events': async () => {
    const [a, b] = await captures(
      fixture('modules_small-6.18-bbm.trace.gz'),
      fixture('boot-overrun-7.3.trace.gz'),
    )
    return [a!, b!]
  },
  'two-kernels': async () => {
    const [a, b] = await captures(
      fixture('modules_small-6.12.trace.gz'),
      fixture('modules_small-7.3.trace.gz'),
    )
    return [a!, b!]
  },
  'many-calls': async () => [manyCalls(false), manyCalls(true)],
}

/** What no golden is kept of; a browser looks at them. */
export const ODD: typeof PAIRS = {
  'no-calls': async () => {
    const events = eventsOf([initOf(3)], null)
    const run = { source: 'jsonl', state: 'interrupted' } as const
    return [runOf(events, run), runOf(events, run)]
  },
  nothing: async () => [runOf([], { state: 'interrupted' }), runOf([])],
  // 8192 entries a table.
  'large-tables': async () => {
    const runFile = await openRuns(':memory:', { mode: 'write' })
    const { json } = fitScenario(scenarioNamed('clean-ro'), LARGE)
    const asked = { name: 'clean-ro', geometry: LARGE, created: 7 }
    const of = (flavour: string) => recordScenario(runFile, json, { ...asked, flavour }).run
    return [runFile.source(of('6.18')), runFile.source(of('7.3'))]
  },
  'odd-names': async () => {
    const named = (events: TraceEvent[]): TraceEvent[] =>
      events.map((e) => ('fn' in e && e.fn === 'set_memory_ro' ? { ...e, fn: ODD_NAME } : e))
    const label = `${ODD_NAME}2`
    return [
      runOf(named(withoutFlush(false)), { label: ODD_NAME, kernel: ODD_NAME }),
      runOf(named(withoutFlush(true)), { ...NEWER, label, kernel: label }),
    ]
  },
}

const LARGE = { page_shift: 16, va_bits: 52 }

/** Markup, a line break, a turn of direction, letters that join, and no place to break it. */
const ODD_NAME = `<b>"&'\n\u202E😀👩‍👩‍👧שלום<script>alert(1)</script>${'x'.repeat(200)}`

const NEWER = { id: 2, label: 'no-flush' }

const ro = (numpages: number) => ({ fn: 'set_memory_ro', addr: hex(AREA), numpages })

const PART_OF_A_BLOCK = {
  geometry: { page_shift: 12, va_bits: 48 },
  features: { bbml: 1, cpu_bbml: 1 },
  init: [
    {
      va: hex(0xffff_0000_4000_0000n),
      level: 'pmd',
      desc: '0x68000440000705',
      count: 1,
      pa_step: '0x0',
    },
  ],
  areas: [],
  calls: [{ fn: 'set_memory_valid', addr: hex(0xffff_0000_4000_5000n), numpages: 1, enable: 0 }],
}

async function engines(
  scenario: object,
  ...flavours: readonly [string, string]
): Promise<readonly [EventSource, EventSource]> {
  const [a, b] = await engineRuns(scenario, ...flavours)
  return [a!, b!]
}

/** Three pages made read-only, with or without the flush that this needs. */
function withoutFlush(without: boolean) {
  const call = setMemoryRo(3).filter(
    ({ kind }) => !without || (kind !== 'tlb_flush' && kind !== 'tlbi' && kind !== 'dsb'),
  )
  return [...eventsOf([initOf(3)], null), ...eventsOf(call)]
}

const CALLS = 100_000
/** On the right, every so many calls flush a page more. */
const EVERY = 1000

/** So many calls of one store and one flush, all of one page. */
function manyCalls(other: boolean): EventSource {
  const events = [...eventsOf([initOf(4)], null)]
  for (let op = 0; op < CALLS; op++) {
    const more = other && op % EVERY === 7 ? 1n : 0n
    const [old, now] = op % 2 === 0 ? [RW, RO] : [RO, RW]
    const va = hex(AREA)
    events.push(
      ...eventsOf(
        [
          { kind: 'op_begin', fn: 'set_memory_ro', va, end: hex(AREA + 0x1000n), args: null },
          { kind: 'desc_write', level: 'pte', va, old, new: now },
          {
            kind: 'tlb_flush',
            fn: 'flush_tlb_kernel_range',
            va,
            end: hex(AREA + (more + 1n) * 0x1000n),
          },
          { kind: 'op_end', fn: 'set_memory_ro', ret: 0 },
        ],
        op,
      ),
    )
  }
  return runOf(events, { calls: CALLS, ...(other ? { id: 2, label: 'wider' } : {}) })
}

const RW = '0x68000500040703'
const RO = '0x60000500040783'

export interface Page {
  readonly html: string
  /** Lines of `diff --calls-list --detail --json` of the same. */
  readonly json: readonly string[]
}

/** The page of two runs, and what it must agree with. */
export function pageOf([a, b]: readonly [EventSource, EventSource]): Page {
  const diff = diffRuns(a, b, { pairs: true })
  const detail = diffDetail(a, b, diff)
  return {
    html: diffPage(diff, detail),
    json: [...diffJsonLines(diff, diffDetailLines(detail))],
  }
}

export const goldenPage = (name: string): string =>
  join(import.meta.dirname, 'golden', `${name}.html`)
