import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import { DescriptorRuns } from './descriptor-runs.ts'
import { Projections } from '../store/proof/projections.ts'
import type { RunFile } from '../store/run-file.ts'

/** Name of the projection in table `snapshot`. */
const PROJECTION = 'page-state'
/** The same for which entries were touched since the snapshot before. */
const TOUCHED = 'page-touched'
/** Version of fold and form: snapshots of another are not used, and overwritten. */
const VERSION = 7
/** `PTS2` */
const MAGIC = 0x32535450
const HEADER_WORDS = 7
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

/**
 * The saved states of a trace's runs: only ever a cache (see {@link Projections}).
 */
export class SnapshotStore {
  readonly #saved: Projections

  constructor(runFile: RunFile) {
    this.#saved = new Projections(runFile, VERSION)
  }

  /** The last snapshot at or before an event. */
  nearest(run: number, seq: number): Snapshot | undefined {
    for (const { seq: at, body } of this.#saved.upTo(run, PROJECTION, seq)) {
      const snapshot = read(run, at, body)
      if (snapshot) return snapshot
    }
    return undefined
  }

  /** Which entries were touched before each snapshot up to an event, the last first, by the snapshot's seq. */
  *touched(run: number, seq: number): Generator<readonly [seq: number, ranges: Uint32Array]> {
    for (const { seq: key, body } of this.#saved.upTo(run, TOUCHED, seq)) {
      const words = wordsOf(body)
      const [forRun, at] = words
      if (forRun === run && at === key) yield [at, words.subarray(2)]
    }
  }

  /** seq of everything that is saved of a run in this form, ascending. */
  seqsOf(run: number): number[] {
    return this.#saved.seqsOf(run)
  }

  /** Whether what was saved at the same event, if anything was, is the same, and bound to the same events. */
  agreesWith(run: number, snapshot: NewSnapshot): boolean {
    const { seq, touched } = snapshot
    const made = [
      [PROJECTION, wordsOf(zstdDecompressSync(write(run, snapshot))), unpacked],
      [TOUCHED, Uint32Array.of(run, seq, ...touched), wordsOf],
    ] as const
    return made.every(([projection, words, read]) => {
      const saved = this.#saved.at(run, projection, seq)
      if (saved === undefined) return true
      const found = saved.isWhole ? read(saved.body) : undefined
      return found?.length === words.length && words.every((word, i) => word === found[i])
    })
  }

  /** Keeps snapshots, all or none of them. */
  save(run: number, snapshots: readonly NewSnapshot[]): void {
    const bodies = snapshots.flatMap((snapshot) => {
      const { seq, touched } = snapshot
      const entries = new Uint8Array(Uint32Array.of(run, seq, ...touched).buffer)
      return [
        { name: PROJECTION, seq, body: write(run, snapshot) },
        { name: TOUCHED, seq, body: entries },
      ]
    })
    this.#saved.save(run, bodies)
  }

  close(): void {
    this.#saved.close()
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
