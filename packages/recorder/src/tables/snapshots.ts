import { createHash } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import Sqlite from 'better-sqlite3'
import type { InferResult } from 'kysely'

import { DescriptorRuns } from './descriptor-runs.ts'
import { MEMORY } from '../store/lease.ts'
import type { RunFile } from '../store/run-file.ts'
import { BIND, BIND_TEXT, build } from '../store/schema.ts'
import { type Bound, hasTable, prepare } from '../store/statements.ts'

/** Name of the projection in table `snapshot`. */
const PROJECTION = 'page-state'
/** The same for which entries were touched since the snapshot before. */
const TOUCHED = 'page-touched'
/** Version of fold and form: snapshots of another are not used, and overwritten. */
const VERSION = 6
/** `PTS2` */
const MAGIC = 0x32535450
const HEADER_WORDS = 7
/** A cache does not wait for a recorder that holds the file. */
const BUSY_MS = 50
/** What SQLite says of a file that this process may not write now: then there is no cache, and that is all. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|READONLY|CANTOPEN|PERM|FULL|IOERR|NOTADB|CORRUPT)/

/** Page tables after one event. */
export interface Snapshot {
  readonly seq: number
  readonly complete: boolean
  readonly unplaced: number
  readonly runs: DescriptorRuns
}

/** A snapshot with what led to it: the entries touched since the one before, as of {@link touchedRanges}. */
export interface NewSnapshot extends Snapshot {
  readonly touched: Uint32Array<ArrayBuffer>
}

const nearest = build
  .selectFrom('snapshot')
  .select(['seq', 'body', 'digest'])
  .where('run', '=', BIND)
  .where('projection', '=', BIND_TEXT)
  .where('version', '=', BIND)
  .where('seq', '<=', BIND)
  .orderBy('seq', 'desc')

const saved = build
  .selectFrom('snapshot')
  .select('seq')
  .where('run', '=', BIND)
  .where('version', '=', BIND)
  .orderBy('seq')

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
 * The saved states of a trace's runs: only ever a cache. What is damaged is passed over, what cannot be written is
 * not; either way the answer is folded from the events.
 */
export class SnapshotStore {
  readonly #runFile: RunFile
  readonly #nearest: Sqlite.Statement<Bound[], Row> | undefined
  #writer: Sqlite.Database | undefined
  #mayWrite: boolean

  constructor(runFile: RunFile) {
    this.#runFile = runFile
    const exists = hasTable(runFile.db, 'snapshot')
    if (exists) this.#nearest = prepare(runFile.db, nearest)
    this.#mayWrite = exists && (runFile.mode === 'write' || runFile.path !== MEMORY)
  }

  /** The last snapshot at or before an event. */
  nearest(run: number, seq: number): Snapshot | undefined {
    for (const { seq: at, body } of this.#whole(run, PROJECTION, seq)) {
      const snapshot = read(run, Number(at), body)
      if (snapshot) return snapshot
    }
    return undefined
  }

  /** Which entries were touched before each snapshot up to an event, the last first, by the snapshot's seq. */
  *touched(run: number, seq: number): Generator<readonly [seq: number, ranges: Uint32Array]> {
    for (const { seq: key, body } of this.#whole(run, TOUCHED, seq)) {
      const words = wordsOf(body)
      const [forRun, at] = words
      if (forRun === run && at === Number(key)) yield [at, words.subarray(2)]
    }
  }

  /** seq of everything that is saved of a run in this form, ascending. */
  seqsOf(run: number): number[] {
    return this.#nearest
      ? prepare(this.#runFile.db, saved)
          .all(run, VERSION)
          .map(({ seq }) => Number(seq))
      : []
  }

  /** Whether what was saved at the same event, if anything was, is the same, and bound to the same events. */
  agreesWith(run: number, snapshot: NewSnapshot): boolean {
    const { seq, touched } = snapshot
    const made = [
      [PROJECTION, wordsOf(zstdDecompressSync(write(run, snapshot))), unpacked],
      [TOUCHED, Uint32Array.of(run, seq, ...touched), wordsOf],
    ] as const
    return made.every(([projection, words, read]) => {
      const row = this.#nearest?.get(run, projection, VERSION, seq)
      if (!row || Number(row.seq) !== seq) return true
      if (!this.#digestOf(run, projection, seq, row.body).equals(row.digest)) return false
      const found = read(row.body)
      return found?.length === words.length && words.every((word, i) => word === found[i])
    })
  }

  /** Rows whose body is what was written. */
  *#whole(run: number, projection: string, seq: number): Generator<Row> {
    for (let at = seq; ;) {
      const row = this.#nearest?.get(run, projection, VERSION, at)
      if (!row) return
      if (this.#digestOf(run, projection, Number(row.seq), row.body).equals(row.digest)) yield row
      at = Number(row.seq) - 1
    }
  }

  /** Keeps snapshots, all or none of them. */
  save(run: number, snapshots: readonly NewSnapshot[]): void {
    if (!this.#mayWrite || snapshots.length === 0) return
    try {
      const db = this.#connection()
      const insert = prepare(db, insertion)
      const put = (projection: string, seq: number, body: Uint8Array) =>
        insert.run(run, projection, VERSION, seq, body, this.#digestOf(run, projection, seq, body))
      const putAll = db.transaction(() => {
        for (const snapshot of snapshots) {
          const { seq, touched } = snapshot
          put(PROJECTION, seq, write(run, snapshot))
          put(TOUCHED, seq, new Uint8Array(Uint32Array.of(run, seq, ...touched).buffer))
        }
      })
      this.#runFile.whileWriting(db, putAll)
    } catch (error) {
      if (!(error instanceof Sqlite.SqliteError) || !UNAVAILABLE.test(error.code)) throw error
      this.close()
      this.#mayWrite = false
    }
  }

  /** Binds a body to the events that it was folded from: the digest of their batch is chained to all before. */
  #digestOf(run: number, projection: string, seq: number, body: Uint8Array): Buffer {
    const hash = createHash('sha256').update(`snapshot ${projection} ${VERSION} ${run} ${seq}\n`)
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

function write(run: number, { seq, complete, unplaced, runs }: Snapshot): Uint8Array {
  const body = runs.toWords()
  const words = new Uint32Array(HEADER_WORDS + body.length)
  words.set([MAGIC, VERSION, run, seq, runs.pageShift, complete ? 1 : 0, unplaced])
  words.set(body, HEADER_WORDS)
  return zstdCompressSync(new Uint8Array(words.buffer))
}

/** Undefined where the body is not of this form, run and event. */
function read(run: number, seq: number, body: Uint8Array): Snapshot | undefined {
  const words = unpacked(body)
  if (!words) return undefined
  const [magic, version, forRun, at, pageShift, complete, unplaced] = words
  if (magic !== MAGIC || version !== VERSION || forRun !== run || at !== seq) return undefined
  const runs = DescriptorRuns.fromWords(pageShift!, words.subarray(HEADER_WORDS))
  return runs && { seq, complete: complete === 1, unplaced: unplaced!, runs }
}

/** The words of a body; undefined where it cannot be unpacked. */
function unpacked(body: Uint8Array): Uint32Array | undefined {
  try {
    return wordsOf(zstdDecompressSync(body))
  } catch {
    return undefined
  }
}

/** A copy, since the bytes may lie anywhere in a buffer (slice() of a Buffer is none). */
const wordsOf = (bytes: Uint8Array): Uint32Array => new Uint32Array(new Uint8Array(bytes).buffer)
