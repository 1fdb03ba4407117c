/** The searches of one scenario: by states, by classes, by chance. */
import {
  buildMachine,
  type Call,
  ClassSearch,
  InputError,
  type Machine,
  type Scenario,
  ScheduleSampler,
  scenarioWorks,
  type ScheduleEntry,
  SearchMachine,
  shrinkSchedule,
  smallestSchedule,
  type StateCounts,
  StateSearch,
} from '@pagetrail/engine'
import {
  bitOf,
  BROKEN,
  GAVE_UP,
  LOST_AT_END,
  type Property,
  PROPERTIES,
  propertyOf,
  WAITED,
} from './properties.ts'
import { ScenarioWatch } from './scenario-watch.ts'
import type {
  ExploreFinding,
  ExploreOptions,
  ExploreProgress,
  ExploreResult,
  SavedSearch,
  ScheduleClass,
  StopReason,
} from './search-result.ts'

const DEFAULT_STATES = 5_000_000
const DEFAULT_RUNS = 100_000

/** How often a slice asks before it ends: some tens of milliseconds. */
const ASKS = 16
const RUNS_A_SLICE = 500

type Searching = Generator<ExploreProgress, ExploreResult, StopReason>

interface Opened {
  readonly search: SearchMachine
  readonly watch: ScenarioWatch
}

function open(scenario: Scenario, options: ExploreOptions, numbered: boolean): Opened {
  const machine = buildMachine(scenario)
  const { tlb } = machine.system
  if (tlb !== null && !looksAtOld(scenario, tlb.weak)) tlb.keepsOld = false
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

/** Whether something may look at what an entry held before a store; of a module it is not known. */
const looksAtOld = ({ calls }: Scenario, isWeak: boolean): boolean =>
  isWeak || calls.some(({ args, isOwn }) => args['see'] === 'old' || isOwn === true)

/** What was saved, if it is of this kind of search. @throws InputError if it is of another, or of another scenario */
function goOn<K extends SavedSearch['kind']>(
  { saved }: ExploreOptions,
  kind: K,
  watch: ScenarioWatch,
  restore: (saved: Extract<SavedSearch, { kind: K }>) => void,
): void {
  if (saved === undefined) return
  if (!isKind(saved, kind)) {
    throw new InputError(`the search that was saved is of ${saved.kind}, this one of ${kind}`)
  }
  watch.remember(saved)
  restore(saved)
}

const isKind = <K extends SavedSearch['kind']>(
  saved: SavedSearch,
  kind: K,
): saved is Extract<SavedSearch, { kind: K }> => saved.kind === kind

/** Whether something is found that is looked for, at which the search is to end. */
function endsAtFirst(options: ExploreOptions, bits: Iterable<number>): boolean {
  if (options.first !== true) return false
  const wanted = wantedOf(options)
  return [...bits].some((bit) => wanted.some((property) => property === propertyOf(bit)))
}

const AT_FIRST = 'the first finding'

/** `bound`: preemptions that a schedule may have; null: any number. */
export function* byStates(
  scenario: Scenario,
  options: ExploreOptions,
  bound: number | null,
): Searching {
  const { search, watch } = open(scenario, options, true)
  try {
    const known = new StateSearch(search, bound)
    goOn(options, 'states', watch, (saved) => known.restore(saved.search))
    const maxStates = options.maxStates ?? DEFAULT_STATES
    let why: StopReason = null
    let asked = 0
    const stop = (): boolean => endsAtFirst(options, known.first.keys()) || ++asked % ASKS === 0
    let counts = known.run({ maxStates, stop })
    while (!counts.complete && counts.states < maxStates && why === null) {
      if (endsAtFirst(options, known.first.keys())) why = AT_FIRST
      else {
        const { states, depth, schedules } = counts
        const findings = [...known.first.keys()].filter((bit) => propertyOf(bit) !== undefined)
        why = yield { states, depth, schedules, findings: findings.length }
        if (why === null) counts = known.run({ maxStates, stop })
      }
    }
    const saved = counts.complete || options.keeps !== true ? null : known.save()
    const findings = findingsOfStates(scenario, options, { search, known, counts, bound })
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
      counted: options.steps ?? 'shared',
      hasTlb: search.machine.system.tlb !== null,
      classes: [],
      bounds: [],
      saved: saved && {
        kind: 'states',
        search: saved,
        ...(bound !== null && { bound }),
        ...watch.remembered,
      },
      ...verdictOf(findings, options, watch),
    }
  } finally {
    search.close()
  }
}

