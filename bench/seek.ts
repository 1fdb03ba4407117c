import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { closeStates, openRuns, stateAt, type RunFile, whyDescriptor } from '@pagetrail/recorder'

import { FIRST_PAGE, PAGES, recordRandomRun } from './seek-run.ts'

/**
 * `state --at` a random event of a run of 10 million: median and 99th percentile, warm, and what the first look costs.
 *
 *     node bench/seek.ts [EVENTS] [FILE to keep and use again]
 */
const EVENTS = Number(process.argv[2] ?? 10_000_000)
const SEEKS = 2000
const QUESTIONS = 50

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-seek-'))
try {
  const path = process.argv[3] ?? join(folder, 'seek.db')
  if (!existsSync(path)) await recordRandomRun(path, EVENTS)
  const runFile = await openRuns(path, { mode: 'write' })
  measure(runFile, path)
  measureWhy(runFile)
  closeStates(runFile)
  runFile.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function measure(runFile: RunFile, path: string): void {
  const run = runFile.find(-1)
  const tables = stateAt(runFile, run)
  console.log(`${run.events} events, ${tables.size} entries, ${statSync(path).size} bytes`)
  runFile.db.prepare('delete from snapshot').run()
  const began = performance.now()
  stateAt(runFile, run)
  const seconds = (performance.now() - began) / 1000
  const [count, bytes] = runFile.db
    .prepare<[], [bigint, bigint]>('select count(*), sum(length(body)) from snapshot')
    .raw()
    .get()!
  const perEvent = Number(bytes) / run.events
  console.log(
    `first fold of all of it ${seconds.toFixed(1)} s, leaving ${count} snapshots, ${bytes} bytes`,
  )
  console.log(`(${perEvent.toFixed(2)} bytes an event)`)
  const times = Array.from({ length: SEEKS }, () => {
    const seq = Math.floor(Math.random() * run.events)
    const start = performance.now()
    stateAt(runFile, run, seq)
    return performance.now() - start
  }).toSorted((a, b) => a - b)
  const at = (share: number) => `${times[Math.floor(times.length * share)]!.toFixed(2)} ms`
  console.log(
    `${SEEKS} seeks: median ${at(0.5)} (aim 5), p99 ${at(0.99)} (aim 20), worst ${at(0.9999)}`,
  )
}

/** `why` of random pages after the last event. */
function measureWhy(runFile: RunFile): void {
  const run = runFile.find(-1)
  const times = Array.from({ length: QUESTIONS }, () => {
    const va = FIRST_PAGE + BigInt(Math.floor(Math.random() * PAGES)) * 0x1000n
    const start = performance.now()
    const { steps, earlier } = whyDescriptor(runFile, run, va)
    return { ms: performance.now() - start, steps: steps.length + earlier }
  }).toSorted((a, b) => a.ms - b.ms)
  const at = (share: number) => times[Math.floor(times.length * share)]!
  const [middle, worst] = [at(0.5), at(0.9999)]
  console.log(`${QUESTIONS} times why: median ${middle.ms.toFixed(0)} ms of ${middle.steps} steps,`)
  console.log(`worst ${worst.ms.toFixed(0)} ms of ${worst.steps} steps`)
}
