import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import {
  type PageState,
  parseFilter,
  type Run,
  stateAt,
  toSql,
  type RunFile,
  type TraceEvent,
} from '@pagetrail/recorder'
import type { EntryState, StateQuery, StateView, TableMap } from './data.ts'
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
    const view = {
      run: run.id,
      seq: q.seq,
      ledger: [],
      path: [],
      near: [],
      around: null,
      map: null,
    }
    if (q.want === 'ledger') {
      const ledger = ledgerAt(this.#runFile, run, q.seq, () => this.#at(run, q.seq))
      return { ...view, ledger }
    }
    const [event] = this.#runFile.readPage(run, { from: q.seq, limit: 1 })
    const around = q.va === null && event ? this.#nearest(run, event) : q
    if (around === null || around.va === null) return view
    const { va } = around
    const state = this.#at(run, q.seq)
    const { path, near } = entriesAround(state, va, q.rows, event)
    const map = q.want === 'map' && event ? this.#map(run, state, va, event) : null
    return { ...view, path, near, around: { va, seq: around.seq }, map }
  }

  /** The nearest event before one without an address that has one: of its call, else of its CPU. */
  #nearest(run: Run, { seq, op, cpu }: TraceEvent): { va: bigint; seq: number } | null {
    const calls = op === null ? [] : [` && op == ${op}`]
    for (const part of [...calls, ` && cpu == ${cpu}`, '']) {
      const where = toSql(parseFilter(`${ON_ENTRIES}${part}`))
      const to = Math.max(0, seq - LOOK_BACK)
      const page = { from: seq, to, backward: true, limit: 1, where }
      const [event] = this.#runFile.readPage(run, page)
      if (event && 'va' in event && event.va !== null) return { va: event.va, seq: event.seq }
    }
    return null
  }

  #map(run: Run, state: PageState, va: bigint, event: TraceEvent): TableMap | null {
    const deepest = PATH.findLast((level) => state.entry(level, va) !== undefined)
    if (deepest === undefined) return null
    const size = BigInt(state.entrySize(LEVEL_NAMES.indexOf(deepest)))
    const count = deepest === 'pgd' ? PGD_CELLS : 2 ** (state.pageShift - 3)
    const at = Number((va / size) % BigInt(count))
    const first = (va / size) * size - size * BigInt(at)
    const cells = Array.from({ length: count }, (_, i) => {
      return state.entry(deepest, BigInt.asUintN(64, first + size * BigInt(i)))?.desc ?? null
    })
    return {
      level: deepest,
      va: first,
      size,
      cells,
      at,
      changed: this.#changed(run, event, first, size, count),
    }
  }

  /** Which entries from `first` on the call of an event has stored to by then. */
  #changed(
    run: Run,
    { seq, op }: TraceEvent,
    first: bigint,
    size: bigint,
    count: number,
  ): number[] {
    if (op === null) return []
    const last = first + size * BigInt(count) - 1n
    const filter = `kind == desc_write && op == ${op} && va in 0x${first.toString(16)}-0x${last.toString(16)} && old != new`
    const page = { from: seq, to: Math.max(0, seq - LOOK_BACK), backward: true, limit: count * 4 }
    const stores = this.#runFile.readPage(run, { ...page, where: toSql(parseFilter(filter)) })
    return stores.flatMap((e) =>
      'va' in e && e.va !== null ? [Number((e.va - first) / size)] : [],
    )
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

/** How far back an address is looked for. */
const LOOK_BACK = 200_000
/** Events about an entry or a range of them. */
const ON_ENTRIES =
  '(kind == desc_write || kind == desc_read || kind == cb_enter || kind == split || kind == init || kind == op_begin || kind == tlb_flush) && va != 0'
/** Entries of a top table that are shown: those of the kernel's half may be fewer. */
const PGD_CELLS = 512
const PATH: readonly LevelName[] = LEVEL_NAMES.slice(0, 5)

/** The entries on the way to the query's address, and the neighbours of the last of them. */
function entriesAround(
  state: PageState,
  va: bigint,
  rows: number,
  event: TraceEvent | undefined,
): Pick<StateView, 'path' | 'near'> {
  const written = event?.kind === 'desc_write' && event.old !== event.new ? event : null
  const entryOf = (level: LevelName, at: bigint, here: boolean): EntryState => {
    const known = state.entry(level, at)
    const base = known?.va ?? at
    const changed = written !== null && written.level === level && written.va === base
    return { level, va: base, desc: known?.desc ?? null, changed, here }
  }
  const path = PATH.map((level) => entryOf(level, va, false)).filter((e) => e.desc !== null)
  const last = path.at(-1)
  if (!last) return { path: [], near: [] }
  const size = BigInt(state.entrySize(LEVEL_NAMES.indexOf(last.level)))
  const room = Math.max(0, rows - 1 - path.length)
  const first = last.va - size * BigInt(Math.floor(room / 3))
  const near = Array.from({ length: room }, (_, i) => BigInt.asUintN(64, first + size * BigInt(i)))
  const entries = near.map((at) => entryOf(last.level, at, at === last.va))
  return { path: path.slice(0, -1), near: entries.filter((e) => e.desc !== null) }
}
