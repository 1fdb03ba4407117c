import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { type PageState, type Run, stateAt, type Trace, type TraceEvent } from '@pagetrail/recorder'
import type { EntryState, StateQuery, StateView } from './data.ts'
import { ledgerAt } from './ledger.ts'

/** The page tables around an address, and what is owed, after an event. */
export function readState(trace: Trace, run: Run, q: StateQuery): StateView {
  const [event] = trace.readPage(run, { from: q.seq, limit: 1 })
  const ledger = q.ledger ? ledgerAt(trace.source(run), q.seq) : []
  const tables = q.ledger ? NO_TABLES : entriesAround(stateAt(trace, run, q.seq), q, event)
  return { run: run.id, seq: q.seq, ledger, ...tables }
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
