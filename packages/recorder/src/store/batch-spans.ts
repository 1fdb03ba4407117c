import type Sqlite from 'better-sqlite3'

/** seqs from `first` to `last`, both included. */
export interface Span {
  readonly first: number
  readonly last: number
}

type Edge = [first: bigint, count: bigint]

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
      const stop = next.lacking.get(BigInt(run), start[0], kinds)
      const span = backward
        ? { first: stop ? endOf(stop) + 1 : 0, last: Math.min(at, endOf(start)) }
        : { first: Math.max(at, Number(start[0])), last: stop ? Number(stop[0]) - 1 : Infinity }
      yield clipped(span, Math.min(from, to), Math.max(from, to))
      at = backward ? span.first - 1 : span.last + 1
    }
  }
}

interface Edges {
  /** The next batch from a seq on that has one of the kinds. */
  readonly having: Sqlite.Statement<[bigint, bigint, bigint], Edge>
  /** The next batch beyond the one that begins at a seq that has none of them. */
  readonly lacking: Sqlite.Statement<[bigint, bigint, bigint], Edge>
}

function edges(db: Sqlite.Database, beyond: '>' | '<', order: 'asc' | 'desc'): Edges {
  const select = `select first, count from batch where run = ?`
  // Forward, the batch that holds the seq begins before it.
  const reached = order === 'asc' ? 'first + count > ?' : 'first <= ?'
  const having = `${select} and ${reached} and kinds & ? != 0 order by first ${order} limit 1`
  const lacking = `${select} and first ${beyond} ? and kinds & ? = 0 order by first ${order} limit 1`
  return {
    having: db.prepare<[bigint, bigint, bigint], Edge>(having).raw(),
    lacking: db.prepare<[bigint, bigint, bigint], Edge>(lacking).raw(),
  }
}

const endOf = ([first, count]: Edge): number => Number(first + count) - 1

const isPast = (edge: Edge, to: number, backward: boolean): boolean =>
  backward ? endOf(edge) < to : Number(edge[0]) > to

const clipped = ({ first, last }: Span, low: number, high: number): Span => ({
  first: Math.max(first, low),
  last: Math.min(last, high),
})
