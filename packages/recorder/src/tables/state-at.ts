import { InputError } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'
import { type InferResult, sql } from 'kysely'

import { type DescriptorRuns, RunsBuilder } from './descriptor-runs.ts'
import { KINDS } from '../event/kinds.ts'
import { SHOWING_IDS, SHOWN_SQL } from './shown-value.ts'
import { LayeredTable } from './layered-table.ts'
import { PageState } from './page-state.ts'
import { type NewSnapshot, SnapshotStore } from './snapshots.ts'
import type { Run } from '../event/run.ts'
import type { RunFile } from '../store/run-file.ts'
import { BIND, build, RUN_SHIFT } from '../store/schema.ts'
import { type Bound, prepare } from '../store/statements.ts'
import { touchedRanges, touchingParts } from './touched.ts'
import { UNMAPPING_SQL } from './unmapped.ts'
import { signedVa } from '../event/words.ts'
import { resultOf } from './last-step.ts'

/** Events between two snapshots: the most that a seek folds once the snapshots are there. */
export const SNAPSHOT_EVENTS = 8192
/** Parts of the events between two snapshots of which it is noted which entries they touch. */
const PARTS = 8
const PART_EVENTS = SNAPSHOT_EVENTS / PARTS
/** Snapshots per transaction while a long run is folded for the first time. */
const SAVE_TOGETHER = 64

export interface StateOptions {
  /** Neither use nor write snapshots: fold from the run's first event. */
  readonly snapshots?: false
  /** Called now and then while a run is folded for the first time, with the number of events folded. */
  readonly progress?: (events: number) => void
}

/**
 * The page tables of a run as they stood after event `seq` was applied (the last one by default).
 *
 * Folds from the nearest snapshot and leaves snapshots behind where there were none, so that only the first look far
 * into a run takes long. Throws InputError for an event that the run does not have.
 */
export function stateAt(
  runFile: RunFile,
  run: Run,
  seq: number = run.events - 1,
  options: StateOptions = {},
): PageState {
  return historyAt(runFile, run, seq, options).state
}

/** The page tables after an event, and where in the run to look for what made them so. */
export interface StateHistory {
  readonly state: PageState
  /**
   * Parts of the run up to the event, ascending: no event outside of them stored to, changed or dropped a page-table
   * entry that covers the address, at whichever level.
   */
  intervalsTouching(va: bigint): Interval[]
}

/**
 * {@link stateAt} for who has other things to do in between: goes on by some thousand events a step, and yields
 * how many events of the run are behind it.
 */
export const stateSteps = (runFile: RunFile, run: Run, seq: number): Generator<number, PageState> =>
  folderOf(runFile).fold(run, seq, {})

/** {@link stateAt} with the notes that its snapshots keep. */
export function historyAt(
  runFile: RunFile,
  run: Run,
  seq: number = run.events - 1,
  options: StateOptions = {},
): StateHistory {
  if (run.events === 0) return { state: PageState.of(run), intervalsTouching: () => [] }
  if (!Number.isInteger(seq) || seq < 0 || seq >= run.events) {
    throw new InputError(`run ${run.id} has no event ${seq}; its events are 0 to ${run.events - 1}`)
  }
  const folder = folderOf(runFile)
  const state = resultOf(folder.fold(run, seq, options))
  const intervalsTouching = (va: bigint) =>
    folder.intervals(run.id, seq, signedVa(va), state.pageShift)
  return { state, intervalsTouching }
}

/** Events `from` to `to`, both included. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/**
 * Folds a run from its first event and compares the snapshots that were saved; what is wrong with the first bad one, or
 * null. Whoever changes one and its digest on purpose is not found by reading it.
 *
 * @internal
 */
export const snapshotProblem = (runFile: RunFile, run: Run): string | null =>
  folderOf(runFile).problem(run)

/** Closes what {@link stateAt} keeps open beside a file; the next call opens it again. */
export function closeStates(runFile: RunFile): void {
  folders.get(runFile)?.snapshots.close()
  folders.delete(runFile)
}

const folders = new WeakMap<RunFile, Folder>()

function folderOf(runFile: RunFile): Folder {
  let folder = folders.get(runFile)
  if (!folder) folders.set(runFile, (folder = new Folder(runFile)))
  return folder
}

const { table_alloc, table_free, init } = KINDS
const SHOWN = sql.raw(SHOWN_SQL)

/** What the tables follow from, values in two halves: a JavaScript number holds no 64 bits. */
const foldRows = build
  .selectFrom('event')
  .select([
    sql<number>`id & 4294967295`.as('seq'),
    sql<number>`kind`.as('kind'),
    sql<number | null>`level`.as('level'),
    sql<number | null>`va`.as('va'),
    sql<number | null>`(${SHOWN}) & 4294967295`.as('lo'),
    sql<number | null>`(${SHOWN}) >> 32 & 4294967295`.as('hi'),
  ])
  .where('id', '>=', BIND)
  .where('id', '<=', BIND)
  .where(
    sql<boolean>`(kind in (${sql.raw([table_alloc.id, table_free.id, init.id].join(', '))})
      or kind in (${sql.raw([...SHOWING_IDS].join(', '))}) and (${SHOWN}) is not null
      or ${sql.raw(UNMAPPING_SQL)})`,
  )
  .orderBy('id')

/** Folds runs of one file. */
class Folder {
  readonly snapshots: SnapshotStore
  readonly #runFile: RunFile
  /** By run, up to which event they were read. */
  readonly #notes = new Map<number, { to: number; ranges: Map<number, Uint32Array> }>()
  readonly #rows: Sqlite.Statement<Bound[], InferResult<typeof foldRows>[number]>

