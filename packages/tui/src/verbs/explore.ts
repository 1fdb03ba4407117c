import { Option } from '@commander-js/extra-typings'
import {
  buildMachine,
  COUNTED_STEPS,
  geometryName,
  implementScenario,
  InputError,
  parseScenario,
  printEntries,
} from '@pagetrail/engine'
import type { Scenario } from '@pagetrail/engine'
import {
  escapeControls,
  type Explored,
  exploreFields,
  exploreLines,
  exploreMarkdown,
  EXPLORE_MODES,
  type ExploreFinding,
  type ExploreOptions,
  exploring,
  type ExploreResult,
  isBroken,
  laneLines,
  neverOf,
  numberOf,
  propertiesNamed,
  recordFinding,
  recordPassing,
  relevant,
  type RunFile,
  verdictText,
} from '@pagetrail/recorder'
import { setImmediate } from 'node:timers/promises'
import { inFile } from '../command/failure.ts'
import type { JsonLines } from '../command/json-lines.ts'
import { loadImplementation, type LoadedModule } from '../command/module-file.ts'
import { Progress } from '../command/progress.ts'
import { findScenarios } from '../command/scenario-file.ts'
import type { Session, Status } from '../command/session.ts'
import { FLAVOUR_LIST, GEOMETRY_LIST, parseCount, parseList } from './arguments.ts'
import { type Job, jobsOf } from '../command/scenario-jobs.ts'
import type { Verb } from './verb.ts'

const FORMATS = ['text', 'markdown'] as const
/** What excludes the CPUs from each other: see hazard H8. */
const LOCKS = {
  kernel: {},
  none: { split_lock: false },
  cpa: { split_lock: false, cpa_lock: true },
} as const
const WALKERS = ['sc', 'weak'] as const
const LOCK_NAMES = ['kernel', 'none', 'cpa'] as const
type Locks = (typeof LOCK_NAMES)[number]

interface Options {
  readonly flavour?: string[] | undefined
  readonly geometry?: string[] | undefined
  readonly module?: string | undefined
  readonly rules?: string[] | undefined
  readonly mode: (typeof EXPLORE_MODES)[number]
  readonly preemptions: number
  readonly steps: (typeof COUNTED_STEPS)[number]
  readonly everyStep?: true | undefined
  readonly locks: string[]
  readonly walkers?: (typeof WALKERS)[number] | undefined
  readonly fills?: number | undefined
  readonly never?: string | undefined
  readonly seed: number
  readonly runs: number
  readonly maxStates: number
  readonly time: number
  readonly record: boolean
  readonly format: (typeof FORMATS)[number]
}

export const exploreVerb: Verb = {
  name: 'explore',
  group: 'Comparing and checking:',
  pages: true,
  summary:
    'search the interleavings of a scenario: prove that none breaks a rule, or record one that does',
  more: `Every schedule is covered by visiting every state once; the numbers of schedules are exact. What breaks a rule is
recorded as a run labelled SCENARIO/GEOMETRY/FLAVOUR~RULE, with marks, and the nearest schedule that does not as
…~RULE-passes. Data accesses are sequentially consistent: one that its own CPU reorders is not seen.
Exit status: 0 searched completely and nothing breaks, 1 something does, 3 not complete and nothing found.`,
  examples: [
    [
      'explore two-in-one-span --flavour 6.17,6.18',
      'every schedule of two CPUs on one contiguous span',
    ],
    ['explore h7-first-plain', 'how a change is lost, and the smallest schedule that loses it'],
    ['explore h7-lock --format markdown', 'a page for a mail'],
    [
      'explore two-in-one-span --flavour 6.18 --locks kernel,none,cpa',
      'three regimes of locks side by side',
    ],
    [
      'explore mine.json --mode pct --runs 100000 --seed 7',
      'by chance, where there are too many states',
    ],
  ],
  declare(command, invoke) {
    command
      .argument('<scenario...>', 'names of `pagetrail scenarios --explore`, or files')
      .addOption(FLAVOUR_LIST)
      .addOption(GEOMETRY_LIST)
      .option(
        '--module <file>',
        'your own implementation of the calls, as for record; its `property(machine)` says what is wrong at an end, or null',
      )
      .option('--rules <list>', 'properties to look for; default: all', parseList)
      .addOption(
        new Option('--mode <mode>', 'how to search')
          .choices(EXPLORE_MODES)
          .default('auto' as const),
      )
      .option('--preemptions <n>', 'of mode bounded: how many at most', parseCount, 2)
      .addOption(
        new Option(
          '--steps <steps>',
          'which are counted: every one, those on what CPUs share, or without barriers where there is no TLB',
        )
          .choices(COUNTED_STEPS)
          .default('shared' as const),
      )
      .option('--every-step', 'the same as --steps every')
      .option('--locks <list>', 'regimes side by side: kernel, none, cpa', parseList, ['kernel'])
      .addOption(
        new Option(
          '--walkers <walkers>',
          'whether walks may see old entries until a dsb; default: weak where the scenario has accesses',
        ).choices(WALKERS),
      )
      .option('--never <expression>', 'a filter: a store, load or access that must not happen')
      .option('--fills <n>', 'speculative fills of each CPU that makes some', parseCount)
      .option('--seed <n>', 'of modes pct and random', parseCount, 1)
      .option('--runs <n>', 'of modes pct, random and dpor', parseCount, 100_000)
      .option('--max-states <n>', 'of modes states and bounded', parseCount, 5_000_000)
      .option('--time <seconds>', 'for each search; 0: no limit', parseCount, 60)
      .option('--no-record', 'record nothing')
      .addOption(
        new Option('--format <format>', 'output').choices(FORMATS).default('text' as const),
      )
      .action((scenarios, options) => invoke((session) => explore(session, scenarios, options)))
  },
}

