import {
  checkRun,
  importFile,
  memorySource,
  openRuns,
  PageState,
  type Run,
  stateAt,
  type TraceEvent,
  whyDescriptor,
  whyLines,
} from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { Observers } from '../../../packages/recorder/src/observers/observers.ts'
import { heldVersions } from '../../../packages/recorder/src/observers/held-versions.ts'
import { fixture } from '../../support/runs.ts'
import {
  AREA,
  eventsOf,
  hex,
  KERNEL_RO,
  KERNEL_RW,
  type Lean,
  PAGE,
  SAMPLE_RUN,
} from '../../support/sample-run.ts'

const PA = 0x5_0004_0000n
const page = (i: number): bigint => AREA + BigInt(i) * PAGE
const store = (i: number): Lean => ({
  kind: 'desc_write',
  level: 'pte',
  va: hex(page(i)),
  old: hex(KERNEL_RW | (PA + BigInt(i) * PAGE)),
  new: hex(KERNEL_RO | (PA + BigInt(i) * PAGE)),
})
const span = (fn: string, va: bigint, end: bigint | null): Lean[] => [
  { kind: 'span_begin', fn, va: hex(va), end: end === null ? null : hex(end) },
  { kind: 'span_end', fn, ret: null },
]

/** A capture in which pages of an area were made read-only, some of them beyond a guard page, and then this happens. */
const captured = (...after: readonly Lean[]): TraceEvent[] =>
  eventsOf([store(0), store(1), store(2), store(4), ...after], null)

const CAPTURE: Run = {
  ...SAMPLE_RUN,
  source: 'ftrace',
  flavour: '6.12',
  kernel: '6.12.107',
  facts: {},
}

function known(events: readonly TraceEvent[], run: Run = CAPTURE): number[] {
  const state = PageState.of(run)
  for (const e of events) state.apply(e)
  return [0, 1, 2, 4].filter((i) => state.lookup(page(i)).found === 'entry')
}

test('vfree() makes its area unknown, up to the guard page; a range is unknown as it says', () => {
  expect(known(captured())).toEqual([0, 1, 2, 4])
  expect(known(captured(...span('vfree', page(0), null)))).toEqual([4])
  expect(known(captured(...span('vfree', page(3), null)))).toEqual([0, 1, 2, 4])
  expect(known(captured(...span('__vunmap_range_noflush', page(1), page(2))))).toEqual([0, 2, 4])
  expect(known(captured(...span('__vmap_pages_range_noflush', page(0), page(5))))).toEqual([])
  expect(known(captured(...span('kvfree', page(0), null)))).toEqual([0, 1, 2, 4])
})

/** A store to an empty entry of what leads to a block (1) or a page (3). */
const mapped = (level: string, va: bigint, kind: number): Lean => ({
  kind: 'desc_write',
  level,
  va: hex(va),
  old: '0x0',
  new: hex((KERNEL_RW & ~2n) | BigInt(kind) | PA),
})

test('an area ends where the entry ends that its last address is in, be that a block', () => {
  const block = AREA
  const behind = AREA + 0x20_1000n
  const stores = [mapped('pmd', block, 1), mapped('pte', behind, 3)]
  const state = PageState.of(CAPTURE)
  for (const e of eventsOf([...stores, ...span('vfree', block + PAGE, null)], null)) state.apply(e)
  expect(state.lookup(behind).found).toBe('entry')
})

test('where all stores are shown a function that unmaps does so by its stores', () => {
  const run: Run = { ...CAPTURE, source: 'engine', facts: {} }
  expect(known(captured(...span('vfree', page(0), null)), run)).toEqual([0, 1, 2, 4])
})

test('what was pending for the area is unknown too: nobody owes a flush of it', () => {
  const pending = (...after: readonly Lean[]): bigint[] => {
    const observers = new Observers(CAPTURE)
    for (const e of captured(...after)) observers.apply(e)
    return heldVersions(observers).map(({ va }) => va)
  }
  expect(pending()).toEqual([page(0), page(1), page(2), page(4)])
  expect(pending(...span('vfree', page(0), null))).toEqual([page(4)])
  const run = { ...CAPTURE, events: 9 }
  const events = captured(...span('vfree', page(0), null), ...span('vfree', page(4), null))
  expect(checkRun(memorySource(run, events)).findings).toEqual([])
})

test('of a capture state and why say the same, with snapshots and without', async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const { run: id } = await importFile(runFile, fixture('modules_small-6.12.trace.gz'), {
    created: 7,
  })
  const run = runFile.find(id)
  const state = stateAt(runFile, run)
  const folded = stateAt(runFile, run, run.events - 1, { snapshots: false })
  const areas = new Set<bigint>()
  for (const e of runFile.source(run).events()) {
    if (e.kind !== 'desc_write' || e.va === null || e.va < 0xffff_8000_0000_0000n) continue
    areas.add(e.va)
  }
  expect(areas.size).toBeGreaterThan(20)
  for (const va of areas) {
    expect(state.lookup(va)).toEqual({ found: 'unknown' })
    expect(folded.lookup(va)).toEqual({ found: 'unknown' })
  }
  const [va] = areas
  const why = whyDescriptor(runFile, run, va!)
  expect(why.lookup).toEqual({ found: 'unknown' })
  const last = why.steps.at(-1)!
  expect(last.event).toMatchObject({ kind: 'span_begin', fn: 'vfree' })
  const lines = [...whyLines(why)]
  expect(lines[1]).toBe(`  what is mapped there is not known after vfree #${last.event.seq}`)
  // Before it the entry was known.
  expect(whyDescriptor(runFile, run, va!, last.event.seq - 1).lookup.found).toBe('entry')
  runFile.close()
})
