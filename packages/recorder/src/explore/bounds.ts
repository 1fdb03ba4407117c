/** A search by bounds of preemptions, 0, 1, 2, …: each that comes to its end is a complete answer of its own. */
import type { Scenario } from '@pagetrail/engine'
import { many } from '../event/quantity.ts'
import type { Property } from './properties.ts'
import { byStates, inOrder } from './searches.ts'
import type {
  ExploreOptions,
  ExploreProgress,
  ExploreResult,
  StopReason,
  BoundAnswer,
} from './search-result.ts'

/**
 * Bounds from 0 to `most`; ends at the first that does not come to its end, with what the bound before it has found.
 * A search that was stopped goes on in its bound; those below it, which are smaller, are searched anew.
 */
export function* byBounds(
  scenario: Scenario,
  options: ExploreOptions,
  most: number,
): Generator<ExploreProgress, ExploreResult, StopReason> {
  const { saved, ...fresh } = options
  const stoppedAt = saved?.kind === 'states' ? (saved.bound ?? most) : null
  const bounds: BoundAnswer[] = []
  let before: ExploreResult | null = null
  for (let bound = 0; ; bound++) {
    const result = yield* byStates(scenario, bound === stoppedAt ? options : fresh, bound)
    bounds.push(answerOf(result, bound))
    if (!result.complete) return { ...result, ...withBefore(result, before, bound), bounds }
    if (bound >= most) return { ...result, bounds }
    before = result
  }
}

const answerOf = (
  { complete, schedules, states, findings }: ExploreResult,
  preemptions: number,
): BoundAnswer => {
  const failing = findings.map(({ property, failing: n }) => [property.name, n] as const)
  return { preemptions, complete, schedules, states, failing }
}

type Merged = 'limit' | 'schedules' | 'findings' | 'unbroken' | 'inversions' | 'outcomes'

/** What a bound that did not come to its end has not met yet, but the one before it has. */
function withBefore(
  result: ExploreResult,
  before: ExploreResult | null,
  bound: number,
): Pick<ExploreResult, Merged> {
  const limit = `${result.limit} in the search of at most ${many(bound, 'preemption')}`
  if (before === null) return { ...result, limit }
  const known = new Map(before.findings.map((finding) => [finding.property, finding]))
  for (const finding of result.findings) {
    const earlier = known.get(finding.property)
    // What was found with fewer preemptions is at least as small, and all of it was counted.
    known.set(
      finding.property,
      earlier === undefined || earlier.failing < finding.failing ? finding : earlier,
    )
  }
  const findings = inOrder([...known.values()])
  const inversions = unionBy([...result.inversions, ...before.inversions], ({ held, taken }) =>
    [held, taken].join(' '),
  )
  const outcomes = unionBy([...result.outcomes, ...before.outcomes], ({ parts }) =>
    parts.join('\n'),
  )
  const isOpen = ({ name }: Property): boolean => name !== 'lock-order' || inversions.length === 0
  return {
    limit,
    schedules: result.schedules > before.schedules ? result.schedules : before.schedules,
    findings,
    unbroken: result.unbroken.filter((property) => !known.has(property) && isOpen(property)),
    inversions,
    outcomes,
  }
}

function unionBy<T>(all: readonly T[], keyOf: (one: T) => string): readonly T[] {
  const first = new Map<string, T>()
  for (const one of all) if (!first.has(keyOf(one))) first.set(keyOf(one), one)
  return [...first.values()]
}
