import { deserialize, serialize } from 'node:v8'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import type { Run } from '../event/run.ts'
import { Beliefs, type SavedBeliefs } from '../observers/beliefs.ts'
import { Projections } from '../store/proof/projections.ts'
import type { RunFile } from '../store/run-file.ts'
import { resultOf } from '../tables/last-step.ts'

/** Name of the projection in table `snapshot`. */
const PROJECTION = 'beliefs'
/** Version of the fold and of what is saved of it: what another wrote is made anew. */
const VERSION = 6
/** Events between two that are saved; more where there are many entries, as all of them are written each time. */
const APART = 16_384
const APART_PER_ENTRY = 4
/** Events folded at each step. */
const STEP = 8_192

interface BeliefsOptions {
  /** Events between two that are saved. */
  readonly apart?: number
}

/**
 * All that is pending after event `seq` of a run is applied: folded from the nearest state that was saved, and saved on
 * the way, so that only the first look far into a run takes long. It is the caller's: folding on changes nothing here.
 */
export const beliefsAt = (
  runFile: RunFile,
  run: Run,
  seq: number,
  options: BeliefsOptions = {},
): Beliefs => resultOf(beliefsSteps(runFile, run, seq, options))

/**
 * {@link beliefsAt} for who has other things to do in between: goes on by some thousand events a step, and yields
 * how many events of the run are behind it.
 */
export function* beliefsSteps(
  runFile: RunFile,
  run: Run,
  seq: number,
  { apart: least = APART }: BeliefsOptions = {},
): Generator<number, Beliefs> {
  const saved = projectionsOf(runFile)
  const source = runFile.source(run)
  const nearest = nearestIn(saved, run, seq)
  const beliefs = nearest?.beliefs ?? new Beliefs(run)
  let from = nearest === null ? 0 : nearest.seq + 1
  while (from <= seq) {
    const { size } = beliefs.observers.entries
    const apart = least * Math.max(1, Math.ceil((size * APART_PER_ENTRY) / least))
    const next = from - (from % apart) + apart
    const to = Math.min(next - 1, seq)
    for (let at = from; at <= to; at += STEP) {
      for (const e of source.events(at, Math.min(at + STEP - 1, to))) beliefs.apply(e)
      yield Math.min(at + STEP - 1, to) + 1
    }
    if (next <= seq + 1) save(saved, run, next - 1, beliefs)
    from = next
  }
  return beliefs
}

const kept = new WeakMap<RunFile, Projections>()

function projectionsOf(runFile: RunFile): Projections {
  let made = kept.get(runFile)
  if (made === undefined) {
    kept.set(runFile, (made = new Projections(runFile, VERSION)))
    runFile.atClose(() => kept.get(runFile)?.close())
  }
  return made
}

function nearestIn(
  saved: Projections,
  run: Run,
  seq: number,
): { readonly seq: number; readonly beliefs: Beliefs } | null {
  for (const { seq: at, body } of saved.upTo(run.id, PROJECTION, seq)) {
    const state = savedIn(body)
    if (state !== null) return { seq: at, beliefs: Beliefs.from(run, state) }
  }
  return null
}

function save(saved: Projections, run: Run, seq: number, beliefs: Beliefs): void {
  const body = zstdCompressSync(serialize(beliefs.save()))
  saved.save(run.id, [{ name: PROJECTION, seq, body }])
}

/** Its digest says that it is what this version wrote; another version of Node may write another form. */
function savedIn(body: Uint8Array): SavedBeliefs | null {
  try {
    const value: unknown = deserialize(zstdDecompressSync(body))
    return isSaved(value) ? value : null
  } catch {
    return null
  }
}

const isSaved = (value: unknown): value is SavedBeliefs =>
  typeof value === 'object' && value !== null && 'versions' in value && 'barriers' in value
