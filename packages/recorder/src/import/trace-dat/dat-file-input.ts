import { InputError } from '@pagetrail/engine'
import { setImmediate } from 'node:timers/promises'

import { type Chunks, isAbort } from '../bytes/chunks.ts'
import type { FtraceEvents } from '../translate/ftrace-events.ts'
import type { Input, InputFacts } from '../bytes/input.ts'
import { type ByteSource, FileSource, MemorySource } from './byte-source.ts'
import { DatInput } from './dat-input.ts'

/** What is held in memory of a trace.dat that is not a plain file. */
const MAX_HELD = 1 << 30

/**
 * A trace.dat as an input: read in place where it is a file, held in memory where it came from a pipe or was packed.
 */
export class DatFileInput implements Input {
  readonly lines = 0
  readonly #events: FtraceEvents
  readonly #name: string
  readonly #path: string | null
  readonly #buffer: string | null
  #input: DatInput | undefined

  constructor(events: FtraceEvents, name: string, path: string | null, buffer: string | null) {
    this.#events = events
    this.#name = name
    this.#path = path
    this.#buffer = buffer
  }

  get entries(): number {
    return this.#input?.entries ?? 0
  }

  get bytes(): number {
    return this.#input?.bytes ?? 0
  }

  async read(chunks: Chunks, step: (idle: boolean) => boolean): Promise<InputFacts> {
    const source = await this.#source(chunks)
    try {
      const input = new DatInput(this.#events, source, this.#buffer)
      this.#input = input
      const steps = input.run()
      while (!steps.next().done) {
        if (!step(false)) break
        await setImmediate()
      }
      return input.facts()
    } catch (error) {
      throw error instanceof InputError ? error.at(this.#name) : error
    } finally {
      source.close()
    }
  }

  /** Goes through the whole file either way: for its digest. */
  async #source(chunks: Chunks): Promise<ByteSource> {
    const held: Uint8Array[] = []
    let size = 0
    try {
      for await (const chunk of chunks) {
        if (this.#path !== null) continue
        size += chunk.length
        if (size > MAX_HELD)
          throw new InputError(`${this.#name} needs more than 1 GiB of memory; unpack it to a file`)
        held.push(chunk.slice())
      }
    } catch (error) {
      if (!isAbort(error)) throw error
    }
    return this.#path === null ? new MemorySource(Buffer.concat(held)) : new FileSource(this.#path)
  }
}
