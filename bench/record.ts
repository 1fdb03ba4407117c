import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import Sqlite from 'better-sqlite3'

import {
  BATCH_EVENTS,
  COLUMN_NAMES,
  HookRecorder,
  openRuns,
  type RunMeta,
  verify,
} from '@pagetrail/recorder'
import { EventReader } from '../packages/recorder/src/store/event-reader.ts'

/**
 * How fast events become durable, against a bare better-sqlite3 prepared insert of the same rows; what a hook costs
 * until its batch is full; how large an event is on disk. Run it with `node bench/record.ts [events] [rounds]`.
 */

const EVENTS = Number(process.argv[2] ?? 400_000)
const ROUNDS = Number(process.argv[3] ?? 5)
const META: RunMeta = { label: 'bench', source: 'engine', created: 0 }
const PAGES = 512
const HI = 0xffff_8000

/** set_memory_ro over 512 pages at a time as 6.18 reports it: four events a page and six a call. */
function drive(hooks: HookRecorder, events: number): void {
  for (let done = 0, call = 0; done < events; call++) {
    const lo = ((call * PAGES * 4096) % 0x7000_0000) + 0x8000_0000
    const end = lo + PAGES * 4096
    hooks.opBegin('set_memory_ro', true, lo, HI, end, HI, { addr: lo, numpages: PAGES })
    hooks.lazyMmuEnter(1, false, null)
    hooks.walkBegin('walk_kernel_page_table_range_lockless', lo, HI, end, HI)
    for (let page = 0; page < PAGES; page++) {
      const va = lo + page * 4096
      const pa = 0x4000_0000 + page * 4096
      hooks.cbEnter(4, 'pageattr_pte_entry', va, HI, va + 4096, HI)
      hooks.descWrite(4, va, HI, pa | 0x703, 0xe80005, pa | 0x783, 0xe00005)
      hooks.barrierQueue()
      hooks.cbExit(4, 'pageattr_pte_entry', va, HI, 0, null)
    }
    hooks.walkEnd('walk_kernel_page_table_range_lockless', 0)
    hooks.lazyMmuLeave(0, false, null)
    hooks.opEnd('set_memory_ro', 0)
    done += PAGES * 4 + 6
  }
}

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-bench-'))
let files = 0
const newFile = () => join(folder, `${files++}.db`)

/** Seconds to record through the hooks, closing the file included. */
async function recorded(): Promise<{ seconds: number; path: string; events: number }> {
  const path = newFile()
  const runFile = await openRuns(path, { mode: 'write' })
  const start = performance.now()
  const writer = runFile.startRun(META)
  drive(new HookRecorder(writer), EVENTS)
  writer.finish('complete')
  runFile.close()
  return { seconds: (performance.now() - start) / 1000, path, events: writer.committed }
}

type Value = number | bigint | string | null

/** The rows as a program would have them at hand that knows what it wants to insert. */
async function rowsOf(path: string): Promise<Value[][]> {
  const runFile = await openRuns(path, { mode: 'read' })
  const reader = new EventReader(runFile.db)
  const rows = reader.rows(1, { from: 0, limit: 2 ** 31 }).map((row) =>
    row.map((value): Value => {
      if (typeof value !== 'bigint') return typeof value === 'string' ? value : null
      return Number.isSafeInteger(Number(value)) ? Number(value) : value
    }),
  )
  runFile.close()
  return rows
}

/** The same table, pragmas and batches; nothing but the insert. */
function bare(rows: readonly Value[][], create: string): number {
  const path = newFile()
  const db = new Sqlite(path)
  db.pragma('journal_mode = wal')
  db.exec(create)
  const marks = COLUMN_NAMES.map(() => '?').join(', ')
  const insert = db.prepare<[Value[]]>(`insert into event values (${marks})`)
  const start = performance.now()
  for (let first = 0; first < rows.length; first += BATCH_EVENTS) {
    db.exec('begin immediate')
    const end = Math.min(first + BATCH_EVENTS, rows.length)
    for (let i = first; i < end; i++) insert.run(rows[i]!)
    db.exec('commit')
  }
  db.close()
  const seconds = (performance.now() - start) / 1000
  rmSync(path)
  return seconds
}

/** ns an event from the hook to a row of the batch, SQLite left out. */
async function hookCost(): Promise<number> {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const events = 64 * (PAGES * 4 + 6)
  const writer = runFile.startRun(META, { batchEvents: events })
  const hooks = new HookRecorder(writer)
  let best = Infinity
  for (let round = 0; round < 20; round++) {
    const start = performance.now()
    drive(hooks, events)
    best = Math.min(best, ((performance.now() - start) * 1e6) / events)
    writer.batch.clear()
  }
  runFile.close()
  return best
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

const first = await recorded()
const rows = await rowsOf(first.path)
const inspect = new Sqlite(first.path, { readonly: true })
const create = String(
  inspect.prepare(`select sql from sqlite_schema where name = 'event'`).pluck().get(),
)
const sizes = inspect
  .prepare<[], { name: string; bytes: number }>(
    'select name, sum(pgsize) as bytes from dbstat group by name',
  )
  .all()
inspect.close()

const ours: number[] = []
const theirs: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  const { seconds, path } = await recorded()
  ours.push(first.events / seconds)
  rmSync(path)
  theirs.push(rows.length / bare(rows, create))
}
const check = await openRuns(first.path, { mode: 'read' })
const start = performance.now()
const { problems } = verify(check)
const verifySeconds = (performance.now() - start) / 1000
check.close()

const perSecond = (rate: number) => `${Math.round(rate / 1000)} k/s`
const eventBytes = sizes.find((table) => table.name === 'event')?.bytes ?? NaN
console.log(`events                   ${first.events}`)
console.log(
  `recorded through hooks   ${perSecond(median(ours))}  (${ours.map(perSecond).join(', ')})`,
)
console.log(
  `bare prepared insert     ${perSecond(median(theirs))}  (${theirs.map(perSecond).join(', ')})`,
)
console.log(`times the bare rate      ${(median(ours) / median(theirs)).toFixed(2)}`)
console.log(`hook until batch is full ${(await hookCost()).toFixed(0)} ns an event`)
console.log(
  `bytes an event           ${(eventBytes / first.events).toFixed(1)} in table event, ${(statSync(first.path).size / first.events).toFixed(1)} of the file`,
)
console.log(
  `verify                   ${perSecond(first.events / verifySeconds)}, ${problems.length} problems`,
)
rmSync(folder, { recursive: true })
