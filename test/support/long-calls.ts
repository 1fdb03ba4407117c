import { join } from 'node:path'
import { openRuns } from '@pagetrail/recorder'
import { folder } from './cli.ts'
import { eventsOf, setMemoryRo } from './sample-run.ts'
import { SAMPLE } from './sample-trace.ts'

const PAGES = 10_000
/** The page that stays writable in the second run. */
const ODD = 7_777

type Lean = ReturnType<typeof setMemoryRo>[number]

/** A database with set_memory_ro of 10,000 pages, twice; `odd`: the store that the second time keeps the old value. */
export async function writeLongCalls(): Promise<{ readonly db: string; readonly odd: number }> {
  const db = join(folder(), 'long.db')
  const runFile = await openRuns(db, { mode: 'write' })
  // So many pages are too many for one instruction: a kernel flushes everything.
  const lean = setMemoryRo(PAGES).filter((e) => e.kind !== 'tlbi')
  const stores = lean.flatMap((e, i) => (e.kind === 'desc_write' ? [i] : []))
  const odd = stores[ODD]!
  const other = lean.map((e, i): Lean => (i === odd ? Object.assign({}, e, { new: e['old'] }) : e))
  for (const [label, events] of [
    ['all alike', lean],
    ['one odd page', other],
  ] as const) {
    const writer = runFile.startRun({ ...SAMPLE, label })
    for (const event of eventsOf([...events])) writer.append(event)
    writer.finish('complete')
  }
  runFile.close()
  return { db, odd }
}
