/** Searches the interleavings of one scenario and says what was found, proved, or left open. */
import {
  buildMachine,
  type Call,
  type CountedSteps,
  InputError,
  type Machine,
  type Scenario,
  type ScheduleEntry,
  ScheduleSampler,
  scenarioWorks,
  searchClasses,
  SearchMachine,
  smallestSchedule,
  StateSearch,
} from '@pagetrail/engine'
import type { Never } from './never.ts'
import { BROKEN, GAVE_UP, type Property, PROPERTIES, propertyOf, WAITED } from './properties.ts'
import { type LockOrder, ScenarioWatch } from './scenario-watch.ts'

export const EXPLORE_MODES = ['auto', 'states', 'dpor', 'bounded', 'pct', 'random'] as const
export type ExploreMode = (typeof EXPLORE_MODES)[number]

export interface ExploreOptions {
  readonly mode?: ExploreMode
  /** Of `bounded`: preemptions a schedule may have. Default 2. */
  readonly preemptions?: number
  readonly properties?: readonly Property[]
  readonly steps?: CountedSteps
  /** Of `pct` and `random`. Defaults 1 and 100,000. */
  readonly seed?: number
  readonly runs?: number
  readonly maxStates?: number
  /** Of a user's module: what is wrong with how a schedule ended. */
  readonly property?: ((machine: Machine) => string | null) | undefined
  /** What must not happen. */
  readonly never?: Never | undefined
}

export interface ExploreFinding {
  readonly property: Property
  /** Schedules that break it: all of them, or of those that were tried. */
  readonly failing: bigint
  /** Fewest preemptions; null where the search does not say. */
  readonly preemptions: number | null
  readonly entries: readonly ScheduleEntry[]
  /** Steps after which every schedule breaks it; null where the search does not say. */
  readonly unavoidable: number | null
  /** The nearest schedule that breaks nothing: the same up to the step that made it unavoidable. */
  readonly passing: readonly ScheduleEntry[] | null
}

export interface ExploreResult {
  readonly mode: Exclude<ExploreMode, 'auto'>
  /** Everything was covered that the mode is to cover. */
  readonly complete: boolean
  /** What ended the search before that. */
  readonly limit: string | null
  /** Schedules, those not counted that reach the bound of a retry loop; runs or classes in other modes. */
  readonly schedules: bigint
  readonly gaveUp: bigint
  /** Schedules in which a CPU waits for a lock. */
  readonly waited: bigint
  readonly states: number
  readonly edges: number
  /** Different ends; 0 where the search does not compare them. */
  readonly ends: number
  readonly longest: number
  readonly bytes: number
  readonly cpus: number
  /** Accesses, fills and flushes were looked at. */
  readonly hasTlb: boolean
  readonly findings: readonly ExploreFinding[]
  /** Nothing broke these; proved if the search is complete and its mode covers all schedules. */
  readonly unbroken: readonly Property[]
  /** Two locks that are taken in both orders. */
  readonly inversions: readonly LockOrder[]
}

const DEFAULT_STATES = 5_000_000
const DEFAULT_RUNS = 100_000

/** How far a search is. */
export interface ExploreProgress {
  readonly states: number
  readonly depth: number
  readonly schedules: bigint
  readonly findings: number
}

/** What the search is to do next: go on, or end with what it knows, and why. */
export type StopReason = string | null

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
  const mode = options.mode ?? 'auto'
  if (mode === 'dpor') return byClasses(scenario, options)
  if (mode === 'pct' || mode === 'random') return yield* bySamples(scenario, options, mode)
  if (mode === 'bounded') return yield* byStates(scenario, options, options.preemptions ?? 2)
  const exact = yield* byStates(scenario, options, null)
  const isTimeLeft = exact.limit === null || exact.limit.endsWith('states')
  if (exact.complete || mode === 'states' || exact.findings.length > 0 || !isTimeLeft) return exact
  // What is too large to be covered is tried by chance: better than to say nothing of the rest.
  const sampled = yield* bySamples(scenario, options, 'pct')
  return sampled.findings.length > 0 ? sampled : exact
}

/** The same in one go. */
export function exploreScenario(scenario: Scenario, options: ExploreOptions = {}): ExploreResult {
  const search = exploring(scenario, options)
  for (;;) {
    const { done, value } = search.next(null)
    if (done === true) return value
  }
}

/** How often a slice asks before it ends: some tens of milliseconds. */
const ASKS = 16
const RUNS_A_SLICE = 500

interface Opened {
  readonly search: SearchMachine
  readonly watch: ScenarioWatch
}

function open(scenario: Scenario, options: ExploreOptions, numbered: boolean): Opened {
  const machine = buildMachine(scenario)
  const canGiveUp = scenario.calls.some(({ args }) => args['change'] === 'retry')
  const watch = new ScenarioWatch({
    canGiveUp,
    property: options.property,
    never: options.never,
  })
  const make = (cpu: Machine['cpus'][number], call: Call): number | null => machine.call(call, cpu)
  const programs = scenarioWorks(scenario, make)
  const steps = options.steps ?? 'shared'
  const search = new SearchMachine({ machine, programs, steps, watch, numbered })
  watch.attach(search)
  return { search, watch }
}