/** One search to be made. */
interface Search {
  readonly job: Job
  readonly locks: Locks
}

async function explore(
  session: Session,
  specs: readonly string[],
  options: Options,
): Promise<Status> {
  const scenarios = (await Promise.all(specs.map(findScenarios))).flat()
  const loaded = options.module === undefined ? undefined : await loadImplementation(options.module)
  const regimes = options.locks.map(locksNamed)
  const searches = jobsOf(scenarios, options, loaded?.implementation.base).flatMap((job) =>
    regimes.map((locks): Search => ({ job, locks })),
  )
  const properties = propertiesNamed(options.rules)
  const steps = options.everyStep === true ? 'every' : options.steps
  const { mode, preemptions, seed, runs, maxStates } = options
  const never = options.never === undefined ? undefined : neverOf(options.never)
  const property = loaded?.property
  const how: ExploreOptions = {
    mode,
    preemptions,
    properties,
    steps,
    seed,
    runs,
    maxStates,
    never,
    property,
  }
  const runFile = options.record ? await session.runFile('write') : null
  const lines = session.json ? session.jsonLines() : null
  return session.interruptible((signal) => {
    const work = new Explorer(session, options, how, { loaded, runFile, lines, signal })
    return work.all(searches)
  })
}

function locksNamed(name: string): Locks {
  const found = LOCK_NAMES.find((known) => known === name)
  if (found !== undefined) return found
  throw new InputError(`there are no locks ${name}; they are one of ${LOCK_NAMES.join(', ')}`)
}

interface Given {
  readonly loaded: LoadedModule | undefined
  readonly runFile: RunFile | null
  readonly lines: JsonLines | null
  readonly signal: AbortSignal
}

class Explorer {
  readonly #session: Session
  readonly #options: Options
  readonly #how: ExploreOptions
  readonly #given: Given
  readonly #explored: Explored[] = []
  readonly #lanes = new Map<string, readonly string[]>()

  constructor(session: Session, options: Options, how: ExploreOptions, given: Given) {
    this.#session = session
    this.#options = options
    this.#how = how
    this.#given = given
  }

