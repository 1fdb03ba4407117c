/** Searches the interleavings of one scenario and says what was found, proved, or left open. */
import { InputError, type Scenario } from '@pagetrail/engine'
import { byBounds } from './bounds.ts'
import { byClasses, bySamples, byStates } from './searches.ts'
import {
  type ExploreOptions,
  type ExploreResult,
  type ExploreProgress,
  type StopReason,
  isBroken,
} from './search-result.ts'

/**
 * Searches in slices, so that the caller can look at the clock and at the keyboard: after each it says how far it is,
 * and is given null to go on, or why it ends here. The classes of `dpor` are one slice.
 *
 * @throws InputError for a scenario of one CPU without interrupts
 */
export function* exploring(
  scenario: Scenario,
  options: ExploreOptions = {},
): Generator<ExploreProgress, ExploreResult, StopReason> {
  const { interleaved } = scenario
  if (interleaved === null) {
    throw new InputError(
      'there is nothing to search: the scenario has `calls`; several CPUs need `cpus`',
    )
  }
  const { mode = 'auto', classes = 0 } = options
  if (classes > 0 && mode !== 'auto' && mode !== 'dpor') {
    throw new InputError(`mode ${mode} does not search by classes of schedules; mode dpor does`)
  }
  if (mode === 'dpor' || classes > 0) return yield* byClasses(scenario, options)
  if (mode === 'pct' || mode === 'random') return yield* bySamples(scenario, options, mode)
  const { preemptions = 2 } = options
  if (mode === 'bounded') return yield* byBounds(scenario, options, preemptions)
  const exact = yield* byStates(scenario, options, null)
  if (exact.complete || mode === 'states' || isBroken(exact)) return exact
  return yield* byParts(scenario, options, exact)
}

/** Too large to be covered: by bounds of preemptions, then by chance, which is better than to say nothing. */
function* byParts(
  scenario: Scenario,
  options: ExploreOptions,
  exact: ExploreResult,
): Generator<ExploreProgress, ExploreResult, StopReason> {
  const { saved, limit } = exact
  if (!isOfStates(limit)) return exact
  const part = { ...options, saved: undefined, keeps: false }
  const bounded = yield* byBounds(scenario, part, options.preemptions ?? 2)
  const { bounds } = bounded
  // Each bound was answered, but not what the search was to answer.
  if (isBroken(bounded)) {
    const schedules = exact.schedules > bounded.schedules ? exact.schedules : bounded.schedules
    return { ...bounded, schedules, complete: false, limit: bounded.limit ?? limit, saved }
  }
  if (!bounded.complete && !isOfStates(bounded.limit)) return { ...exact, bounds }
  const sampled = yield* bySamples(scenario, options, 'pct')
  return isBroken(sampled) ? { ...sampled, bounds, saved } : { ...exact, bounds }
}

/** Not of time, and not because somebody ended it. */
const isOfStates = (limit: string | null): boolean => /^\d+ states/.test(limit ?? '')

/** The same in one go. */
export function exploreScenario(scenario: Scenario, options: ExploreOptions = {}): ExploreResult {
  const search = exploring(scenario, options)
  for (;;) {
    const { done, value } = search.next(null)
    if (done === true) return value
  }
}
