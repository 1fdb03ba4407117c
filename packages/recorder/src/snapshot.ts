import { createHash } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import Sqlite from 'better-sqlite3'

import { DescriptorRuns } from './descriptor-runs.ts'
import { MEMORY } from './lease.ts'
import type { Trace } from './store.ts'

/** Name of the projection in table `snapshot`. */
const PROJECTION = 'page-state'
/** Version of fold and form: snapshots of another are not used, and overwritten. */
const VERSION = 1
/** `PTS2` */
const MAGIC = 0x32535450
const HEADER_WORDS = 7
/** A cache does not wait for a recorder that holds the file. */
const BUSY_MS = 50
/** What SQLite says of a file that this process may not write now: then there is no cache, and that is all. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|READONLY|CANTOPEN|PERM|FULL|IOERR|NOTADB|CORRUPT)/

/** Page tables after one event, as saved. */
export interface Snapshot {
  readonly seq: number
  readonly complete: boolean
  readonly unplaced: number
  readonly runs: DescriptorRuns
}

const INSERT = `
  insert or replace into snapshot (run, projection, version, seq, body, digest)
  values (?, ?, ?, ?, ?, ?)`

type Row = readonly [seq: bigint, body: Uint8Array, digest: Uint8Array]

/**
 * The saved states of a trace's runs: only ever a cache. What is damaged is passed over, what cannot be written is
 * not; either way the answer is folded from the events.
 */
export class SnapshotStore {
  readonly #trace: Trace
  readonly #nearest: Sqlite.Statement<[bigint, number, bigint], Row> | undefined
  #writer: Sqlite.Database | undefined
  #mayWrite: boolean

  constructor(trace: Trace) {
    this.#trace = trace
    // A file of an older version, opened for reading, may not have the table.
    const exists = trace.db.prepare("select 1 from sqlite_schema where name = 'snapshot'").get()
    if (exists !== undefined) {
      this.#nearest = trace.db
        .prepare<[bigint, number, bigint], Row>(
          `select seq, body, digest from snapshot where run = ? and projection = '${PROJECTION}' and version = ?
           and seq <= ? order by seq desc`,
        )
        .raw()
    }
    this.#mayWrite = exists !== undefined && (trace.mode === 'write' || trace.path !== MEMORY)
  }

  /** The last snapshot at or before an event. */
  nearest(run: number, seq: number): Snapshot | undefined {
    if (!this.#nearest) return undefined
    for (const [at, body, digest] of this.#nearest.iterate(BigInt(run), VERSION, BigInt(seq))) {
      const snapshot = digestOf(body).equals(digest) ? read(run, Number(at), body) : undefined
      if (snapshot) return snapshot
    }
    return undefined
  }

  /** Keeps snapshots, all or none of them. */
  save(run: number, snapshots: readonly Snapshot[]): void {
    if (!this.#mayWrite || snapshots.length === 0) return
    try {
      const db = this.#connection()
      const insert = db.prepare(INSERT)
      db.transaction(() => {
        for (const snapshot of snapshots) {
          const body = write(run, snapshot)
          insert.run(run, PROJECTION, VERSION, snapshot.seq, body, digestOf(body))
        }
      })()
    } catch (error) {
      if (!(error instanceof Sqlite.SqliteError) || !UNAVAILABLE.test(error.code)) throw error
      this.close()
      this.#mayWrite = false
    }
  }

  close(): void {
    this.#writer?.close()
    this.#writer = undefined
  }

  /** The trace's own connection where that may write, else one of ours beside it. */
  #connection(): Sqlite.Database {
    const { mode, db, path } = this.#trace
    if (mode === 'write') return db
    return (this.#writer ??= new Sqlite(path, { fileMustExist: true, timeout: BUSY_MS }))
  }
}

function write(run: number, { seq, complete, unplaced, runs }: Snapshot): Uint8Array {
  const body = runs.toWords()
  const words = new Uint32Array(HEADER_WORDS + body.length)
  words.set([MAGIC, VERSION, run, seq, runs.pageShift, complete ? 1 : 0, unplaced])
  words.set(body, HEADER_WORDS)
  return zstdCompressSync(new Uint8Array(words.buffer))
}

/** Undefined where the body is not of this form, run and event. */
function read(run: number, seq: number, body: Uint8Array): Snapshot | undefined {
  const bytes = zstdDecompressSync(body)
  const words = new Uint32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  )
  const [magic, version, forRun, at, pageShift, complete, unplaced] = words
  if (magic !== MAGIC || version !== VERSION || forRun !== run || at !== seq) return undefined
  const runs = DescriptorRuns.fromWords(pageShift!, words.subarray(HEADER_WORDS))
  return runs && { seq, complete: complete === 1, unplaced: unplaced!, runs }
}

const digestOf = (body: Uint8Array): Buffer => createHash('sha256').update(body).digest()