  constructor(runFile: RunFile) {
    this.#runFile = runFile
    this.snapshots = new SnapshotStore(runFile)
    runFile.atClose(() => this.snapshots.close())
    this.#rows = prepare(runFile.db, foldRows).safeIntegers(false)
  }

  *fold(
    run: Run,
    seq: number,
    { snapshots, progress }: StateOptions,
  ): Generator<number, PageState> {
    const cached = snapshots ?? true
    const saved = cached ? this.snapshots.nearest(run.id, seq) : undefined
    const layer = layerOver(run, saved?.runs, saved?.unplaced)
    let unsaved: NewSnapshot[] = []
    const made = (snapshot: NewSnapshot): void => {
      unsaved.push(snapshot)
      if (unsaved.length < SAVE_TOGETHER) return
      this.snapshots.save(run.id, unsaved)
      unsaved = []
      progress?.(snapshot.seq + 1)
    }
    const first = saved ? saved.seq + 1 : 0
    try {
      const { state } = yield* this.#foldOn(run, layer, first, seq, cached ? made : null)
      return state
    } finally {
      // Whoever gives up on the way has come so far.
      this.snapshots.save(run.id, unsaved)
    }
  }

  /** What is wrong with the first saved snapshot that is not what the run's events make; null: none is. */
  problem(run: Run): string | null {
    const saved = this.snapshots.seqsOf(run.id)
    const last = saved.at(-1)
    if (last === undefined) return null
    let wrong = saved.find(
      (seq) => seq < 0 || seq >= run.events || (seq + 1) % SNAPSHOT_EVENTS !== 0,
    )
    if (wrong === undefined) {
      const compare = (snapshot: NewSnapshot): void => {
        if (!this.snapshots.agreesWith(run.id, snapshot)) wrong ??= snapshot.seq
      }
      resultOf(this.#foldOn(run, layerOver(run, undefined), 0, last, compare))
    }
    return wrong === undefined
      ? null
      : `its saved page tables after event ${wrong} are not what its events make`
  }

  /** From `at` to `seq`; what is worth saving on the way is handed on. */
  *#foldOn(
    run: Run,
    from: Layer,
    first: number,
    seq: number,
    made: ((snapshot: NewSnapshot) => void) | null,
  ): Generator<number, Layer> {
    let layer = from
    for (let at = first; at <= seq;) {
      const next = at - (at % SNAPSHOT_EVENTS) + SNAPSHOT_EVENTS
      if (!made || next > seq + 1) {
        this.#foldRange(run, layer, at, Math.min(next - 1, seq))
        at = next
        continue
      }
      const { state, table } = layer
      while (at < next) {
        const end = at - (at % PART_EVENTS) + PART_EVENTS
        table.part = 1 << ((at % SNAPSHOT_EVENTS) / PART_EVENTS)
        this.#foldRange(run, layer, at, end - 1)
        at = end
      }
      const { complete, unplaced } = state
      const touched = touchedRanges(table.noted, state.pageShift)
      const runs = table.compacted()
      made({ seq: next - 1, complete, unplaced, runs, touched })
      layer = layerOver(run, runs, unplaced)
      yield at
    }
    return layer
  }

  intervals(run: number, seq: number, address: number, pageShift: number): Interval[] {
    const notes = this.#notesOf(run, seq)
    const found: { from: number; to: number }[] = []
    const add = (from: number, to: number): void => {
      const before = found.at(-1)
      if (before?.to === from - 1) before.to = to
      else found.push({ from, to })
    }
    for (let from = 0; from <= seq; from += SNAPSHOT_EVENTS) {
      const last = from + SNAPSHOT_EVENTS - 1
      const ranges = last <= seq ? notes.get(last) : undefined
      if (ranges === undefined) add(from, Math.min(last, seq))
      else {
        const parts = touchingParts(ranges, pageShift, address)
        for (let part = 0; part < PARTS; part++)
          if (parts & (1 << part))
            add(from + part * PART_EVENTS, from + (part + 1) * PART_EVENTS - 1)
      }
    }
    return found
  }

  /** What was touched before each snapshot up to an event, and maybe of later ones: read once, and kept. */
  #notesOf(run: number, seq: number): ReadonlyMap<number, Uint32Array> {
    const known = this.#notes.get(run)
    if (known !== undefined && known.to >= seq) return known.ranges
    const ranges = known?.ranges ?? new Map<number, Uint32Array>()
    for (const [at, touched] of this.snapshots.touched(run, seq)) {
      if (known !== undefined && at <= known.to) break
      ranges.set(at, touched)
    }
    this.#notes.set(run, { to: seq, ranges })
    return ranges
  }

  #provenRows({ id }: Run, from: number, to: number): InferResult<typeof foldRows> {
    const base = BigInt(id) * BigInt(RUN_SHIFT)
    return this.#runFile.readProven(id, from, to, () =>
      this.#rows.all(base + BigInt(from), base + BigInt(to)),
    )
  }

  #foldRange(run: Run, layer: Layer, from: number, to: number): void {
    for (const row of this.#provenRows(run, from, to)) {
      const { seq, kind, level, va, lo, hi } = row
      if (lo !== null && hi !== null) layer.state.applyRow(seq, kind, level, va, lo, hi)
      else {
        const [event] = this.#runFile.readPage(run, { from: seq, limit: 1 })
        if (event) layer.state.apply(event)
      }
    }
  }
}

interface Layer {
  readonly state: PageState
  readonly table: LayeredTable
}

function layerOver(run: Run, runs: DescriptorRuns | undefined, unplaced = 0): Layer {
  const { pageShift, geometry, complete } = PageState.of(run)
  const table = new LayeredTable(runs ?? new RunsBuilder(pageShift).build())
  const state = new PageState({ geometry, complete, over: table })
  state.unplaced = unplaced
  return { state, table }
}
