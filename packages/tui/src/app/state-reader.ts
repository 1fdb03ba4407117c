import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import {
  PageState,
  parseFilter,
  type Run,
  toSql,
  type Trace,
  type TraceEvent,
} from '@pagetrail/recorder'
import type { EntryState, StateQuery, StateView } from './data.ts'

/** Events folded before other requests get their turn. */
const SLICE = 20_000
/** A copy of the state is kept at least every so many events, to go back from. */
const COPY_EVERY = 200_000
const COPIES = 64
/** Going back this far costs one short fold. */
const NEAR = 2_000

/** The kinds that PageState.apply() looks at. */
const TELLING = toSql(
  parseFilter(
    ['desc_write', 'cb_enter', 'init', 'table_alloc', 'table_free']
      .map((k) => `kind == ${k}`)
      .join(' || '),
  ),
)

interface At {
  /** Folded are the events before this one. */
  readonly next: number
  readonly state: PageState
}

/** Page tables at any event of a run: steps forward fold what lies between, steps back start from a copy. */
export class StateReader {
  readonly #trace: Trace
  #run = -1
  #here: { next: number; state: PageState } | null = null
  #copies: At[] = []

  constructor(trace: Trace) {
    this.#trace = trace
  }

  async at(run: Run, q: StateQuery): Promise<StateView> {
    const state = await this.#fold(run, q.seq)
    const [event] = this.#trace.readPage(run, { from: q.seq, limit: 1 })
    return { run: run.id, seq: q.seq, ...entriesAround(state, q, event), ledger: [] }
  }

  async #fold(run: Run, seq: number): Promise<PageState> {
    if (this.#run !== run.id) {
      this.#run = run.id
      this.#here = null
      this.#copies = []
    }
    const here = this.#start(run, seq)
    this.#here = here
    while (here.next <= seq) {
      const to = Math.min(seq, here.next + SLICE - 1)
      if (seq - to < NEAR && to > NEAR) this.#copy(here, NEAR)
      const page = { from: here.next, to, limit: SLICE, where: TELLING }
      for (const event of this.#trace.readPage(run, page)) here.state.apply(event)
      here.next = to + 1
      this.#copy(here, COPY_EVERY)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return here.state
  }

  /** The nearest state at or before an event: the one in hand, a copy, or an empty one. */
  #start(run: Run, seq: number): { next: number; state: PageState } {
    const here = this.#here
    const copy = this.#copies.findLast((c) => c.next <= seq + 1)
    if (here && here.next <= seq + 1 && here.next >= (copy?.next ?? 0)) return here
    if (copy) return { next: copy.next, state: copy.state.clone() }
    return { next: 0, state: PageState.of(run) }
  }

  #copy(here: At, distance: number): void {
    const last = this.#copies.findLast((c) => c.next <= here.next)
    if (here.next - (last?.next ?? 0) < distance) return
    this.#copies.push({ next: here.next, state: here.state.clone() })
    this.#copies.sort((a, b) => a.next - b.next)
    if (this.#copies.length > COPIES) this.#copies.splice(1, 1)
  }
}

const PATH: readonly LevelName[] = LEVEL_NAMES.slice(0, 5)

/** The entries on the way to the query's address, and the neighbours of the last of them. */
function entriesAround(
  state: PageState,
  q: StateQuery,
  event: TraceEvent | undefined,
): Pick<StateView, 'path' | 'near'> {
  const { va } = q
  if (va === null) return { path: [], near: [] }
  const written = event?.kind === 'desc_write' ? event : null
  const entryOf = (level: LevelName, at: bigint, here: boolean): EntryState => {
    const known = state.entry(level, at)
    const base = known?.va ?? at
    const changed =
      written !== null &&
      written.level === level &&
      written.va === base &&
      written.old !== written.new
    return { level, va: base, desc: known?.desc ?? null, changed, here }
  }
  const path = PATH.map((level) => entryOf(level, va, false)).filter((e) => e.desc !== null)
  const last = path.at(-1)
  if (!last) return { path, near: [] }
  const size = BigInt(state.entrySize(LEVEL_NAMES.indexOf(last.level)))
  const room = Math.max(0, q.rows - 3 - path.length)
  const first = last.va - size * BigInt(Math.floor(room / 3))
  const near = Array.from({ length: room }, (_, i) => BigInt.asUintN(64, first + size * BigInt(i)))
  const entries = near.map((at) => entryOf(last.level, at, at === last.va))
  return { path: path.slice(0, -1), near: entries.filter((e) => e.desc !== null) }
}