  async all(searches: readonly Search[]): Promise<Status> {
    const { lines, signal } = this.#given
    for (const search of searches) {
      if (signal.aborted) break
      await this.#one(search)
      await this.#session.out.flush()
    }
    if (this.#options.format === 'markdown' && lines === null) {
      for (const line of exploreMarkdown(this.#explored, this.#lanes)) {
        this.#session.out.line(escapeControls(line))
      }
    }
    const results = this.#explored.map(({ result }) => result)
    const complete = results.every((result) => result.complete)
    lines?.end(complete && !signal.aborted)
    if (signal.aborted) return 130
    if (results.some(isBroken)) return 1
    return results.every((result) => result.complete && covers(result)) ? 0 : 3
  }

  async #one(search: Search): Promise<void> {
    const { scenario } = search.job
    const parsed = inFile(scenario.where, () => this.#parse(search))
    const { pageShift, vaBits } = buildMachine(parsed).geometry
    const name = this.#given.loaded?.implementation.name ?? parsed.flavour.name
    const label = `${scenario.name}/${geometryName(pageShift, vaBits)}/${name}`
    const began = this.#session.io.now()
    const result = await this.#search(parsed, label, began)
    const took = this.#session.io.now() - began
    const variant = search.locks === 'kernel' ? '' : `, locks: ${search.locks}`
    const explored: Explored = { label, variant, result, took, seed: this.#options.seed }
    this.#explored.push(explored)
    const runs = inFile(scenario.where, () => this.#record(search, explored))
    this.#print(explored, runs)
  }

  #parse({ job: { scenario, flavour, geometry }, locks }: Search): Scenario {
    const chosen = flavour ?? this.#given.loaded?.implementation.base
    const { fills } = this.#options
    const json = this.#input(scenario.json, locks)
    const parsed = parseScenario(json, { flavour: chosen, geometry, fills })
    const { loaded } = this.#given
    return loaded === undefined ? parsed : implementScenario(parsed, loaded.implementation)
  }

  /** The scenario with the regime of locks and the walkers that are asked for. */
  #input(json: unknown, locks: Locks): unknown {
    const walkers = this.#options.walkers ?? (hasAccesses(json) ? 'weak' : 'sc')
    const weak: Readonly<Record<string, boolean>> =
      walkers === 'weak' ? { weak_walkers: true, tlb_model: true } : {}
    return withFeatures(json, { ...LOCKS[locks], ...weak })
  }

  async #search(scenario: Scenario, label: string, began: number): Promise<ExploreResult> {
    const { io } = this.#session
    const { signal } = this.#given
    const { time } = this.#options
    const progress = new Progress(io, label, 'states')
    const search = exploring(scenario, this.#how)
    let why: string | null = null
    for (;;) {
      const { done, value } = search.next(why)
      if (done === true) {
        progress.end()
        return value
      }
      progress.update(value.states > 0 ? value.states : Number(value.schedules))
      await setImmediate()
      if (signal.aborted) why = 'interrupted'
      else if (time > 0 && io.now() - began >= time * 1000) why = `${time} s are over`
    }
  }

  /** What was recorded of each finding, by property. */
  #record(search: Search, { label, variant, result }: Explored): Map<string, string> {
    const { runFile, loaded } = this.#given
    const { locks } = search
    const { scenario, flavour, geometry } = search.job
    const runs = new Map<string, string>()
    if (runFile === null) return runs
    const input = this.#input(scenario.json, locks)
    const options = {
      name: scenario.name,
      created: this.#session.io.now(),
      facts: { ...scenario.facts, ...loaded?.facts },
      ...(flavour !== undefined && { flavour }),
      ...(geometry !== undefined && { geometry }),
      ...(loaded !== undefined && { implementation: loaded.implementation }),
    }
    for (const finding of result.findings) {
      if (finding.entries.length === 0) continue
      const { run, stepSeqs } = recordFinding(runFile, input, options, result, finding)
      const { property, passing, unavoidable, entries } = finding
      const beside =
        passing === null ? null : recordPassing(runFile, input, options, finding, passing)
      runs.set(
        property.name,
        `run ${run.id} ~${property.name}${beside === null ? '' : `, passing: run ${beside.run.id}`}`,
      )
      const events = [...runFile.source(run).events()]
      const shown = { geometry: null, stepSeqs, unavoidable }
      this.#lanes.set(`${label}${variant}: ${property.name}`, [
        ...laneLines(events, entries, shown),
      ])
    }
    return runs
  }

  #print(explored: Explored, runs: ReadonlyMap<string, string>): void {
    const { lines } = this.#given
    if (lines !== null) this.#printJson(lines, explored, runs)
    else if (this.#options.format === 'text') {
      for (const line of exploreLines(explored, runs)) this.#session.out.line(escapeControls(line))
    }
  }

  #printJson(lines: JsonLines, explored: Explored, runs: ReadonlyMap<string, string>): void {
    const { label, result } = explored
    lines.data('search', exploreFields(explored))
    for (const finding of result.findings)
      lines.data('finding', findingFields(label, finding, runs))
    for (const { name } of relevant(result)) {
      const verdict = verdictText(explored)
      const type = verdict.startsWith('proved') ? 'proved' : 'unbroken'
      lines.data(type, { label, property: name, failing: 0, verdict })
    }
    for (const { held, taken } of result.inversions) {
      lines.data('finding', { label, property: 'lock-order', held, taken })
    }
  }
}

const findingFields = (
  label: string,
  finding: ExploreFinding,
  runs: ReadonlyMap<string, string>,
) => {
  const { property, failing, preemptions, unavoidable, entries } = finding
  return {
    label,
    property: property.name,
    failing: numberOf(failing),
    preemptions,
    unavoidable_after_step: unavoidable,
    schedule: printEntries(entries),
    run: runs.get(property.name) ?? null,
  }
}

/** All schedules, or one of each class: of tries and bounds that cannot be said. */
const covers = ({ mode }: ExploreResult): boolean => mode === 'states' || mode === 'dpor'

/** Whether a program of it accesses memory: then what walkers may see matters. */
const hasAccesses = (json: unknown): boolean => /"fn":\s*"access"/.test(JSON.stringify(json) ?? '')

/** The scenario with features that differ; anything but an object is left to the parser. */
function withFeatures(json: unknown, more: Readonly<Record<string, boolean>>): unknown {
  if (typeof json !== 'object' || json === null || Object.keys(more).length === 0) return json
  const features = 'features' in json && typeof json.features === 'object' ? json.features : {}
  return { ...json, features: { ...features, ...more } }
}
