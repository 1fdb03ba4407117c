import type { Condition } from '../event/condition.ts'
import { type Kind, KINDS } from '../event/kinds.ts'
import type { EventSource, Keep, Run, RunPlace, RunProof } from '../event/run.ts'
import type { EventReader } from './event-reader.ts'
import type { Proof } from './proof/proof.ts'
import { guarded, guardedEach, guardedPages } from './sqlite-errors.ts'

/**
 * A run of a file as diff, check and report want it; it is proven before its calls are read.
 *
 * @internal
 */
export const eventSource = (
  reader: EventReader,
  run: Run,
  path: string,
  proof: RunProof,
  keep: Keep,
  placeOf: () => RunPlace | undefined,
): EventSource => ({
  run,
  proof,
  keep,
  get place() {
    return placeOf()
  },
  *calls() {
    yield* guardedEach(
      path,
      reader.calls(run.id, () => proof.prove()),
    )
  },
  unproven: () =>
    guardedEach(
      path,
      reader.calls(run.id, () => {}),
    ),
  events: (from, to, kinds) =>
    guardedPages(path, reader.pages(run.id, from, to, kinds && onlyKinds(kinds))),
})

function onlyKinds(kinds: readonly Kind[]): Condition {
  const ids = kinds.map((kind) => KINDS[kind].id)
  return {
    sql: `kind in (${ids.join(', ')})`,
    parameters: [],
    kindMask: ids.reduce((mask, id) => mask | (1n << BigInt(id)), 0n),
  }
}

/** The proof of one run, for its source; `proof` null: of a database in memory there is nothing to prove. */
export const proofOf = (proof: Proof | null, path: string, run: Run): RunProof => ({
  isDone: () => proof?.known(run.id).calls ?? true,
  prove: () => guarded(path, () => proof?.calls(run)),
  add({ spans, calls }) {
    for (const { first, last } of spans) proof?.add(run.id, first, last)
    if (calls) proof?.addCalls(run.id)
  },
})
