import type { Batch } from '../../event/batch.ts'
import type { Call, EventSource, LogPlace, Run } from '../../event/run.ts'
import type { RunMeta } from '../run-row.ts'
import type { RunStore } from '../run-store.ts'
import type { BatchStore } from '../writing/batch-store.ts'
import { RunWriter, type WriteOptions } from '../writing/run-writer.ts'
import { EventLog } from './event-log.ts'
import { logSource } from './log-source.ts'

/**
 * Runs that are gone when the command is over, each in a log of its own: what is imported to be read once, in order,
 * needs no database.
 */
export class LoggedRuns implements RunStore {
  readonly #path: string
  readonly #runs = new Map<number, LoggedRun>()
  #ids = 0

  /** `path`: how the files are called for the moment in which they have a name. */
  constructor(path: string) {
    this.#path = path
  }

  startRun(meta: RunMeta, options: WriteOptions = {}): RunWriter {
    const id = ++this.#ids
    const run = new LoggedRun(id, meta, `${this.#path}-${id}`, () => this.#runs.delete(id))
    this.#runs.set(id, run)
    return new RunWriter(run, id, options)
  }

  find(id: number): Run {
    return this.#of(id).run
  }

  remove({ id }: Run): void {
    this.#of(id).abort()
  }

  /** A run that has ended; `id`: by which number it goes from here on. */
  source(run: Run, id = run.id): EventSource {
    return this.#of(run.id).source(id)
  }

  /** Nothing can be read any more. */
  close(): void {
    for (const run of this.#runs.values()) run.abort()
  }

  #of(id: number): LoggedRun {
    const run = this.#runs.get(id)
    if (run) return run
    throw new Error(`there is no run ${id} in this log`)
  }
}

class LoggedRun implements BatchStore {
  run: Run
  readonly #log: EventLog
  readonly #removed: () => void
  #calls: readonly Call[] = []
  #names: readonly string[] = []

  constructor(id: number, meta: RunMeta, path: string, removed: () => void) {
    this.#log = new EventLog(path)
    this.#removed = removed
    this.run = withMeta(begun(id, meta), meta)
  }

  begin(): void {}

  write(batch: Batch, texts: readonly string[]): void {
    this.#names = texts
    this.#log.append(batch)
  }

  finish(state: 'complete' | 'interrupted', patch: Partial<RunMeta>): void {
    const { events } = this.#log
    const ended = { ...withMeta(this.run, patch), state, events }
    this.#calls = [...logSource(this.#place(ended)).calls()]
    this.run = { ...ended, calls: this.#calls.length }
  }

  abort(): void {
    this.#log.close()
    this.#removed()
  }

  close(): void {}

  source(id: number): EventSource {
    return logSource(this.#place({ ...this.run, id }), this.#calls)
  }

  #place(run: Run): LogPlace {
    return { ...this.#log.place(), run, names: this.#names }
  }
}

/** As a database has a run that begins. */
const begun = (id: number, { label, source, created }: RunMeta): Run => ({
  id,
  label,
  source,
  state: 'recording',
  flavour: null,
  kernel: null,
  scenario: null,
  geometry: null,
  facts: {},
  t0: null,
  created: Math.trunc(created),
  events: 0,
  calls: 0,
  lost: 0,
})

/** A part that is undefined says nothing. */
function withMeta(run: Run, { facts, ...meta }: Partial<RunMeta>): Run {
  const said = Object.entries(meta).filter(([, value]) => value !== undefined)
  // As they come back from a database, which keeps them as JSON.
  const kept: Run['facts'] = facts === undefined ? run.facts : JSON.parse(JSON.stringify(facts))
  return { ...run, ...Object.fromEntries(said), created: run.created, facts: kept }
}
