import { openRuns, recordScenario, SCENARIOS, stateAt } from '@pagetrail/recorder'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { StateReader } from '../../../packages/tui/src/data/state-reader.ts'
import { ledgerAt } from '../../../packages/tui/src/data/ledger.ts'
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
  const lines = ledgerAt(runFile, run, run.events - 1, () => stateAt(runFile, run))
  expect(lines.map((l) => l.text)).toEqual(['no barrier pending, no flush owed'])
  runFile.close()
})

test('the ledger shows what is pending and owed', async () => {
  const { run, runFile } = await sample(2)
  const text = (seq: number) =>
    ledgerAt(runFile, run, seq, () => stateAt(runFile, run, seq)).map((l) => l.text)
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
