import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import {
  type PageState,
  type Run,
  stateAt,
  type RunFile,
  type TraceEvent,
} from '@pagetrail/recorder'
import type { EntryState, StateQuery, StateView } from './data.ts'
import { ledgerAt } from './ledger.ts'

/** A base for steps back lies so many events before the one looked at. */
const BASE_BEHIND = 512
/** Further than this on, a snapshot is nearer. */
const AHEAD = 4_096

/** Runs whose states are kept. */
const RUNS = 2

interface At {
  readonly seq: number
  readonly state: PageState
}

/** Where a run was looked at last, and a state some way before it from which to go on after a step back. */
interface Spot {
  base: At | null
  here: At | null
}

/**
 * The page tables around an address, and what is owed, after an event. Looking at one event after the other, forth or
 * back, folds only what lies between.
 */
export class StateReader {
  readonly #runFile: RunFile
  /** By run, the one last looked at last: a comparison looks at two in turn. */
  readonly #spots = new Map<number, Spot>()

  constructor(runFile: RunFile) {
    this.#runFile = runFile
  }

  read(run: Run, q: StateQuery): StateView {
    if (q.ledger) {
      const ledger = ledgerAt(this.#runFile.source(run), q.seq, () => this.#at(run, q.seq))
      return { run: run.id, seq: q.seq, ledger, ...NO_TABLES }
    }
    const [event] = this.#runFile.readPage(run, { from: q.seq, limit: 1 })
    const tables = entriesAround(this.#at(run, q.seq), q, event)
    return { run: run.id, seq: q.seq, ledger: [], ...tables }
  }

  #at(run: Run, seq: number): PageState {
    const spot = this.#spotOf(run.id)
    const near = (at: At | null): at is At => at !== null && at.seq <= seq && seq - at.seq <= AHEAD
    let { here } = spot
    if (!near(here)) {
      if (!near(spot.base)) {
        const base = Math.max(0, seq - BASE_BEHIND)
        spot.base = { seq: base, state: stateAt(this.#runFile, run, base) }
      }
      here = { ...spot.base, state: spot.base.state.clone() }
    }
    const { state, seq: from } = here
    if (seq > from) {
      const page = { from: from + 1, to: seq, limit: AHEAD }
      for (const event of this.#runFile.readPage(run, page)) state.apply(event)
    }
    spot.here = { seq, state }
    return state
  }

  #spotOf(run: number): Spot {
    const spot = this.#spots.get(run) ?? { base: null, here: null }
    this.#spots.delete(run)
    this.#spots.set(run, spot)
    const [oldest] = this.#spots.keys()
    if (this.#spots.size > RUNS && oldest !== undefined) this.#spots.delete(oldest)
    return spot
  }
}

const NO_TABLES = { path: [], near: [] }
const PATH: readonly LevelName[] = LEVEL_NAMES.slice(0, 5)

/** The entries on the way to the query's address, and the neighbours of the last of them. */
function entriesAround(
  state: PageState,
  q: StateQuery,
  event: TraceEvent | undefined,
): Pick<StateView, 'path' | 'near'> {
  const { va } = q
  if (va === null) return NO_TABLES
  const written = event?.kind === 'desc_write' && event.old !== event.new ? event : null
  const entryOf = (level: LevelName, at: bigint, here: boolean): EntryState => {
    const known = state.entry(level, at)
    const base = known?.va ?? at
    const changed = written !== null && written.level === level && written.va === base
    return { level, va: base, desc: known?.desc ?? null, changed, here }
  }
  const path = PATH.map((level) => entryOf(level, va, false)).filter((e) => e.desc !== null)
  const last = path.at(-1)
  if (!last) return NO_TABLES
  const size = BigInt(state.entrySize(LEVEL_NAMES.indexOf(last.level)))
  const room = Math.max(0, q.rows - 1 - path.length)
  const first = last.va - size * BigInt(Math.floor(room / 3))
  const near = Array.from({ length: room }, (_, i) => BigInt.asUintN(64, first + size * BigInt(i)))
  const entries = near.map((at) => entryOf(last.level, at, at === last.va))
  return { path: path.slice(0, -1), near: entries.filter((e) => e.desc !== null) }
}
