import { createHash } from 'node:crypto'

import Sqlite from 'better-sqlite3'
import type { InferResult } from 'kysely'

import type { Keep, Run } from '../../event/run.ts'
import { MEMORY } from '../file/lease.ts'
import { BIND, BIND_TEXT, build } from '../schema.ts'
import { type Bound, hasTable, prepare } from '../statements.ts'

/** A cache does not wait for a recorder that holds the file. */
const BUSY_MS = 50

/** What SQLite says of a cache that is damaged, or that this process may not write now: then there is none. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|READONLY|CANTOPEN|PERM|FULL|IOERR|NOTADB|CORRUPT)/

/** What was folded of a run's events, by a name for what it is; a row of table `snapshot`. */
export interface Projection {
  readonly name: string
  /** The last event that it was folded from. */
  readonly seq: number
  readonly body: Uint8Array
}

export interface SavedProjection extends Projection {
  /** It is what was written for these events. */
  readonly isWhole: boolean
}

/** What it needs of a file of runs. */
interface ProjectedFile {
  readonly db: Sqlite.Database
  readonly path: string
  readonly mode: 'read' | 'write'
  digestAt(run: number, seq: number): Uint8Array
  whileWriting(db: Sqlite.Database, write: () => void): void
  atClose(close: () => void): void
}

const allSeqs = build
  .selectFrom('snapshot')
  .select('seq')
  .where('run', '=', BIND)
  .where('version', '=', BIND)
  .orderBy('seq')

const nearest = build
  .selectFrom('snapshot')
  .select(['seq', 'body', 'digest'])
  .where('run', '=', BIND)
  .where('projection', '=', BIND_TEXT)
  .where('version', '=', BIND)
  .where('seq', '<=', BIND)
  .orderBy('seq', 'desc')

const insertion = build.replaceInto('snapshot').values({
  run: BIND,
  projection: BIND_TEXT,
  version: BIND,
  seq: BIND,
  body: new Uint8Array(),
  digest: new Uint8Array(),
})

type Row = InferResult<typeof nearest>[number]

/**
 * What was folded of the runs of a file and saved in it: only ever a cache. What is damaged is passed over, what cannot
 * be written is not; either way the answer is folded from the events. `version`: of fold and form; what another wrote
 * is not used, and overwritten.
 */
export class Projections {
  readonly #runFile: ProjectedFile
  readonly #version: number
  readonly #nearest: Sqlite.Statement<Bound[], Row> | undefined
  #writer: Sqlite.Database | undefined
  #mayWrite: boolean

  constructor(runFile: ProjectedFile, version: number) {
    this.#runFile = runFile
    this.#version = version
    const exists = hasTable(runFile.db, 'snapshot')
    if (exists) this.#nearest = prepare(runFile.db, nearest)
    this.#mayWrite = exists && (runFile.mode === 'write' || runFile.path !== MEMORY)
  }

  /** Those of a name up to an event whose body is what was written, the last first. */
  *upTo(run: number, name: string, seq: number): Generator<Pick<Projection, 'seq' | 'body'>> {
    for (let at = seq; ;) {
      const row = this.#row(run, name, at)
      if (!row) return
      if (row.isWhole) yield row
      at = row.seq - 1
    }
  }

  /** The one of a name at an event, and whether its body is what was written for these events. */
  at(run: number, name: string, seq: number): SavedProjection | undefined {
    const row = this.#row(run, name, seq)
    return row?.seq === seq ? row : undefined
  }

  /** seq of everything that is saved of a run in this version, ascending. */
  seqsOf(run: number): number[] {
    if (!this.#nearest) return []
    const query = prepare(this.#runFile.db, allSeqs)
    const rows = whereAvailable(() => query.all(run, this.#version)) ?? []
    return rows.map(({ seq }) => Number(seq))
  }

  #row(run: number, name: string, seq: number): SavedProjection | undefined {
    const row = whereAvailable(() => this.#nearest?.get(run, name, this.#version, seq))
    if (!row) return undefined
    const { body, digest } = row
    const at = Number(row.seq)
    const isBytes = body instanceof Uint8Array && digest instanceof Uint8Array
    const isWhole = isBytes && this.#digestOf(run, { name, seq: at, body }).equals(digest)
    return { name, seq: at, body, isWhole }
  }

  /** Keeps them, all or none; in the place of those whose names `instead` begins, if it is given. */
  save(run: number, projections: readonly Projection[], instead?: string): void {
    if (!this.#mayWrite || projections.length === 0) return
    const done = whereAvailable(() => {
      const db = this.#connection()
      const insert = prepare(db, insertion)
      const putAll = db.transaction(() => {
        if (instead !== undefined) removeOlder(db, run, instead)
        for (const projection of projections) {
          const { name, seq, body } = projection
          insert.run(run, name, this.#version, seq, body, this.#digestOf(run, projection))
        }
      })
      this.#runFile.whileWriting(db, () => {
        putAll()
        // What is left in a -wal changes the state of the file each time that root opens it: SQLite sets its owner.
        if (db !== this.#runFile.db) db.pragma('wal_checkpoint(truncate)')
      })
      return true
    })
    if (done) return
    this.close()
    this.#mayWrite = false
  }

  /** Binds a body to the events that it was folded from: the digest of their batch is chained to all before. */
  #digestOf(run: number, { name, seq, body }: Projection): Buffer {
    const hash = createHash('sha256').update(`snapshot ${name} ${this.#version} ${run} ${seq}\n`)
    return hash.update(this.#runFile.digestAt(run, seq)).update(body).digest()
  }

  close(): void {
    this.#writer?.close()
    this.#writer = undefined
  }

  /** The trace's own connection where that may write, else one of ours beside it. */
  #connection(): Sqlite.Database {
    const { mode, db, path } = this.#runFile
    if (mode === 'write') return db
    return (this.#writer ??= new Sqlite(path, { fileMustExist: true, timeout: BUSY_MS }))
  }
}

/** undefined where SQLite says that the cache cannot be read or written. */
function whereAvailable<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Sqlite.SqliteError && UNAVAILABLE.test(error.code)) return undefined
    throw error
  }
}

/** Of one kind so many are kept of a run. */
const KEPT = 6

function removeOlder(db: Sqlite.Database, run: number, prefix: string): void {
  const names = `from snapshot where run = ? and substr(projection, 1, ?) = ?`
  const { n } = db
    .prepare<[number, number, string], { n: bigint | number }>(`select count(*) as n ${names}`)
    .get(run, prefix.length, prefix)!
  if (Number(n) >= KEPT) db.prepare(`delete ${names}`).run(run, prefix.length, prefix)
}

/** Version of the row in which what was folded of a whole run is kept; what it holds has one of its own. */
const KEEP_VERSION = 1

const kept = new WeakMap<ProjectedFile, Projections>()

/** Keeps what was folded of all events of a run, at the last one. */
export function keepOf(runFile: ProjectedFile, { id, events }: Run): Keep {
  const seq = events - 1
  return {
    read(name) {
      for (const { seq: at, body } of projectionsOf(runFile).upTo(id, name, seq))
        if (at === seq) return body
      return undefined
    },
    write: (name, body, instead) => projectionsOf(runFile).save(id, [{ name, seq, body }], instead),
  }
}

function projectionsOf(runFile: ProjectedFile): Projections {
  let made = kept.get(runFile)
  if (!made) {
    kept.set(runFile, (made = new Projections(runFile, KEEP_VERSION)))
    runFile.atClose(() => kept.get(runFile)?.close())
  }
  return made
}
