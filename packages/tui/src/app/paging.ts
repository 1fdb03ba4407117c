import {
  type Condition,
  parseFilter,
  toSql,
  type Run,
  type Trace,
  type TraceEvent,
} from '@pagetrail/recorder'
import type { FindQuery, Window, WindowQuery } from './data.ts'

/** `event.id` is run · 2^32 + seq. */
const RUN_BITS = 32n
/** Events looked at before other requests get their turn: a few tens of milliseconds. */
const SLICE = 100_000
/** A window that is not full by then comes as it is. */
const WINDOW_MS = 120

/** Lets other requests be answered between two slices. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The condition of a filter; undefined: every event. */
export const conditionOf = (filter: string | null): Condition | undefined =>
  filter === null ? undefined : toSql(parseFilter(filter))

/**
 * Up to `limit` events that a filter lets through, from `from` on (or backward), a slice of the run at a time. Past
 * the deadline it answers with what was found so far, once that is anything.
 */
async function scan(
  trace: Trace,
  run: Run,
  q: {
    from: number
    limit: number
    backward: boolean
    where: Condition | undefined
    deadline: number
  },
): Promise<{ rows: TraceEvent[]; ended: boolean }> {
  const last = run.events - 1
  let rows: TraceEvent[] = []
  let at = q.from
  while (q.backward ? at >= 0 : at <= last) {
    const to = q.backward ? Math.max(0, at - SLICE + 1) : Math.min(last, at + SLICE - 1)
    const bounds = { from: at, to, backward: q.backward, limit: q.limit - rows.length }
    const page = trace.readPage(run, q.where ? { ...bounds, where: q.where } : bounds)
    rows = q.backward ? [...page, ...rows] : [...rows, ...page]
    if (rows.length >= q.limit) return { rows, ended: false }
    at = q.backward ? to - 1 : to + 1
    if (rows.length > 0 && performance.now() > q.deadline) return { rows, ended: false }
    if (q.where) await breathe()
  }
  return { rows, ended: true }
}

/** The rows around a cursor, and where the cursor comes to stand. */
export async function readWindow(trace: Trace, run: Run, q: WindowQuery): Promise<Window> {
  const where = conditionOf(q.filter)
  const deadline = performance.now() + WINDOW_MS
  const anchor = Math.max(0, Math.min(run.events - 1, q.anchor))
  const ahead = q.reach + 1 + Math.max(0, q.delta)
  const behind = q.reach + Math.max(0, -q.delta)
  const after = await scan(trace, run, {
    from: anchor,
    limit: ahead,
    backward: false,
    where,
    deadline,
  })
  const before = await scan(trace, run, {
    from: anchor - 1,
    limit: behind,
    backward: true,
    where,
    deadline,
  })
  const rows = [...before.rows, ...after.rows]
  // The anchor itself, or the next event that is shown, or the last one.
  const start = Math.min(before.rows.length, rows.length - 1)
  const index = Math.max(0, Math.min(rows.length - 1, start + q.delta))
  return { rows, cursor: rows[index]?.seq ?? null, atStart: before.ended, atEnd: after.ended }
}

/** seq of the nearest event that a filter lets through; null: there is none. */
export async function findEvent(trace: Trace, run: Run, q: FindQuery): Promise<number | null> {
  const from = q.backward ? q.from - 1 : q.from + 1
  const where = conditionOf(q.filter)
  const found = await scan(trace, run, {
    from,
    limit: 1,
    backward: q.backward,
    where,
    deadline: Infinity,
  })
  return found.rows[0]?.seq ?? null
}

/** How many events a filter lets through; null: `alive` said that nobody wants to know any more. */
export async function countMatches(
  trace: Trace,
  run: Run,
  filter: string,
  alive: () => boolean,
): Promise<number | null> {
  const where = conditionOf(filter)
  if (!where) return run.events
  const base = BigInt(run.id) << RUN_BITS
  const sql = `select count(*) from event where id >= ? and id <= ? and (${where.sql})`
  const statement = trace.db.prepare<(bigint | string)[], bigint>(sql).pluck()
  let count = 0
  for (let from = 0; from < run.events; from += SLICE) {
    const to = Math.min(run.events, from + SLICE) - 1
    const bounds = [base + BigInt(from), base + BigInt(to)]
    count += Number(statement.get(...bounds, ...where.parameters) ?? 0n)
    await breathe()
    if (!alive()) return null
  }
  return count
}
