import { InputError } from '@pagetrail/engine'

import type { Condition } from '../event/condition.ts'
import type Sqlite from 'better-sqlite3'
import type { Selectable } from 'kysely'

import { BatchSpans, type Span } from './batch-spans.ts'
import { Batch, BATCH_EVENTS } from '../event/batch.ts'
import { eventsAt, TOGETHER } from '../event/batch-events.ts'
import { rowToEvent } from './batch-insert.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { COLUMN_NAMES, type EventRow } from '../event/event-columns.ts'
import { BIND, build, type Schema, RUN_SHIFT } from './schema.ts'
import { type Bound, prepare } from './statements.ts'
import type { Call } from '../event/run.ts'
import type { CopiedRows } from './staged/copied-rows.ts'

/** Rows per query of calls, and of what is verified. */
export const PAGE_EVENTS = 1000
/** Events that are proven before they are read so, and read at once. */
const STRETCH = BATCH_EVENTS
/** Fewer are had sooner row by row. */
const WORTH_COPYING = 256
/** Readings at one time that find a batch. */
const MAX_SPARE = 2
/** So many pages of what was read at once pass between two looks at the file. */
const EVERY = 8
/** Prepared statements that are kept for conditions that were read by. */
const MAX_STATEMENTS = 64
/** How often what others write to meanwhile is read again. */
const TRIES = 100

const changesAlways = (): InputError =>
  new InputError('the database was written to by others each time it was read; try again later')

export interface PageRequest {
  /** seq at which the page begins, or where it ends if `backward`. */
  readonly from: number
  readonly limit: number
  /** The last `limit` events up to and including `from`. */
  readonly backward?: boolean
  /** seq of the last event that may be in the page; backward: of the first. */
  readonly to?: number
  readonly where?: Condition
}

/** @internal */
export type CallRow = Selectable<Schema['call']>

/**
 * What an {@link EventReader} may read of a run, part by part; see Proof.
 *
 * @internal
 */
export interface Pieces {
  /** From `from` to `to` in the order of reading, or only the first `atMost` events of that. */
  pieces(run: number, from: number, to: number, backward: boolean, atMost?: number): Iterable<Span>
  /** The rows of a batch that had to be read now for that; undefined: none had to. `into` may be used for them. */
  proving(run: number, at: number, into: () => Batch): ProvenRows | undefined
  /** Whether what was proven last still is: what was read since then counts. If not, it is to be read again. */
  holds(): boolean
}

/** Rows in the order of their seq, which is `first` of the first. @internal */
export interface ProvenRows {
  readonly first: number
  readonly batch: Batch
}

/** All of it, as it lies there: for those who prove it themselves. */
const ANYTHING: Pieces = {
  pieces: (_run, from, to, backward) => [
    backward ? { first: to, last: from } : { first: from, last: to },
  ],
  proving: () => undefined,
  holds: () => true,
}

/** Reads what is proven, and reads it again where others wrote to the file meanwhile. @internal */
export function steadily<T>(pieces: Pick<Pieces, 'holds'>, read: () => T): T {
  for (let n = 0; n < TRIES; n++) {
    const found = read()
    if (pieces.holds()) return found
  }
  throw changesAlways()
}

/**
 * Reads events of a file by keyset: every page is a range of rowids, however far into the run.
 *
 * @internal
 */
export class EventReader {
  readonly #db: Sqlite.Database
  readonly #pieces: Pieces
  readonly #copied: CopiedRows | null
  readonly #spans: BatchSpans
  /** Batches that were read into, for the next reading. */
  readonly #spare: Batch[] = []
  /** By id. */
  readonly #names: string[] = []
  readonly #name: Sqlite.Statement<[bigint], string>
  #start: Sqlite.Statement<Bound[], { first: bigint }> | undefined
  /** By SQL, those used last at the end. */
  readonly #pages = new Map<string, Sqlite.Statement<(bigint | string)[], EventRow>>()

  /** Text of an interned name; ids are never reused, so what is known stays true. */
  readonly nameOf = (id: number): string => {
    const known = this.#names[id]
    if (known !== undefined) return known
    const text = this.#name.get(BigInt(id)) ?? `name ${id}`
    this.#names[id] = text
    return text
  }

  /** Rows come from `pieces` of a run alone; without it they are read unproven. `copied` reads many at once. */
  constructor(db: Sqlite.Database, pieces: Pieces = ANYTHING, copied: CopiedRows | null = null) {
    this.#db = db
    this.#pieces = pieces
    this.#copied = copied
    this.#spans = new BatchSpans(db)
    this.#name = db.prepare<[bigint], string>('select text from name where id = ?').pluck()
  }

  /** Events in the order of their seq, also when read backward. */
  page(run: number, request: PageRequest): TraceEvent[] {
    const events = steadily(this.#pieces, () =>
      this.rows(run, request).map((row) => rowToEvent(row, this.nameOf)),
    )
    return request.backward ? events.toReversed() : events
  }

