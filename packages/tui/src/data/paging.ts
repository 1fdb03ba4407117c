import {
  type Condition,
  parseFilter,
  type Run,
  type RunFile,
  toPredicate,
  toSql,
  type TraceEvent,
} from '@pagetrail/recorder'
import type { CountQuery, FindQuery, Matches, RowWindow, WindowQuery } from './data.ts'
import { breathe, conditionOf, COUNT_SLICE, MatchIndex } from './match-index.ts'

/** Events looked at before other requests get their turn: a few tens of milliseconds. */
const SLICE = 100_000

/** What an index is for: the rows that are shown, what is counted, what is searched for; mostly the same. */
type Use = 'shown' | 'counted' | 'searched'

interface Scan {
  readonly from: number
  readonly limit: number
  readonly backward: boolean
  readonly where: Condition | undefined
  /** Give up after so many slices. */
  readonly slices: number
  /** Give up when it says no. */
  readonly wanted?: () => boolean
}

/** Windows of rows, searches and counts over the runs of a trace. */
export class EventPager {
  readonly #runFile: RunFile
  readonly #slice: number
  /** Number of the search under way. */
  #search = 0
  readonly #indexes = new Map<Use, MatchIndex>()

  /** `slice`: events looked at before other requests get their turn. */
  constructor(runFile: RunFile, slice: number = SLICE) {
    this.#runFile = runFile
    this.#slice = slice
  }

  /**
   * The rows around a cursor, and where the cursor comes to stand. Where a filter lets nothing near the cursor through,
   * the answer waits for the index of its matches.
   */
  async window(run: Run, q: WindowQuery): Promise<RowWindow> {
    const anchor = Math.max(0, Math.min(run.events - 1, q.anchor))
    const ahead = q.reach + 1 + Math.max(0, q.delta)
    const behind = q.reach + Math.max(0, -q.delta)
    const near = await this.#near(run, q.filter, anchor, ahead, behind)
    if (near) return placed(near.before, near.after, q.delta)
    const index = this.#indexOf(run, q.filter ?? '', 'shown')
    await index.until(anchor, ahead)
    if (index.done && !index.isWhole) return this.#far(run, q, anchor, ahead, behind)
    const middle = index.indexOf(anchor)
    const before = this.#rows(run, index.slice(middle - behind, middle))
    const after = this.#rows(run, index.slice(middle, middle + ahead))
    return placed(
      { rows: before, ended: middle <= behind },
      { rows: after, ended: index.isWhole && middle + ahead >= index.count },
      q.delta,
    )
  }

  /** Whoever still searches finds nothing. */
  stopFinding(): void {
    this.#search++
  }

