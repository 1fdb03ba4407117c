import { openRuns, type RunMeta, type TraceEvent } from '@pagetrail/recorder'
import { join } from 'node:path'
import { folder } from './cli.ts'
import { eventsOf, initOf, SAMPLE_RUN, setMemoryRo } from './sample-run.ts'

export interface StoredRun {
  readonly meta?: Partial<RunMeta>
  readonly events?: readonly TraceEvent[]
  readonly state?: 'complete' | 'interrupted'
}

/** set_memory_ro on three pages, with its start state. */
export const sampleEvents = (): TraceEvent[] => {
  const state = eventsOf([initOf(3)], null)
  const call = eventsOf(setMemoryRo(3)).map((event) => Object.assign(event, { seq: event.seq + 1 }))
  return [...state, ...call]
}

/** A database in a folder of its own with these runs; without any, one sample run. */
export async function database(runs: readonly StoredRun[] = [{}]): Promise<string> {
  const path = join(folder(), 'test.db')
  await store(path, runs)
  return path
}

/** Adds runs to a database. */
export async function store(path: string, runs: readonly StoredRun[]): Promise<void> {
  const runFile = await openRuns(path, { mode: 'write' })
  for (const { meta, events = sampleEvents(), state = 'complete' } of runs) {
    const { label, source, created, flavour, scenario, geometry, facts } = SAMPLE_RUN
    const writer = runFile.startRun({
      label,
      source,
      created,
      flavour,
      scenario,
      geometry,
      facts,
      ...meta,
    })
    for (const event of events) writer.append(event)
    writer.finish(state)
  }
  runFile.close()
}