  /** The same rows as SQLite has them, in the order of reading. */
  rows(run: number, request: PageRequest): EventRow[] {
    const { from, limit, backward = false, where } = request
    const to = request.to ?? (backward ? 0 : RUN_SHIFT - 1)
    // Without a condition the page ends after so many events; more need not be proven.
    const atMost = where ? Infinity : limit
    const rows: EventRow[] = []
    for (const piece of this.#pieces.pieces(run, from, to, backward, atMost)) {
      for (const { first, last } of this.#having(run, piece, backward, where)) {
        const [start, end] = backward ? [last, first] : [first, last]
        const page = this.#range(run, start, end, limit - rows.length, backward, where)
        this.#checkRead(run, page.length, Math.min(limit - rows.length, last - first + 1), where)
        if (page.length === limit) return page
        for (const row of page) rows.push(row)
        if (rows.length >= limit) return rows
      }
    }
    return rows
  }

  /** The parts of a piece in which there can be events that fulfil the condition. */
  #having(run: number, piece: Span, backward: boolean, where?: Condition): Iterable<Span> {
    if (where?.kindMask === undefined) return [piece]
    const [from, to] = backward ? [piece.last, piece.first] : [piece.first, piece.last]
    return this.#spans.spans(run, where.kindMask, from, to, backward)
  }

  /** seq of each event from `from` to `to` that fulfils a condition. */
  seqs(run: number, from: number, to: number, where: Condition): number[] {
    const base = BigInt(run) * BigInt(RUN_SHIFT)
    const sql = `select id - ? from event where id >= ? and id <= ? and (${where.sql}) order by id`
    const query = this.#db.prepare<(bigint | string)[], number>(sql).pluck().safeIntegers(false)
    return steadily(this.#pieces, () => {
      const found: number[] = []
      for (const { first, last } of this.#pieces.pieces(run, from, to, false)) {
        const [low, high] = [base + BigInt(first), base + BigInt(last)]
        for (const seq of query.all(base, low, high, ...where.parameters)) found.push(seq)
      }
      return found
    })
  }

  /** Texts of the first `limit` names that a run's events use, in order. */
  namesOf(run: number, limit: number): string[] {
    return prepare(this.#db, namesOfRun)
      .all(BigInt(run), BigInt(limit))
      .map(({ text }) => text)
  }

  #range(
    run: number,
    from: number,
    to: number,
    limit: number,
    backward: boolean,
    where?: Condition,
  ): EventRow[] {
    const base = BigInt(run) * BigInt(RUN_SHIFT)
    const [low, high] = backward ? [to, from] : [from, to]
    const keys = [base + BigInt(Math.max(low, 0)), base + BigInt(Math.min(high, RUN_SHIFT - 1))]
    const parameters = [...keys, ...(where?.parameters ?? []), BigInt(limit)]
    return this.#page(where?.sql, backward).all(...parameters)
  }

  /** All of a run, or a part. */
  *events(run: number, from = 0, to = RUN_SHIFT - 1, where?: Condition): Generator<TraceEvent> {
    for (const page of this.pages(run, from, to, where)) yield* page
  }

  /** The same in small pages. */
  *pages(run: number, from = 0, to = RUN_SHIFT - 1, where?: Condition): Generator<TraceEvent[]> {
    let own: Batch | undefined
    const batch = (): Batch => (own ??= this.#spare.pop() ?? new Batch())
    try {
      yield* this.#read(run, from, to, where, batch)
    } finally {
      if (own && this.#spare.length < MAX_SPARE) this.#spare.push(own)
    }
  }

  /** `batch`: where it is read to, if many are read at once. */
  *#read(
    run: number,
    from: number,
    to: number,
    where: Condition | undefined,
    batch: () => Batch,
  ): Generator<TraceEvent[]> {
    for (let at = from; at <= to;) {
      const next = at
      const read = where ? undefined : this.#pieces.proving(run, at, batch)
      if (read) {
        yield* this.#slices(run, read, at, to)
        at = read.first + read.batch.length
        continue
      }
      for (const piece of this.#pieces.pieces(run, at, to, false, where ? Infinity : STRETCH)) {
        if (where === undefined) yield* this.#stretch(run, piece, batch)
        else
          for (const span of this.#having(run, piece, false, where))
            yield* this.#span(run, span, where)
        at = piece.last + 1
      }
      if (at === next) return
    }
  }

  /** At once, where that is possible and pays. */
  *#stretch(run: number, { first, last }: Span, take: () => Batch): Generator<TraceEvent[]> {
    for (let at = first; at <= last; at += STRETCH) {
      const end = Math.min(last, at + STRETCH - 1)
      const batch = end - at >= WORTH_COPYING ? take() : null
      if (batch && this.fill(run, at, end, batch))
        yield* this.#slices(run, { first: at, batch }, at, end)
      else return yield* this.#span(run, { first: at, last })
    }
  }

  /**
   * Empties a batch and fills it with events of a run, as they lie there. False where one is missing or holds what no
   * batch does, or they cannot be had so: row by row it is seen which.
   */
  fill(run: number, first: number, last: number, batch: Batch): boolean {
    batch.clear()
    const base = run * RUN_SHIFT
    if (!Number.isSafeInteger(base + RUN_SHIFT) || last - first >= batch.capacity) return false
    return this.#copied?.read(base + first, base + last, batch) ?? false
  }

  /** What lies from `from` to `to` of rows that were read; read anew once the file is not as it was then. */
  *#slices(
    run: number,
    { first, batch }: ProvenRows,
    from: number,
    to: number,
  ): Generator<TraceEvent[]> {
    const end = Math.min(batch.length, to - first + 1)
    for (let at = from - first, looks = 0; at < end; at += TOGETHER) {
      const page = eventsAt(batch, first, at, end, this.nameOf)
      // What was read stays what it was: that the file is another is soon enough seen.
      if (looks++ % EVERY === 0 && !this.#pieces.holds()) {
        for (const _ of this.#pieces.pieces(run, first + at, first + end - 1, false));
        yield* this.#span(run, { first: first + at, last: first + end - 1 })
        return
      }
      yield page
    }
  }

  *#span(run: number, { first, last }: Span, where?: Condition): Generator<TraceEvent[]> {
    for (let at = first, tries = 0; at <= last;) {
      const rows = this.#range(run, at, last, TOGETHER, false, where)
      this.#checkRead(run, rows.length, Math.min(TOGETHER, last - at + 1), where)
      const page = rows.map((row) => rowToEvent(row, this.nameOf))
      if (!this.#pieces.holds()) {
        if (++tries === TRIES) throw changesAlways()
        for (const _ of this.#pieces.pieces(run, at, last, false));
        continue
      }
      yield page
      if (page.length < TOGETHER) return
      at = page[page.length - 1]!.seq + 1
    }
  }

  /** Between the look at a piece and the statement that reads it another process may have removed the run. */
  #checkRead(run: number, read: number, expected: number, where?: Condition): void {
    if (where === undefined && this.#pieces !== ANYTHING && read < expected)
      throw new InputError(
        `run ${run} was removed or replaced while it was read; what was given of it is not the whole`,
      )
  }

  /** `prove` proves them before they are read. */
  *calls(run: number, prove: () => void): Generator<Call> {
    const query = prepare(this.#db, callsFrom)
    prove()
    for (let op = 0n, tries = 0; ;) {
      const page = query.all(BigInt(run), op, BigInt(PAGE_EVENTS))
      const calls = page.map((row) => this.#call(row))
      if (!this.#pieces.holds()) {
        if (++tries === TRIES) throw changesAlways()
        prove()
        continue
      }
      yield* calls
      if (page.length < PAGE_EVENTS) return
      op = page[page.length - 1]!.op + 1n
    }
  }

  /** seq of a call's first event; undefined: there is no such call. */
  callStart(run: number, op: number): number | undefined {
    this.#start ??= prepare(this.#db, callStart)
    const row = this.#start.get(run, op)
    return row && Number(row.first)
  }

  #call({ op, fn, va, size, ret, task, cpu, first, last }: CallRow): Call {
    return {
      op: Number(op),
      fn: fn === null ? '' : this.nameOf(Number(fn)),
      va: va === null ? null : BigInt.asUintN(64, va),
      end: size === null ? null : BigInt.asUintN(64, (va ?? 0n) + size),
      ret: ret === null ? null : Number(ret),
      task: task === null ? null : this.nameOf(Number(task)),
      cpu: Number(cpu),
      first: Number(first),
      last: last === null ? null : Number(last),
    }
  }

  #page(
    where: string | undefined,
    backward: boolean,
  ): Sqlite.Statement<(bigint | string)[], EventRow> {
    const sql = [
      `select ${COLUMNS} from event where id >= ? and id <= ?`,
      ...(where === undefined ? [] : [`and (${where})`]),
      backward ? 'order by id desc limit ?' : 'order by id limit ?',
    ].join(' ')
    const known = this.#pages.get(sql)
    const statement = known ?? this.#db.prepare<(bigint | string)[], EventRow>(sql).raw()
    this.#pages.delete(sql)
    this.#pages.set(sql, statement)
    // Each filter that is tried in the terminal UI is another statement.
    if (this.#pages.size > MAX_STATEMENTS) this.#pages.delete(this.#pages.keys().next().value!)
    return statement
  }
}

const namesOfRun = build
  .selectFrom('name')
  .innerJoin('name_use', 'name_use.name', 'name.id')
  .select('name.text')
  .where('name_use.run', '=', BIND)
  .orderBy('name.text')
  .limit(BIND)

const COLUMNS = COLUMN_NAMES.map((column) => `"${column}"`).join(', ')

const callStart = build
  .selectFrom('call')
  .select('first')
  .where('run', '=', BIND)
  .where('op', '=', BIND)

/** Of a run, from an op on, so many. */
const callsFrom = build
  .selectFrom('call')
  .selectAll()
  .where('run', '=', BIND)
  .where('op', '>=', BIND)
  .orderBy('op')
  .limit(BIND)
