import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import {
  type Beliefs,
  beliefsSteps,
  PageState,
  parseFilter,
  type Run,
  stateSteps,
  toSql,
  type RunFile,
  type TraceEvent,
} from '@pagetrail/recorder'
import type { EntryState, LedgerLine, StateQuery, StateView, TableMap } from './data.ts'
import { ledgerOf, needsTables } from './ledger.ts'
import { LongFold } from './long-fold.ts'

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
  readonly #folds: { readonly tables: LongFold<PageState>; readonly beliefs: LongFold<Beliefs> }
  readonly #flushing = new Map<number, boolean>()
  /** What is pending after an event, kept while the page tables of that moment are being read. */
  #beliefs: { readonly run: number; readonly seq: number; readonly beliefs: Beliefs } | null = null
  /** By run, the one last looked at last: a comparison looks at two in turn. */
  readonly #spots = new Map<number, Spot>()

  /** `slice`: events of a long fold that are folded for one answer. */
  constructor(runFile: RunFile, slice?: number) {
    this.#runFile = runFile
    this.#folds = { tables: new LongFold(slice), beliefs: new LongFold(slice) }
  }

  read(run: Run, q: StateQuery): StateView {
    const none = { ledger: [], path: [], near: [], around: null, map: null, more: null }
    const view = { run: run.id, seq: q.seq, ...none }
    const later = (read: number) => ({ ...view, more: { read, turn: q.turn ?? 0 } })
    if (q.want === 'ledger') {
      const ledger = this.#ledger(run, q.seq)
      return typeof ledger === 'number' ? later(ledger) : { ...view, ledger }
    }
    const [event] = this.#runFile.readPage(run, { from: q.seq, limit: 1 })
    const around = q.va === null && event ? this.#nearest(run, event) : q
    if (around === null || around.va === null) return view
    const { va } = around
    const state = this.#at(run, q.seq)
    if (typeof state === 'number') return later(state)
    const { path, near } = entriesAround(state, va, q.rows, event)
    const map = q.want === 'map' && event ? this.#map(run, state, va, event) : null
    return { ...view, path, near, around: { va, seq: around.seq }, map }
  }

  /** Goes on with reading the run up to an event: how many events have been read, null: all of them. */
  reach(run: Run, seq: number): number | null {
    const state = this.#at(run, seq)
    return typeof state === 'number' ? state : null
  }

  #ledger(run: Run, seq: number): readonly LedgerLine[] | number {
    const known = this.#beliefs
    this.#beliefs = null
    const steps = () => beliefsSteps(this.#runFile, run, seq)
    const beliefs =
      known?.run === run.id && known.seq === seq
        ? known.beliefs
        : this.#folds.beliefs.goOn(run.id, seq, steps)
    if (typeof beliefs === 'number') return beliefs
    const state = needsTables(beliefs) ? this.#at(run, seq) : PageState.of(run)
    if (typeof state !== 'number') return ledgerOf(beliefs, this.#flushes(run), () => state)
    this.#beliefs = { run: run.id, seq, beliefs }
    return state
  }

  /** The run shows some flush. */
  #flushes(run: Run): boolean {
    const known = this.#flushing.get(run.id)
    if (known !== undefined) return known
    const where = toSql(parseFilter('kind == tlb_flush || kind == tlbi'))
    const flushes = this.#runFile.readPage(run, { from: 0, limit: 1, where }).length > 0
    // A run that is still being recorded may show one yet.
    if (flushes || run.state !== 'recording') this.#flushing.set(run.id, flushes)
    return flushes
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

  /** The page tables after an event; a number: so many events have been read, and another call goes on. */
  #at(run: Run, seq: number): PageState | number {
    const spot = this.#spotOf(run.id)
    const near = (at: At | null): at is At => at !== null && at.seq <= seq && seq - at.seq <= AHEAD
    let { here } = spot
    if (!near(here)) {
      if (!near(spot.base)) {
        const base = Math.max(0, seq - BASE_BEHIND)
        const steps = () => stateSteps(this.#runFile, run, base)
        const state = this.#folds.tables.goOn(run.id, base, steps)
        if (typeof state === 'number') return state
        spot.base = { seq: base, state }
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
