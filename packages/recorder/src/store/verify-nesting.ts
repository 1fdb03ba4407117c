import { CallTree, type Misfit } from '../event/call-tree.ts'
import { halts, type Json, KIND_NAMES, KINDS, nestOf } from '../event/kinds.ts'
import { rowToEvent } from '../event/codec.ts'
import { AT, type EventRow } from '../event/event-columns.ts'
import type { Run } from '../event/run.ts'

/** How many misfits of a run are listed; all are counted. */
const LISTED = 10

/** Events of a run that do not fit its call tree. Such a run is as it was written, but calls are not what they seem. */
export interface NestingRemark {
  readonly run: number
  readonly count: number
  /** The first of them. */
  readonly misfits: readonly Misfit[]
}

const MATTERING: ReadonlySet<bigint> = new Set(
  KIND_NAMES.filter((kind) => nestOf(kind) !== 0 || halts(kind) || kind === 'access').map((kind) =>
    BigInt(KINDS[kind].id),
  ),
)

/**
 * Makes the call tree of a run from its rows while they are proven. Of a run that holds what was picked from its events
 * (`record --only`) nothing can be said.
 *
 * @internal
 */
export class NestingFold {
  readonly #run: Run
  readonly #nameOf: (id: number) => string
  readonly #tree = new CallTree()
  readonly #misfits: Misfit[] = []
  readonly #batch: EventRow[] = []
  #count = 0

  constructor(run: Run, nameOf: (id: number) => string) {
    this.#run = run
    this.#nameOf = nameOf
  }

  /** The next row of a batch. */
  push(row: EventRow): void {
    const { [AT.kind]: kind } = row
    if (typeof kind === 'bigint' && MATTERING.has(kind)) this.#batch.push(row)
  }

  /** The batch is proven: only now its rows can be read as events. */
  batchProven(): void {
    for (const row of this.#batch) this.#found(this.#tree.take(rowToEvent(row, this.#nameOf)))
    this.#batch.length = 0
  }

  /** After the last batch. */
  end(): NestingRemark | null {
    const { id, state, facts } = this.#run
    if (facts['only'] !== undefined) return null
    if (state === 'complete')
      this.#tree.end(cpusIn(facts['deadlocked'])).forEach((misfit) => this.#found(misfit))
    return this.#count === 0 ? null : { run: id, count: this.#count, misfits: this.#misfits }
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
