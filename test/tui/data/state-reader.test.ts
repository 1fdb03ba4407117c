import {
  beliefsAt,
  openRuns,
  recordScenario,
  type Run,
  SCENARIOS,
  stateAt,
} from '@pagetrail/recorder'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StateQuery } from '../../../packages/tui/src/data/data.ts'
import { StateReader } from '../../../packages/tui/src/data/state-reader.ts'
import { ledgerOf } from '../../../packages/tui/src/data/ledger.ts'
import { pagetrail } from '../../support/cli.ts'
import { writeSample } from '../../support/sample-trace.ts'

const PAGE = 0x1000n
const VA = 0xffff800080000000n

async function sample(calls: number) {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'state.db')
  const run = await writeSample(db, calls)
  return { run, runFile: await openRuns(db, { mode: 'read' }) }
}

test('going to and fro gives the state that a fold from the start gives', async () => {
  const { run, runFile } = await sample(600)
  const reader = new StateReader(runFile)
  for (const seq of [0, 4, 5, 4, 3_000, 2_999, 2_600, 11_999, 8, 7_000, 6_999, 6_400, 12]) {
    const view = reader.read(run, { run: run.id, seq, va: VA + PAGE, rows: 12, want: 'tables' })
    const whole = stateAt(runFile, run, seq, { snapshots: false })
    const seen = [...view.path, ...view.near].map((e) => [e.va, e.desc])
    const fold = [...view.path, ...view.near].map((e) => [e.va, whole.entry(e.level, e.va)?.desc])
    expect(seen).toEqual(fold)
    expect(seen.length > 0).toBe(seq >= 8)
  }
  runFile.close()
})

test('only the entry that the event changed is marked', async () => {
  const { run, runFile } = await sample(4)
  const reader = new StateReader(runFile)
  const at = (seq: number) =>
    reader
      .read(run, { run: run.id, seq, va: VA + PAGE, rows: 12, want: 'tables' })
      .near.filter((e) => e.changed)
      .map((e) => e.va)
  expect(at(8)).toEqual([VA + PAGE])
  expect(at(9)).toEqual([])
  runFile.close()
})

test('after a flush with its TLBI nothing is owed', async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const { json } = SCENARIOS.find(({ name }) => name === 'clean-ro')!
  const { run } = recordScenario(runFile, json, { flavour: '7.3', name: 'clean-ro', created: 0 })
  const lines = ledgerOf(beliefsAt(runFile, run, run.events - 1), true, () => stateAt(runFile, run))
  expect(lines.map((l) => l.text)).toEqual(['no barrier pending, no flush owed'])
  runFile.close()
})

test('the ledger shows what is pending and owed', async () => {
  const { run, runFile } = await sample(2)
  const text = (seq: number) =>
    ledgerOf(beliefsAt(runFile, run, seq), true, () => stateAt(runFile, run, seq)).map(
      (l) => l.text,
    )
  expect(text(9)).toEqual([
    'cpu 0: in lazy MMU mode, depth 1',
    'cpu 0: 2 barriers pending since #5',
    'flush owed since #4: 0xffff800080000000 changed, TLBs may allow more (overwritten)',
    'flush owed since #8: 0xffff800080001000 changed, TLBs may allow more (overwritten)',
  ])
  // The sample's flush function executes no TLBI.
  expect(text(19)).toHaveLength(3)
  expect(text(19)[0]).toContain('TLBs may allow more (ordered)')
  runFile.close()
})

/** Asks again until the answer has come; how far each of those before it was. */
function asked(reader: StateReader, run: Run, q: Omit<StateQuery, 'run' | 'turn'>) {
  const read: number[] = []
  for (let turn = 0; ; turn++) {
    const view = reader.read(run, { ...q, run: run.id, turn })
    if (view.more === null) return { view, read }
    expect(view.more.turn).toBe(turn)
    read.push(view.more.read)
  }
}

test.each(['tables', 'ledger'] as const)('%s far into a run come in parts', async (want) => {
  const { run, runFile } = await sample(3_000)
  const q = { seq: run.events - 1, va: VA + PAGE, rows: 12, want }
  const { view, read } = asked(new StateReader(runFile, 8_192), run, q)
  expect(read.length).toBeGreaterThan(2)
  expect(read).toEqual([...new Set(read)].toSorted((a, b) => a - b))
  expect(read.at(-1)).toBeLessThanOrEqual(run.events)
  const { view: whole } = asked(new StateReader(runFile, Infinity), run, q)
  expect(view).toEqual({ ...whole, more: null })
  expect(view.near.length + view.ledger.length).toBeGreaterThan(0)
  // What was read is kept: another process looks at once.
  expect(asked(new StateReader(runFile, 8_192), run, q).read.length).toBeLessThan(2)
  runFile.close()
})

test('a long look can be left for another and gone on with', async () => {
  const { run, runFile } = await sample(3_000)
  const reader = new StateReader(runFile, 8_192)
  const far = { run: run.id, seq: run.events - 1, va: VA + PAGE, rows: 12 }
  expect(reader.read(run, { ...far, want: 'tables' }).more).toEqual({ read: 16_384, turn: 0 })
  expect(reader.read(run, { ...far, want: 'ledger' }).more).toEqual({ read: 16_384, turn: 0 })
  const near = reader.read(run, { ...far, seq: 12, want: 'tables' })
  expect(near).toMatchObject({ more: null, seq: 12 })
  expect(near.near.length).toBeGreaterThan(0)
  // The fold that was left has saved how far it had come.
  const { view, read } = asked(reader, run, { ...far, want: 'tables' })
  expect(read[0]).toBeGreaterThan(16_384)
  const whole = stateAt(runFile, run, far.seq, { snapshots: false })
  const seen = view.near.map((e) => [e.va, e.desc])
  expect(seen).toEqual(view.near.map((e) => [e.va, whole.entry(e.level, e.va)?.desc]))
  expect(reader.reach(run, far.seq)).toBeNull()
  runFile.close()
})

test('what a run does not show is neither owed nor paid', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'unseen.db')
  const runFile = await openRuns(db, { mode: 'write' })
  const file = `${import.meta.dirname}/../../fixtures/traces/modules_small-6.18-lean-kaslr.trace.gz`
  expect((await pagetrail(['import', file, '--db', db])).status).toBe(0)
  const run = runFile.find(-1)
  const reader = new StateReader(runFile)
  const at = (seq: number) =>
    reader.read(run, { run: run.id, seq, va: null, rows: 12, want: 'ledger' }).ledger
  for (const seq of [0, 400, run.events - 1]) {
    const [first, ...rest] = at(seq)
    expect(first).toEqual({
      text: 'the run does not show TLB flushes: what is owed may have been paid',
      owed: false,
    })
    expect(rest.filter(({ owed }) => owed)).toEqual([])
    expect(rest.filter(({ text }) => text.startsWith('no '))).toEqual([])
  }
  expect(at(400).some(({ text }) => text.startsWith('flush perhaps owed since'))).toBe(true)
  runFile.close()
})
