import { deserialize, serialize } from 'node:v8'

import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'

import {
  Beliefs,
  beliefsAt,
  type EventSource,
  heldVersions,
  openRuns,
  recordScenario,
  SCENARIOS,
} from '@pagetrail/recorder'

import { testFile } from '../../support/files.ts'
import { captures, engineRuns, fixture, pagesScenario } from '../../support/runs.ts'

/** All that can be asked of it, as it stands. */
const answers = ({ observers, tlb, barriers }: Beliefs): object =>
  structuredClone({
    held: heldVersions(observers),
    pending: [...observers.lines()].map((line) => line.save()),
    tlb: [tlb.entries, tlb.pending],
    barriers: [...barriers],
  })

const copied = (source: EventSource, beliefs: Beliefs): Beliefs =>
  Beliefs.from(source.run, deserialize(serialize(beliefs.save())))

/**
 * Folds a run once from its start and beside it from what was saved at each of `places` moments, the last one saved of
 * the one before; compared at each, a little later, and at the end. Returns how many versions were held there.
 */
function expectSame(source: EventSource, places: number): number {
  const events = [...source.events()]
  const whole = new Beliefs(source.run)
  let other = new Beliefs(source.run)
  let old = other
  let held = 0
  const [right, found]: [object[], object[]] = [[], []]
  const compare = (beliefs: Beliefs): void => {
    right.push(answers(whole))
    found.push(answers(beliefs))
  }
  const apart = Math.max(1, Math.floor(events.length / places))
  for (const [i, e] of events.entries()) {
    for (const beliefs of new Set([whole, other, old])) beliefs.apply(e)
    if (i % apart === apart >> 1) compare(other)
    if (i % apart < apart - 1) continue
    held += heldVersions(whole.observers).length
    old = other
    other = copied(source, other)
    compare(other)
  }
  for (const beliefs of new Set([whole, other, old])) beliefs.observers.finish()
  compare(other)
  compare(old)
  expect(found).toEqual(right)
  return held
}

describe('folding on from what was saved is folding from the start', () => {
  test.each([
    'modules_small-6.12.trace.gz',
    'modules_small-7.3.trace.gz',
    'secretmem_small-6.17.trace.gz',
    'bpf-6.18-boot1.trace.gz',
  ])('%s', async (name) => {
    const [source] = await captures(fixture(name))
    expect(expectSame(source!, 60)).toBeGreaterThan(10)
  })

  test.each(['6.12', '7.3'])('every other scenario on %s', async (flavour) => {
    let pending = 0
    for (const [i, { json }] of SCENARIOS.entries()) {
      if (i % 2 === (flavour === '7.3' ? 0 : 1)) continue
      const [source] = await engineRuns(Object(json), flavour)
      pending += expectSame(source!, 8)
    }
    expect(pending).toBeGreaterThan(50)
  })
})

/** 300 calls, of which none flushes. */
const owing = pagesScenario(
  300,
  Array.from({ length: 300 }, (_, i) => ({
    fn: 'set_direct_map_invalid_noflush',
    pfn: `0x${(0x50_0040 + i).toString(16)}`,
  })),
)

const APART = { apart: 512 }

async function recorded(): Promise<string> {
  const path = testFile()
  const runFile = await openRuns(path, { mode: 'write' })
  recordScenario(runFile, owing, { flavour: '7.3', name: 'owing', created: 0 })
  runFile.close()
  return path
}

/** What is held at some events, each asked of the file opened anew. */
async function heldIn(path: string): Promise<unknown[]> {
  const found: unknown[] = []
  for (const part of [0.9, 0.3, 1, 0.6]) {
    const runFile = await openRuns(path, { mode: 'read' })
    const run = runFile.find(1)
    found.push(answers(beliefsAt(runFile, run, Math.floor((run.events - 1) * part), APART)))
    runFile.close()
  }
  return found
}

async function fromStart(path: string): Promise<unknown[]> {
  const runFile = await openRuns(path, { mode: 'read' })
  const source = runFile.source(runFile.find(1))
  const found = [0.9, 0.3, 1, 0.6].map((part) => {
    const beliefs = new Beliefs(source.run)
    const to = Math.floor((source.run.events - 1) * part)
    for (const e of source.events(0, to)) beliefs.apply(e)
    return answers(beliefs)
  })
  runFile.close()
  return found
}

const change = (path: string, sql: string): number => {
  const db = new Sqlite(path)
  const { changes } = db.prepare(sql).run()
  db.close()
  return changes
}

describe('in a file', () => {
  test('states are saved on the way, used, and made anew where they are not what was written', async () => {
    const path = await recorded()
    const right = await fromStart(path)
    expect(await heldIn(path)).toEqual(right)
    expect(await heldIn(path)).toEqual(right)
    for (const sql of [
      `update snapshot set body = substr(body, 1, length(body) - 1) where projection = 'beliefs'`,
      `update snapshot set body = (select body from snapshot where projection = 'beliefs' order by seq limit 1)
         where projection = 'beliefs'`,
      `update snapshot set version = version + 1 where projection = 'beliefs'`,
    ]) {
      expect(change(path, sql)).toBeGreaterThan(1)
      expect(await heldIn(path)).toEqual(right)
    }
  })

  test('a saved state is what is gone on from', async () => {
    const path = await recorded()
    await heldIn(path)
    const runFile = await openRuns(path, { mode: 'read' })
    const run = runFile.find(1)
    let read = 0
    const source = runFile.source(run)
    runFile.source = () => ({
      ...source,
      *events(from = 0, to = run.events - 1) {
        read += to - from + 1
        yield* source.events(from, to)
      },
    })
    beliefsAt(runFile, run, run.events - 1, APART)
    expect(read).toBeLessThan(run.events / 2)
    runFile.close()
  })
})
