import {
  buildMachine,
  LEVEL_NAMES,
  parseScenario,
  printEntries,
  runChosen,
  type Scenario,
  scenarioWorks,
} from '@pagetrail/engine'
import { INTERLEAVINGS, scenarioNamed } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { Observers } from '../../../packages/recorder/src/observers/observers.ts'
import { heldVersions } from '../../../packages/recorder/src/observers/held-versions.ts'
import {
  outputAddress,
  roleMask,
  withoutAddress,
} from '../../../packages/recorder/src/descriptor/bits.ts'
import { PageState } from '../../../packages/recorder/src/tables/page-state.ts'
import { type HeldEntry, TlbFold } from '../../../packages/recorder/src/observers/tlb-fold.ts'
import { playedRun } from '../../support/played-runs.ts'

/**
 * The model beside the machine: what TLBs of the engine hold, at whichever moment of whichever schedule, is what the
 * tables say, or a version that the fold of the events does not call gone. The other rooms ask the fold alone.
 */
const FLAVOUR = '7.3'
const SCHEDULES = 6

const named = INTERLEAVINGS.filter(({ json }) => {
  const { cpus } = json as { readonly cpus?: readonly unknown[] }
  return cpus !== undefined && JSON.stringify(json).includes('tlb')
}).map(({ name }) => name)

const scenarioOf = (name: string, schedule = ''): Scenario => {
  const { json, geometry } = scenarioNamed(name)
  return parseScenario(json, { flavour: FLAVOUR, geometry, schedule, exact: schedule !== '' })
}

/** Numbers that look random, the same each time. */
function* numbers(seed: number): Generator<number, never> {
  for (let x = seed * 7919 + 1; ;) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    yield x >>> 8
  }
}

/** A schedule of the scenario, as its text. */
function scheduled(name: string, seed: number): string {
  const scenario = scenarioOf(name)
  const machine = buildMachine(scenario)
  const random = numbers(seed)
  const works = scenarioWorks(scenario, (cpu, call) => machine.call(call, cpu))
  const { entries } = runChosen(
    machine,
    works,
    (runnable) => runnable[random.next().value % runnable.length]!,
  )
  return printEntries(entries)
}

const PAGE = 0x1000n
const UNSEEN = roleMask('shape', null) | roleMask('software', null)

/** Where a descriptor of [va, end) leads at a page, and what it allows: what an observer sees of it. */
function sight(desc: bigint, va: bigint, end: bigint, page: bigint): string {
  if ((desc & 1n) === 0n) return 'nothing'
  const leads = (outputAddress(desc, null) & -(end - va)) + (page - va)
  return `${leads} ${withoutAddress(desc, null) & ~UNSEEN}`
}
const wordsOf = ({ lo, hi }: { lo: number; hi: number }): bigint =>
  (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)

/** The first page of a TLB entry of which neither the tables nor a version that is not gone say what it says. */
function unheard({ va, end, desc }: HeldEntry, state: PageState, observers: Observers) {
  const olds = heldVersions(observers).filter((old) => old.va < end && va < old.end)
  for (let page = va; page < end; page += PAGE) {
    const now = state.lookup(page)
    // A span may be of more entries than the run has told.
    if (now.found !== 'entry') continue
    const says = sight(desc, va, end, page)
    const size = BigInt(state.entrySize(LEVEL_NAMES.indexOf(now.level)))
    if (says === sight(now.desc, now.va, now.va + size, page)) continue
    const isOld = olds.some(
      (old) =>
        old.va <= page && page < old.end && says === sight(wordsOf(old), old.va, old.end, page),
    )
    if (!isOld) return page
  }
  return null
}

/** The events of a run after which a TLB holds what the model calls gone, in words. */
function contradictions(name: string, schedule: string): { fills: number; found: string[] } {
  const source = playedRun(scenarioOf(name, schedule), name)
  const { run } = source
  const events = [...source.events()]
  const observers = new Observers(run)
  const state = PageState.of(run)
  const tlbs = new TlbFold(run.geometry!.pageShift)
  const found: string[] = []
  for (const e of events) {
    observers.apply(e)
    if (e.kind === 'table_free') observers.freed(e)
    state.apply(e)
    tlbs.apply(e)
    for (const held of tlbs.entries) {
      const page = unheard(held, state, observers)
      if (page === null) continue
      found.push(`${schedule}, after ${e.seq} ${e.kind}: ${JSON.stringify({ page, held }, shown)}`)
    }
  }
  return { fills: events.filter(({ kind }) => kind === 'tlb_fill').length, found }
}

test.each(named)('%s: no TLB holds what the fold calls gone', (name) => {
  let filled = 0
  for (let seed = 0; seed < SCHEDULES; seed++) {
    const { fills, found } = contradictions(name, scheduled(name, seed))
    expect(found).toEqual([])
    filled += fills
  }
  expect(filled).toBeGreaterThan(0)
})

const shown = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `0x${value.toString(16)}` : value
