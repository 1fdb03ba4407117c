import { InputError } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'
import { type Selectable, sql } from 'kysely'

import { BIND, build, type Schema } from './schema.ts'
import { type Bound, prepare } from './statements.ts'

/** seqs from `first` to `last`, both included. */
export interface Span {
  readonly first: number
  readonly last: number
}

/** As many events are read together at most: mostly the first that is found is the one that is wanted. */
const REACH = 1 << 14

type Edge = Pick<Selectable<Schema['batch']>, 'first' | 'count'>

/**
 * Where in a run events of given kinds can be: every batch notes its kinds, so that a search for rare ones passes over
 * the rest of ten million events unread.
 */
export class BatchSpans {
  readonly #up: Edges
  readonly #down: Edges

  constructor(db: Sqlite.Database) {
    this.#up = edges(db, '>', 'asc')
    this.#down = edges(db, '<', 'desc')
  }

  /** Spans of batches that have one of the kinds, from `from` to `to` in the order of reading. */
  *spans(run: number, kinds: bigint, from: number, to: number, backward: boolean): Generator<Span> {
    const next = backward ? this.#down : this.#up
    for (let at = from; backward ? at >= to : at <= to;) {
      const start = next.having.get(BigInt(run), BigInt(at), kinds)
      if (!start || isPast(start, to, backward)) return
      // The neighbouring batches that have them too are read together.
      const begin = backward ? Math.min(at, endOf(start)) : Math.max(at, Number(start.first))
      const reach = backward ? Math.max(to, begin - REACH) : Math.min(to, begin + REACH)
      const stop = next.lacking.get(BigInt(run), start.first, BigInt(reach), kinds)
      const span = backward
        ? { first: stop ? endOf(stop) + 1 : reach, last: begin }
        : { first: begin, last: stop ? Number(stop.first) - 1 : reach }
      if (backward ? span.first > at : span.last < at)
        throw new InputError(`run ${run} is damaged: its batches overlap at event ${at}`)
      yield clipped(span, Math.min(from, to), Math.max(from, to))
      at = backward ? span.first - 1 : span.last + 1
    }
  }
}

interface Edges {
  /** The next batch from a seq on that has one of the kinds. */
  readonly having: Sqlite.Statement<Bound[], Edge>
  /** The next batch beyond the one that begins at a seq, and not beyond another, that has none of them. */
  readonly lacking: Sqlite.Statement<Bound[], Edge>
}

function edges(db: Sqlite.Database, beyond: '>' | '<', order: 'asc' | 'desc'): Edges {
  const nearest = build
    .selectFrom('batch')
    .select(['first', 'count'])
    .where('run', '=', BIND)
    .orderBy('first', order)
    .limit(sql.lit(1))
  // Forward, the batch that holds the seq begins before it.
  const reached =
    order === 'asc'
      ? nearest.where(sql`first + count`, '>', BIND)
      : nearest.where('first', '<=', BIND)
  const having = reached.where(sql`kinds & ${BIND}`, '!=', sql.lit(0n))
  const within =
    order === 'asc'
      ? nearest.where('first', beyond, BIND).where('first', '<=', BIND)
      : nearest.where('first', beyond, BIND).where(sql`first + count`, '>', BIND)
  const lacking = within.where(sql`kinds & ${BIND}`, '=', sql.lit(0n))
  return {
    having: prepare(db, having),
    lacking: prepare(db, lacking),
  }
}

const endOf = ({ first, count }: Edge): number => Number(first + count) - 1

const isPast = (edge: Edge, to: number, backward: boolean): boolean =>
  backward ? endOf(edge) < to : Number(edge.first) > to

const clipped = ({ first, last }: Span, low: number, high: number): Span => ({
  first: Math.max(first, low),
  last: Math.min(last, high),
})
