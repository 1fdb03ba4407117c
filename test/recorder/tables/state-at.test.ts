import { readFileSync, rmSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { join } from 'node:path'

import {
  closeStates,
  importFile,
  InputError,
  type Leaf,
  leavesOf,
  openRuns,
  PageState,
  type Run,
  SNAPSHOT_EVENTS,
  stateAt,
  type RunFile,
  type TraceEvent,
} from '@pagetrail/recorder'
import Sqlite from 'better-sqlite3'
import * as fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'

import {
  AREA,
  eventsOf,
  hex,
  initOf,
  KERNEL_RW,
  PAGE,
  setMemoryRo,
} from '../../support/sample-run.ts'
import { database, type StoredRun } from '../../support/stored.ts'

// Runs of several snapshots are recorded, which other tests may slow down.
vi.setConfig({ testTimeout: 30_000 })

const open: RunFile[] = []
afterEach(() => {
  for (const runFile of open.splice(0)) {
    closeStates(runFile)
    runFile.close()
  }
})

async function recorded(
  stored: StoredRun,
  mode: 'read' | 'write' = 'read',
): Promise<[RunFile, Run]> {
  const runFile = await openRuns(await database([stored]), { mode })
  open.push(runFile)
  return [runFile, runFile.find(-1)]
}

type Entry = [level: number, address: number, lo: number, hi: number]

function entriesOf(state: PageState): Entry[] {
  const entries: Entry[] = []
  state.eachEntry((...entry) => entries.push(entry))
  return entries
}

/** The definition: every event applied, nothing else. */
function folded(run: Run, events: Iterable<TraceEvent>, seq: number): PageState {
  const state = PageState.of(run)
  for (const event of events) if (event.seq <= seq) state.apply(event)
  return state
}

function expectSame(found: PageState, right: PageState): void {
  expect(entriesOf(found)).toEqual(entriesOf(right))
  expect([found.size, found.unplaced, found.complete]).toEqual([
    right.size,
    right.unplaced,
    right.complete,
  ])
}

/** A run several snapshots long, whose tables change all the time and now and then go away. */
function longRun(): TraceEvent[] {
  const list = [initOf(512)]
  for (let i = 0; i < SNAPSHOT_EVENTS * 3; i++) {
    const va = hex(AREA + BigInt((i * 37) % 700) * PAGE)
    const block = hex(AREA + BigInt(i % 5) * 0x20_0000n)
    if (i % 997 === 0) list.push({ kind: 'table_free', level: 'pte', va: block, pa: '0x0' })
    else if (i % 499 === 0)
      list.push({ kind: 'table_alloc', level: 'pte', va: block, pa: '0x1000' })
    else if (i % 3 === 0) list.push({ kind: 'barrier' })
    else if (i % 101 === 0)
      list.push({ kind: 'desc_write', level: 'pmd', va: block, old: '0x0', new: hex(BigInt(i)) })
    else {
      const now = hex(KERNEL_RW | (BigInt(i) << 12n))
      list.push({
        kind: 'desc_write',
        level: 'pte',
        va: i % 211 === 0 ? null : va,
        old: '0x0',
        new: now,
      })
    }
  }
  return eventsOf(list, null)
}

const SEQS = [
  0,
  1,
  500,
  SNAPSHOT_EVENTS - 1,
  SNAPSHOT_EVENTS,
  SNAPSHOT_EVENTS * 2 - 1,
  SNAPSHOT_EVENTS * 2 + 17,
]

test('with and without snapshots, from any side, the state is the fold of the events', async () => {
  const events = longRun()
  const [runFile, run] = await recorded({ events })
  for (const seq of [...SEQS, ...SEQS.toReversed()]) {
    const right = folded(run, events, seq)
    expectSame(stateAt(runFile, run, seq), right)
    expectSame(stateAt(runFile, run, seq, { snapshots: false }), right)
  }
  const saved = "select count(*) from snapshot where projection = 'page-state'"
  expect(runFile.db.prepare(saved).pluck().get()).toBe(2n)
})

test('any events fold to what PageState.apply makes of them', async () => {
  const va = fc.integer({ min: 0, max: 5 }).map((i) => hex(AREA + BigInt(i) * PAGE))
  const value = fc.constantFrom('0x0', '0x3', hex(KERNEL_RW), '0xffffffffffffffff')
  const level = fc.constantFrom('pmd', 'pte', 'contpte', 'contpmd', null)
  const table = fc.constantFrom(hex(AREA), hex(AREA + 0x20_0000n))
  const block = {
    level: fc.constantFrom('pud', 'pmd', 'contpte'),
    va: fc.option(table),
    val: fc.option(value),
  }
  const event = fc.oneof(
    fc.record({
      kind: fc.constant('desc_write'),
      level,
      va: fc.option(va),
      old: fc.option(value),
      new: fc.option(value),
    }),
    fc.record({
      kind: fc.constant('cb_enter'),
      level: fc.constantFrom('pud', 'pmd', 'pte'),
      fn: fc.constant('f'),
      va: fc.option(va),
      end: fc.constant(null),
      val: value,
    }),
    fc.record({ kind: fc.constant('split'), ...block, cur: fc.option(value) }),
    fc.record({ kind: fc.constant('split_end'), ...block, ret: fc.constant(0) }),
    fc.record({
      kind: fc.constantFrom('table_alloc', 'table_free'),
      level: fc.constant('pte'),
      va: table,
      pa: fc.constant(null),
    }),
    fc.record({
      kind: fc.constant('init'),
      level: fc.constant('pte'),
      va,
      new: value,
      count: fc.nat(4),
      pa_step: fc.constantFrom('0x0', '0x1000'),
    }),
  )
  const path = await database([])
  const runFile = await openRuns(path, { mode: 'write' })
  open.push(runFile)
  fc.assert(
    fc.property(fc.array(event, { maxLength: 25 }), fc.boolean(), (list, real) => {
      const writer = runFile.startRun({
        label: 'x',
        source: real ? 'ftrace' : 'engine',
        created: 0,
      })
      const events = eventsOf(list, null)
      for (const each of events) writer.append(each)
      writer.finish('complete')
      const run = runFile.find(writer.id)
      expectSame(stateAt(runFile, run), folded(run, events, events.length))
    }),
    { numRuns: 100 },
  )
  expect(runFile.runs()).toHaveLength(100)
})

test('a damaged, foreign or deleted snapshot changes no answer', async () => {
  const events = longRun()
  const [runFile, run] = await recorded({ events })
  const seq = SNAPSHOT_EVENTS * 2 + 5
  const right = folded(run, events, seq)
  expectSame(stateAt(runFile, run, seq), right)
  const damages = [
    'update snapshot set body = zeroblob(length(body)) where seq > 9000',
    "update snapshot set body = cast('x' as blob)",
    'update snapshot set seq = seq + 3',
    'delete from snapshot',
  ]
  for (const damage of damages) {
    const db = new Sqlite(runFile.path)
    expect(db.prepare(damage).run().changes).toBeGreaterThan(0)
    db.close()
    expectSame(stateAt(runFile, run, seq), right)
  }
})

test('the snapshots are what is read: the events before them are not needed any more', async () => {
  const events = longRun()
  const [runFile, run] = await recorded({ events })
  const right = [8191, 8192, 16383, 16390].map((seq) => folded(run, events, seq))
  stateAt(runFile, run)
  const db = new Sqlite(runFile.path)
  expect(db.prepare('delete from event where id & 4294967295 < 8192').run().changes).toBe(8192)
  db.close()
  for (const [i, seq] of [8191, 8192, 16383, 16390].entries()) {
    expectSame(stateAt(runFile, run, seq), right[i]!)
  }
})

test('a reader that may not write folds all the same', async () => {
  const events = longRun()
  const [runFile, run] = await recorded({ events })
  const other = new Sqlite(runFile.path)
  other.exec('begin immediate')
  try {
    expectSame(stateAt(runFile, run), folded(run, events, events.length))
  } finally {
    other.exec('rollback')
  }
  expect(other.prepare('select count(*) from snapshot').pluck().get()).toBe(0)
  other.close()
})

test('a file that is gone is still read, without leaving another behind', async () => {
  const events = longRun()
  const [runFile, run] = await recorded({ events })
  rmSync(runFile.path)
  expectSame(stateAt(runFile, run), folded(run, events, events.length))
  await expect(openRuns(runFile.path, { mode: 'read' })).rejects.toThrow(InputError)
})

test('an event that the run does not have is refused with its range', async () => {
  const [runFile, run] = await recorded({ events: eventsOf(setMemoryRo(1)) })
  expect(() => stateAt(runFile, run, 13)).toThrow('run 1 has no event 13; its events are 0 to 12')
  expect(() => stateAt(runFile, run, -1)).toThrow(InputError)
})

test('a start state that would fill memory is refused', async () => {
  const list = [{ ...initOf(1), count: 2_000_000_000 }]
  const [runFile, run] = await recorded({ events: eventsOf(list, null) })
  expect(() => stateAt(runFile, run)).toThrow(/an init lists 2000000000 entries; at most 16777216/)
})

test('a run without events has empty tables', async () => {
  const [runFile, run] = await recorded({ events: [] })
  expect(stateAt(runFile, run).size).toBe(0)
})

const fixture = (name: string) => join(import.meta.dirname, '../../fixtures', name)

interface Dumped {
  readonly start: bigint
  readonly end: bigint
  readonly level: string
  readonly attributes: bigint
}

function dumpOf(name: string): Dumped[] {
  const text = gunzipSync(readFileSync(fixture(name))).toString()
  const lines = text.matchAll(/^(0x\w+)-(0x\w+) .* L\d (\w+) .* attr=(\w+)$/gm)
  return [...lines].map(([, start, end, level, attributes]) => ({
    start: BigInt(start!),
    end: BigInt(end!),
    level: level!.toLowerCase(),
    attributes: BigInt(`0x${attributes}`),
  }))
}

function pagesOf({ va, end }: Leaf): bigint[] {
  return Array.from({ length: Number((end - va) / PAGE) }, (_, i) => va + BigInt(i) * PAGE)
}

test('what the trace of a real kernel shows is what its page tables held in the end', async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const file = fixture('traces/modules_small-6.18-bbm.trace.gz')
  const { run } = await importFile(runFile, file, { created: 0 })
  const dump = dumpOf('pagetables/6.18-bbm-end.txt.gz')
  const compared = leavesOf(stateAt(runFile, runFile.find(run))).flatMap((leaf) =>
    pagesOf(leaf).flatMap((va) => {
      const entry = dump.find(({ start, end }) => va >= start && va < end)
      // The modules' own mappings went away with them, which no probe shows.
      if (!entry) return []
      const { level, attributes } = leaf
      return [
        {
          va,
          seen: { level, attributes },
          held: { level: entry.level, attributes: entry.attributes },
        },
      ]
    }),
  )
  runFile.close()
  expect(compared).toHaveLength(33)
  for (const { seen, held } of compared) expect(seen).toEqual(held)
})
