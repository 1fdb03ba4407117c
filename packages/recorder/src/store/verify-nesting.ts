import { CallTree, type Misfit } from '../event/call-tree.ts'
import { halts, type Json, type Kind, KIND_NAMES, KINDS, nestOf } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'
import type { EventReader } from './event-reader.ts'

/** How many misfits of a run are listed; all are counted. */
const LISTED = 10

/** Events of a run that do not fit its call tree. Such a run is as it was written, but calls are not what they seem. */
export interface NestingRemark {
  readonly run: number
  readonly count: number
  /** The first of them. */
  readonly misfits: readonly Misfit[]
}

const MATTERING: readonly Kind[] = KIND_NAMES.filter(
  (kind) => nestOf(kind) !== 0 || halts(kind) || kind === 'access',
)

/**
 * Of a run that holds what was picked from its events (`record --only`) nothing can be said.
 *
 * @internal
 */
export function nestingRemark(reader: EventReader, run: Run): NestingRemark | null {
  if (run.facts['only'] !== undefined) return null
  const ids = MATTERING.map((kind) => KINDS[kind].id)
  const where = {
    sql: `kind in (${ids.join(', ')})`,
    parameters: [],
    kindMask: ids.reduce((mask, id) => mask | (1n << BigInt(id)), 0n),
  }
  const tree = new CallTree()
  const misfits: Misfit[] = []
  let count = 0
  const found = (misfit: Misfit | null): void => {
    if (!misfit) return
    count++
    if (misfits.length < LISTED) misfits.push(misfit)
  }
  for (const event of reader.events(run.id, 0, undefined, where)) found(tree.take(event))
  if (run.state === 'complete') tree.end(cpusIn(run.facts['deadlocked'])).forEach(found)
  return count === 0 ? null : { run: run.id, count, misfits }
}

/** CPUs that wait for a lock for ever: what they have begun has no end. */
const cpusIn = (json: Json | undefined): number[] =>
  Array.isArray(json) ? json.filter((cpu) => typeof cpu === 'number') : []
