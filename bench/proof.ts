import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import Sqlite from 'better-sqlite3'

import {
  checkRun,
  closeStates,
  diffRuns,
  openRuns,
  recordScenario,
  stateAt,
} from '@pagetrail/recorder'

import { RunFile } from '../packages/recorder/src/store/run-file.ts'
import { random } from '../test/support/harm/damage.ts'

/**
 * What it costs that readers prove what they read: the same questions on the same file, unproven as before (the same
 * code without a proof), by a process that has to prove everything, and by one that finds it proven. CPU time, the
 * median of five, the three in turn so that a loaded machine is as unfair to each.
 *
 *     node bench/proof.ts [events]
 */
const EVENTS = Number(process.argv[2] ?? 200_000)
const ROUNDS = 5
const AREA = 0xffff_8000_c000_0000n
const PAGES = 500

const hex = (value: bigint): string => `0x${value.toString(16)}`

const scenario = {
  geometry: { page_shift: 12, va_bits: 48 },
  features: { rodata_full: false },
  init: [
    { va: hex(AREA), level: 'pte', desc: '0x68000500000703', count: PAGES, pa_step: '0x1000' },
  ],
  areas: [{ start: hex(AREA), size: hex(BigInt(PAGES + 1) * 4096n), nr_pages: 0 }],
  calls: Array.from({ length: Math.ceil(EVENTS / 2015) }, (_, i) => ({
    fn: i % 2 === 0 ? 'set_memory_ro' : 'set_memory_rw',
    addr: hex(AREA),
    numpages: PAGES,
  })),
}

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-proof-'))
const path = join(folder, 'runs.db')
const proofs = join(folder, 'proofs')

const OPEN: Readonly<Record<string, () => Promise<RunFile>>> = {
  unproven: async () => {
    const db = new Sqlite(path, { readonly: true })
    db.defaultSafeIntegers(true)
    // What has no name is nobody else's, and is not proven.
    return new RunFile(db, ':memory:', 'read', null)
  },
  cold: () => openRuns(path, { mode: 'read' }),
  warm: () => openRuns(path, { mode: 'read', proofs }),
}

const QUESTIONS: Readonly<Record<string, (runFile: RunFile) => void>> = {
  'every event, read': (runFile) => {
    for (const _ of runFile.source(runFile.find(1)).events());
  },
  check: (runFile) => void checkRun(runFile.source(runFile.find(1))),
  diff: (runFile) =>
    void diffRuns(runFile.source(runFile.find(1)), runFile.source(runFile.find(2))),
  'the last page of 50': (runFile) => {
    const run = runFile.find(1)
    runFile.readPage(run, { from: run.events - 1, limit: 50, backward: true })
  },
  'state after 50 random events': (runFile) => {
    const run = runFile.find(1)
    const below = random(7)
    for (let n = 0; n < 50; n++) stateAt(runFile, run, below(run.events))
    closeStates(runFile)
  },
}

async function measured(open: () => Promise<RunFile>, ask: (runFile: RunFile) => void) {
  const before = process.cpuUsage()
  const runFile = await open()
  ask(runFile)
  runFile.close()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

try {
  const runFile = await openRuns(path, { mode: 'write' })
  for (const flavour of ['6.17', '6.18'] as const)
    recordScenario(runFile, scenario, { flavour, name: 'bench', created: 0 })
  stateAt(runFile, runFile.find(1))
  closeStates(runFile)
  const { events } = runFile.find(1)
  runFile.close()
  // Remembered so soon after the last write it would not be believed.
  while (Date.now() < statSync(path).ctimeMs + 100) await wait(20)
  for (const ask of Object.values(QUESTIONS)) await measured(OPEN['warm']!, ask)
  console.log(`${events} events, ${statSync(path).size} bytes; CPU ms\n`)
  console.log(`| question | ${Object.keys(OPEN).join(' | ')} |\n|---|---|---|---|`)
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    const times = new Map(Object.keys(OPEN).map((mode) => [mode, [] as number[]]))
    for (let round = 0; round < ROUNDS; round++)
      for (const [mode, open] of Object.entries(OPEN))
        times.get(mode)!.push(await measured(open, ask))
    const medians = [...times].map(([mode, all]) => {
      // Snapshots are bound to what proves their events: without that, every state is folded from the first.
      if (mode === 'unproven' && name.startsWith('state')) return '–'
      const ms = all.toSorted((a, b) => a - b)[ROUNDS >> 1]!
      return ms.toFixed(ms < 10 ? 1 : 0)
    })
    console.log(`| ${name} | ${medians.join(' | ')} |`)
  }
} finally {
  rmSync(folder, { recursive: true })
}
