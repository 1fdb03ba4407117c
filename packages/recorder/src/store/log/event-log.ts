import { InputError } from '@pagetrail/engine'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'

import { type Batch, BATCH_EVENTS, type BatchTexts } from '../../event/batch.ts'
import type { LogPlace } from '../../event/run.ts'

/**
 * Batches one behind the other in a file that has no name: for a run that one command reads in order and nobody asks
 * for by SQL. Writing and reading an event costs a sixth of what table `event` takes for it.
 */
export class EventLog {
  readonly #folder: string
  readonly #descriptor: number
  readonly #firsts = [0]
  readonly #starts = [0]
  #capacity = BATCH_EVENTS

  /** `path`: of a new file, which loses this name at once. Throws InputError where it cannot be made. */
  constructor(path: string) {
    this.#folder = dirname(path)
    try {
      this.#descriptor = openSync(path, 'wx+')
    } catch (error) {
      throw this.#failed(error)
    }
    unlinkSync(path)
  }

  /** Events so far. */
  get events(): number {
    return this.#firsts.at(-1)!
  }

  /** Throws InputError where there is no room. */
  append(batch: Batch): void {
    this.#capacity = batch.capacity
    const start = this.#starts.at(-1)!
    const texts = serialize(batch.texts())
    try {
      const columns = writeAll(this.#descriptor, batch.bytes(), start)
      this.#starts.push(writeAll(this.#descriptor, texts, columns))
    } catch (error) {
      throw this.#failed(error)
    }
    this.#firsts.push(this.events + batch.length)
  }

  /** What of it is there now, for who reads it. */
  place(): Omit<LogPlace, 'run' | 'names'> {
    return {
      descriptor: this.#descriptor,
      capacity: this.#capacity,
      firsts: Float64Array.from(this.#firsts),
      starts: Float64Array.from(this.#starts),
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #failed(error: unknown): InputError {
    const why = error instanceof Error ? error.message : String(error)
    return new InputError(
      `the events of a file cannot be kept in ${this.#folder} while it is read (${why}); set TMPDIR to a folder with room`,
      { cause: error },
    )
  }
}

/** Reads a batch of a log into one with its capacity. */
export function readBatch(place: LogPlace, n: number, batch: Batch): void {
  const [start, end] = [place.starts[n]!, place.starts[n + 1]!]
  const bytes = batch.bytes()
  readAll(place.descriptor, bytes, start)
  const texts = new Uint8Array(end - start - bytes.length)
  readAll(place.descriptor, texts, start + bytes.length)
  batch.setTexts(place.firsts[n + 1]! - place.firsts[n]!, deserialize(texts) as BatchTexts)
}

/** Where it ends. */
function writeAll(descriptor: number, bytes: Uint8Array, at: number): number {
  for (let done = 0; done < bytes.length;)
    done += writeSync(descriptor, bytes, done, bytes.length - done, at + done)
  return at + bytes.length
}

function readAll(descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, at + done)
    if (read === 0) throw new Error('a log of events ends before its last batch does')
    done += read
  }
}