  /** seq of the nearest event that a filter lets through; null: there is none, or another one is looked for by now. */
  async find(run: Run, q: FindQuery): Promise<number | null> {
    const search = ++this.#search
    const from = q.backward ? q.from - 1 : q.from + 1
    const where = conditionOf(q.filter)
    const { backward } = q
    const found = await this.#scan(run, {
      from,
      limit: 1,
      backward,
      where,
      slices: Infinity,
      wanted: () => search === this.#search,
    })
    return found.rows[0]?.seq ?? null
  }

  /** Those of some events that a filter lets through. */
  matching(run: Run, seqs: readonly number[], filter: string): number[] {
    const isWanted = toPredicate(parseFilter(filter))
    return seqs.filter((seq) => this.#runFile.readPage(run, { from: seq, limit: 1 }).some(isWanted))
  }

  /** The calls in which a filter lets some event through, by number. */
  async callsWith(run: Run, filter: string): Promise<number[]> {
    const where = toSql(parseFilter(filter))
    const calls = new Set<number>()
    for (let from = 0; from < run.events; from += this.#slice) {
      const page = { from, to: from + this.#slice - 1, limit: this.#slice, where }
      for (const { op } of this.#runFile.readPage(run, page)) if (op !== null) calls.add(op)
      await breathe()
    }
    return [...calls]
  }

  /** How many events a filter lets through; null: another filter is wanted by now. */
  async count(run: Run, q: CountQuery): Promise<number | null> {
    const index = this.#indexOf(run, q.filter, 'counted')
    await index.until(run.events, Infinity)
    return index.done ? index.count : null
  }

  /** Matches of a search, and the place of an event among them; null: another search by now. */
  async matches(run: Run, q: CountQuery & { readonly at: number }): Promise<Matches | null> {
    const index = this.#indexOf(run, q.filter, 'searched')
    await index.until(run.events, Infinity)
    if (!index.done) return null
    const at = index.indexOf(q.at)
    return { count: index.count, at: index.slice(at, at + 1)[0] === q.at ? at : null }
  }

  /** What lies within a slice of the anchor; null: too little of it matches. */
  async #near(run: Run, filter: string | null, anchor: number, ahead: number, behind: number) {
    const where = conditionOf(filter)
    const slices = filter === null ? Infinity : 1
    const after = await this.#scan(run, {
      from: anchor,
      limit: ahead,
      backward: false,
      where,
      slices,
    })
    if (after.rows.length < ahead && !after.ended) return null
    const before = await this.#scan(run, {
      from: anchor - 1,
      limit: behind,
      backward: true,
      where,
      slices,
    })
    return before.rows.length < behind && !before.ended ? null : { before, after }
  }

  /** Without an index: as far as it takes. */
  async #far(run: Run, q: WindowQuery, anchor: number, ahead: number, behind: number) {
    const where = conditionOf(q.filter)
    const rest = { where, slices: Infinity }
    const after = await this.#scan(run, { from: anchor, limit: ahead, backward: false, ...rest })
    const before = await this.#scan(run, {
      from: anchor - 1,
      limit: behind,
      backward: true,
      ...rest,
    })
    return placed(before, after, q.delta)
  }

  #indexOf(run: Run, filter: string, use: Use): MatchIndex {
    const old = this.#indexes.get(use)
    const known = [...this.#indexes.values()].find((index) => index.isOf(run, filter))
    const next =
      known ?? new MatchIndex(this.#runFile, run, filter, Math.min(this.#slice, COUNT_SLICE))
    this.#indexes.set(use, next)
    if (old !== next && ![...this.#indexes.values()].includes(old!)) old?.giveUp()
    if (!known) next.build().catch((error: unknown) => next.fail(error))
    return next
  }

  /** Rows that a filter lets through, slice by slice; `ended`: there are no more in this direction. */
  async #scan(run: Run, q: Scan): Promise<{ rows: TraceEvent[]; ended: boolean }> {
    const last = run.events - 1
    let rows: TraceEvent[] = []
    let at = q.from
    for (let n = 0; q.backward ? at >= 0 : at <= last; n++) {
      if (n === q.slices || q.wanted?.() === false) return { rows, ended: false }
      const to = q.backward
        ? Math.max(0, at - this.#slice + 1)
        : Math.min(last, at + this.#slice - 1)
      const bounds = { from: at, to, backward: q.backward, limit: q.limit - rows.length }
      const page = this.#runFile.readPage(run, q.where ? { ...bounds, where: q.where } : bounds)
      rows = q.backward ? [...page, ...rows] : [...rows, ...page]
      if (rows.length >= q.limit) return { rows, ended: false }
      at = q.backward ? to - 1 : to + 1
      if (q.where) await breathe()
    }
    return { rows, ended: true }
  }

  #rows(run: Run, seqs: Uint32Array): TraceEvent[] {
    return [...seqs].flatMap((seq) => this.#runFile.readPage(run, { from: seq, limit: 1 }))
  }
}

interface Side {
  readonly rows: readonly TraceEvent[]
  readonly ended: boolean
}

/** The cursor on the anchor, or the next event that is shown, or the last one; then so many rows on. */
function placed(before: Side, after: Side, delta: number): RowWindow {
  const rows = [...before.rows, ...after.rows]
  const start = Math.min(before.rows.length, rows.length - 1)
  const index = Math.max(0, Math.min(rows.length - 1, start + delta))
  return { rows, cursor: rows[index]?.seq ?? null, atStart: before.ended, atEnd: after.ended }
}