interface Searched {
  readonly search: SearchMachine
  readonly known: StateSearch
  readonly counts: StateCounts
  readonly bound: number | null
}

function findingsOfStates(
  scenario: Scenario,
  options: ExploreOptions,
  { search, known, counts, bound }: Searched,
): readonly ExploreFinding[] {
  if (!counts.complete) search.reset()
  const wanted = wantedOf(options)
  return [...known.first].flatMap(([bit, entries]): ExploreFinding[] => {
    const property = propertyOf(bit)
    if (property === undefined || !wanted.includes(property)) return []
    const failing = counts.rules.get(bit)?.failing ?? 0n
    const atEnd = atEndOf(property, counts.rules.get(LOST_AT_END)?.failing)
    const isAll = counts.complete && bound === null
    const smallest =
      isAll && options.shrink !== false && smallestSchedule(search, known, bit, BROKEN)
    if (smallest) return [{ property, failing, atEnd, ...smallest, isLeast: true }]
    return [{ property, failing, atEnd, ...shrunk(scenario, options, bit, entries) }]
  })
}

const atEndOf = ({ name }: Property, count = 0n): bigint | null =>
  name === 'lost-update' ? count : null

/** What was found of a property, as small as it can be made. */
function shrunk(
  scenario: Scenario,
  options: ExploreOptions,
  rule: number,
  entries: readonly ScheduleEntry[],
): Omit<ExploreFinding, 'property' | 'failing' | 'atEnd'> {
  const asFound = { preemptions: null, isLeast: false, entries, unavoidable: null, passing: null }
  if (options.shrink === false) return asFound
  const { search } = open(scenario, options, true)
  try {
    return shrinkSchedule(search, entries, { rule, avoided: BROKEN }) ?? asFound
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

type Judged = 'findings' | 'unbroken' | 'inversions' | 'outcomes' | 'outcomesAreCut'

const order = ({ property }: ExploreFinding): number => PROPERTIES.indexOf(property)

/** As the properties are listed. */
export const inOrder = (findings: readonly ExploreFinding[]): readonly ExploreFinding[] =>
  findings.toSorted((a, b) => order(a) - order(b))

function verdictOf(
  findings: readonly ExploreFinding[],
  options: ExploreOptions,
  { orders, outcomes }: ScenarioWatch,
): Pick<ExploreResult, Judged> {
  const broken = new Set(findings.map(({ property }) => property))
  const wanted = wantedOf(options)
  const isOrderWanted = wanted.some(({ name }) => name === 'lock-order')
  const inversions = [...orders.values()].filter(
    ({ held, taken }) => isOrderWanted && held < taken && orders.has(`${taken} ${held}`),
  )
  const isKept = ({ name }: Property): boolean => name !== 'lock-order' || inversions.length === 0
  return {
    findings: inOrder(findings),
    unbroken: wanted.filter((property) => !broken.has(property) && isKept(property)),
    inversions,
    outcomes: outcomes.all,
    outcomesAreCut: outcomes.isCut,
  }
}

export function* bySamples(
  scenario: Scenario,
  options: ExploreOptions,
  mode: 'pct' | 'random',
): Searching {
  const { search, watch } = open(scenario, options, false)
  try {
    const { seed = 1, runs = DEFAULT_RUNS } = options
    const sampler = new ScheduleSampler(search, {
      sampling: mode === 'pct' ? 'pct' : 'schedules',
      seed,
    })
    let made = 0
    if (options.saved?.kind !== 'states') {
      goOn(options, 'samples', watch, (saved) => {
        sampler.restore(saved.search)
        ;({ made } = saved)
      })
    }
    let why: StopReason = null
    while (made < runs && why === null) {
      sampler.run()
      made++
      if (endsAtFirst(options, sampler.failing.keys())) why = AT_FIRST
      else if (made % RUNS_A_SLICE === 0) {
        const { size: findings } = sampler.failing
        why = yield { states: 0, depth: 0, schedules: BigInt(made), findings }
      }
    }
    const limit = made === runs ? null : why
    const saved = limit === null || options.keeps !== true ? null : sampler.save()
    const { failing, first, longest } = sampler
    return tried(scenario, options, watch, {
      mode,
      failing,
      first,
      longest,
      count: BigInt(made),
      limit,
      saved: saved && { kind: 'samples', search: saved, made, ...watch.remembered },
    })
  } finally {
    search.close()
  }
}

export function* byClasses(scenario: Scenario, options: ExploreOptions): Searching {
  const { search, watch } = open(scenario, options, false)
  try {
    const maxExecutions = options.runs ?? DEFAULT_RUNS
    const kept: ScheduleClass[] = []
    const classes = new ClassSearch(search, (flags) => {
      if (kept.length >= (options.classes ?? 0) || hasBit(flags, GAVE_UP)) return
      const broken = wantedOf(options).filter(({ name }) => hasBit(flags, bitOf(name)))
      kept.push({ entries: [...search.taken], broken })
    })
    goOn(options, 'dpor', watch, (saved) => classes.restore(saved.search))
    let why: StopReason = null
    let asked = 0
    const stop = (): boolean => options.first === true || ++asked % ASKS === 0
    let counts = classes.run({ maxExecutions, stop })
    while (!counts.complete && counts.executions < maxExecutions && why === null) {
      if (endsAtFirst(options, counts.failing.keys())) why = AT_FIRST
      else {
        const schedules = BigInt(counts.executions)
        why = yield { states: 0, depth: 0, schedules, findings: counts.failing.size }
        if (why === null) counts = classes.run({ maxExecutions, stop })
      }
    }
    const saved = counts.complete || options.keeps !== true ? null : classes.save()
    return tried(scenario, options, watch, {
      mode: 'dpor',
      limit: counts.complete ? null : (why ?? `${maxExecutions} classes`),
      count: BigInt(counts.executions),
      failing: counts.failing,
      first: counts.first,
      longest: 0,
      classes: kept,
      saved: saved && { kind: 'dpor', search: saved, ...watch.remembered },
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
  readonly classes?: readonly ScheduleClass[]
  readonly saved: SavedSearch | null
}

const hasBit = (flags: number, bit: number): boolean => (flags & (1 << bit)) !== 0

function tried(
  scenario: Scenario,
  options: ExploreOptions,
  watch: ScenarioWatch,
  { mode, limit, count, failing, first, longest, classes = [], saved }: Tried,
): ExploreResult {
  const wanted = wantedOf(options)
  const findings = [...failing].flatMap(([bit, n]): ExploreFinding[] => {
    const property = propertyOf(bit)
    if (property === undefined || !wanted.includes(property)) return []
    const entries = first.get(bit) ?? []
    const atEnd = atEndOf(property, BigInt(failing.get(LOST_AT_END) ?? 0))
    return [{ property, failing: BigInt(n), atEnd, ...shrunk(scenario, options, bit, entries) }]
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
    counted: options.steps ?? 'shared',
    hasTlb: buildMachine(scenario).system.tlb !== null,
    classes,
    bounds: [],
    saved,
    ...verdictOf(findings, options, watch),
  }
}
