import { type Batch, NONE } from '../event/batch.ts'
import { CallTree, laneOf, type Misfit } from '../event/call-tree.ts'
import { eventOf } from '../event/codec.ts'
import { halts, type Json, type Kind, kindOfId, nestOf } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'

type NameOf = (id: number) => string

/** How many misfits of a run are listed; all are counted. */
const LISTED = 10

/** Events of a run that do not fit its call tree. Such a run is as it was written, but calls are not what they seem. */
export interface NestingRemark {
  readonly run: number
  readonly count: number
  /** The first of them. */
  readonly misfits: readonly Misfit[]
}

/**
 * Makes the call tree of a run from its batches while they are proven. Of a run that holds what was picked from its
 * events (`record --only`) nothing can be said.
 *
 * @internal
 */
export class NestingFold {
  readonly #run: Run
  readonly #nameOf: NameOf
  readonly #tree = new CallTree()
  readonly #misfits: Misfit[] = []
  #count = 0

  constructor(run: Run, nameOf: NameOf) {
    this.#run = run
    this.#nameOf = nameOf
  }

  /** The next batch of the run, which begins with event `first`. */
  take(batch: Batch, first: number): void {
    for (let i = 0; i < batch.length; i++) {
      const kind = kindOfId(batch.kind[i]!)
      if (kind === undefined) continue
      if (nestOf(kind) !== 0) this.#move(batch, i, kind, first + i)
      else if (halts(kind) || kind === 'access')
        this.#found(this.#tree.take(eventOf(batch, i, first + i, this.#nameOf)))
    }
  }

  /** After the last batch. */
  end(): NestingRemark | null {
    const { id, state, facts } = this.#run
    if (facts['only'] !== undefined) return null
    if (state === 'complete')
      this.#tree.end(cpusIn(facts['deadlocked'])).forEach((misfit) => this.#found(misfit))
    return this.#count === 0 ? null : { run: id, count: this.#count, misfits: this.#misfits }
  }

  #move(batch: Batch, i: number, kind: Kind, seq: number): void {
    const cpu = batch.cpu[i]!
    const lane = laneOf({ cpu, task: this.#name(batch.task[i]!) })
    this.#found(this.#tree.move(kind, seq, lane, this.#name(batch.fn[i]!)))
  }

  #name(id: number): string | null {
    return id === NONE ? null : this.#nameOf(id)
  }

  #found(misfit: Misfit | null): void {
    if (!misfit) return
    this.#count++
    if (this.#misfits.length < LISTED) this.#misfits.push(misfit)
  }
}

/** CPUs that wait for a lock for ever: what they have begun has no end. */
const cpusIn = (json: Json | undefined): number[] =>
  Array.isArray(json) ? json.filter((cpu) => typeof cpu === 'number') : []