function* byStates(
  scenario: Scenario,
  options: ExploreOptions,
  bound: number | null,
): Generator<ExploreProgress, ExploreResult, StopReason> {
  const { search, watch } = open(scenario, options, true)
  try {
    const known = new StateSearch(search, bound)
    const maxStates = options.maxStates ?? DEFAULT_STATES
    let why: StopReason = null
    let asked = 0
    const stop = (): boolean => ++asked % ASKS === 0
    let counts = known.run({ maxStates, stop })
    while (!counts.complete && counts.states < maxStates && why === null) {
      const { states, depth, schedules } = counts
      const findings = [...counts.rules.keys()].filter(
        (bit) => propertyOf(bit) !== undefined,
      ).length
      why = yield { states, depth, schedules, findings }
      if (why === null) counts = known.run({ maxStates, stop })
    }
    const wanted = wantedOf(options)
    const found = [...counts.rules].map(([bit, count]) => ({
      property: propertyOf(bit),
      bit,
      count,
    }))
    if (!counts.complete) search.reset()
    const findings = found.flatMap(({ property, bit, count }): ExploreFinding[] => {
      if (property === undefined || !wanted.includes(property)) return []
      const smallest = counts.complete ? smallestSchedule(search, known, bit, BROKEN) : null
      const { failing } = count
      const preemptions = smallest?.preemptions ?? null
      const {
        entries = known.first.get(bit) ?? [],
        unavoidable = null,
        passing = null,
      } = smallest ?? {}
      return [{ property, failing, preemptions, entries, unavoidable, passing }]
    })
    const gaveUp = counts.rules.get(GAVE_UP)?.failing ?? 0n
    return {
      mode: bound === null ? 'states' : 'bounded',
      complete: counts.complete,
      limit: counts.complete ? null : (why ?? `${maxStates} states`),
      schedules: counts.schedules - gaveUp,
      gaveUp,
      waited: counts.rules.get(WAITED)?.failing ?? 0n,
      states: counts.states,
      edges: counts.edges,
      ends: counts.ends,
      longest: counts.longest,
      bytes: counts.bytes,
      cpus: scenario.interleaved?.programs.length ?? 1,
      hasTlb: search.machine.system.tlb !== null,
      ...verdictOf(findings, wanted, watch),
    }
  } finally {
    search.close()
  }
}

/** A filter or a module's property is looked for where there is one. */
const wantedOf = ({
  properties = PROPERTIES,
  never,
  property,
}: ExploreOptions): readonly Property[] =>
  properties.filter(
    ({ name }) =>
      (name !== 'never' || never !== undefined) && (name !== 'property' || property !== undefined),
  )

function verdictOf(
  findings: readonly ExploreFinding[],
  wanted: readonly Property[],
  { orders }: ScenarioWatch,
): Pick<ExploreResult, 'findings' | 'unbroken' | 'inversions'> {
  const order = (finding: ExploreFinding): number => PROPERTIES.indexOf(finding.property)
  const broken = new Set(findings.map(({ property }) => property))
  const inversions = [...orders.values()].filter(
    ({ held, taken }) => held < taken && orders.has(`${taken} ${held}`),
  )
  return {
    findings: findings.toSorted((a, b) => order(a) - order(b)),
    unbroken: wanted.filter((property) => !broken.has(property)),
    inversions,
  }
}

function* bySamples(
  scenario: Scenario,
  options: ExploreOptions,
  mode: 'pct' | 'random',
): Generator<ExploreProgress, ExploreResult, StopReason> {
  const { search, watch } = open(scenario, options, false)
  try {
    const { seed = 1, runs = DEFAULT_RUNS } = options
    const sampler = new ScheduleSampler(search, {
      sampling: mode === 'pct' ? 'pct' : 'schedules',
      seed,
    })
    let why: StopReason = null
    let made = 0
    while (made < runs && why === null) {
      sampler.run()
      made++
      if (made % RUNS_A_SLICE !== 0) continue
      const { size: findings } = sampler.failing
      why = yield { states: 0, depth: 0, schedules: BigInt(made), findings }
    }
    const { failing, first, longest } = sampler
    const sample = {
      failing,
      first,
      longest,
      count: BigInt(made),
      limit: made === runs ? null : why,
    }
    return tried(scenario, options, watch, { mode, ...sample })
  } finally {
    search.close()
  }
}

function byClasses(scenario: Scenario, options: ExploreOptions): ExploreResult {
  const { search, watch } = open(scenario, options, false)
  try {
    const maxExecutions = options.runs ?? DEFAULT_RUNS
    const classes = searchClasses(search, { maxExecutions })
    return tried(scenario, options, watch, {
      mode: 'dpor',
      limit: classes.complete ? null : `${maxExecutions} classes`,
      count: BigInt(classes.executions),
      failing: classes.failing,
      first: classes.first,
      longest: 0,
    })
  } finally {
    search.close()
  }
}

interface Tried {
  readonly mode: 'pct' | 'random' | 'dpor'
  readonly limit: string | null
  readonly count: bigint
  readonly failing: ReadonlyMap<number, number>
  readonly first: ReadonlyMap<number, readonly ScheduleEntry[]>
  readonly longest: number
}

function tried(
  scenario: Scenario,
  options: ExploreOptions,
  watch: ScenarioWatch,
  { mode, limit, count, failing, first, longest }: Tried,
): ExploreResult {
  const wanted = wantedOf(options)
  const findings = [...failing].flatMap(([bit, n]): ExploreFinding[] => {
    const property = propertyOf(bit)
    if (property === undefined || !wanted.includes(property)) return []
    const entries = first.get(bit) ?? []
    const unsaid = { preemptions: null, unavoidable: null, passing: null }
    return [{ property, failing: BigInt(n), entries, ...unsaid }]
  })
  const gaveUp = BigInt(failing.get(GAVE_UP) ?? 0)
  return {
    mode,
    complete: limit === null,
    limit,
    schedules: count - gaveUp,
    gaveUp,
    waited: BigInt(failing.get(WAITED) ?? 0),
    states: 0,
    edges: 0,
    ends: 0,
    longest,
    bytes: 0,
    cpus: scenario.interleaved?.programs.length ?? 1,
    hasTlb: buildMachine(scenario).system.tlb !== null,
    ...verdictOf(findings, wanted, watch),
  }
}
