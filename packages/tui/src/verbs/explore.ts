import { type Command, Option } from '@commander-js/extra-typings'
import { COUNTED_STEPS, type Scenario, schedulePrefix } from '@pagetrail/engine'
import {
  escapeControls,
  type Explored,
  exploreLines,
  exploreMarkdown,
  EXPLORE_MODES,
  type ExploreOptions,
  exploring,
  type ExploreResult,
  InputError,
  isBroken,
  neverOf,
  propertiesNamed,
  type RunFile,
} from '@pagetrail/recorder'
import { setImmediate } from 'node:timers/promises'
import { inFile } from '../command/failure.ts'
import type { JsonLines } from '../command/json-lines.ts'
import { ExpectedSearches } from '../command/expected-searches.ts'
import { loadImplementation, type LoadedModule } from '../command/module-file.ts'
import { jobsOf } from '../command/scenario-jobs.ts'
import { SearchFile } from '../command/search-file.ts'
import type { Session, Status } from '../command/session.ts'
import { FLAVOUR_LIST, GEOMETRY_LIST, parseCount, parseList } from './arguments.ts'
import { classLine, printJson, SearchProgress } from '../command/explore-output.ts'
import {
  classesAreCut,
  NOTHING_RECORDED,
  type RecordedSearch,
  recordSearch,
} from '../command/explore-record.ts'
import {
  findExplorable,
  keyOf,
  labelOf,
  locksNamed,
  parseSearch,
  type Search,
  WALKERS,
} from '../command/explore-job.ts'
import type { OptionsOf, Verb } from './verb.ts'

const FORMATS = ['text', 'markdown'] as const

const declared = (command: Command) =>
  command
    .argument('<scenario...>', 'names of `pagetrail scenarios --explore`, files, or runs')
    .addOption(FLAVOUR_LIST)
    .addOption(GEOMETRY_LIST)
    .option(
      '--module <file>',
      'your own implementation of the calls, as for record; its `property(machine)` returns what is wrong at an end, or null',
    )
    .option('--rules <list>', 'properties to look for; default: all', parseList)
    .addOption(
      new Option('--mode <mode>', 'how to search').choices(EXPLORE_MODES).default('auto' as const),
    )
    .option(
      '--preemptions <n>',
      'for mode bounded, which searches with 0, 1, 2, … up to this many',
      parseCount,
      2,
    )
    .addOption(
      new Option(
        '--steps <steps>',
        'steps that count: every one, those on what CPUs share, or of these no barriers where there is no TLB',
      )
        .choices(COUNTED_STEPS)
        .default('shared' as const),
    )
    .option('--every-step', 'the same as --steps every')
    .addOption(
      new Option('--locks <list>', 'compare regimes of locks: kernel, none, cpa')
        .argParser(parseList)
        .default<string[]>(['kernel'], 'kernel'),
    )
    .addOption(
      new Option(
        '--walkers <walkers>',
        'weak: walks may see old entries until a dsb; if not given, weak where the scenario has accesses',
      ).choices(WALKERS),
    )
    .option('--never <expression>', 'a filter for a store, load or access that must not happen')
    .option('--fills <n>', 'speculative fills by each CPU that makes any', parseCount)
    .option('--seed <n>', 'for modes pct and random', parseCount, 1)
    .option('--runs <n>', 'for modes pct, random and dpor', parseCount, 100_000)
    .option('--max-states <n>', 'for modes states and bounded', parseCount, 5_000_000)
    .option('--time <seconds>', 'limit for each search; 0: none', parseCount, 60)
    .option(
      '--expect <file>',
      'the --json output of an earlier search; a number that differs is a finding',
    )
    .option('--first', 'stop at the first finding')
    .option('--all', 'in mode dpor: record a schedule of each class, not only those of findings')
    .option('--most <n>', 'with --all: how many classes to record', parseCount, 200)
    .option('--no-shrink', 'leave a schedule as the search found it')
    .option('--resume', 'go on with the search that was stopped')
    .option('--no-record', 'record nothing, and do not keep a stopped search')
    .addOption(new Option('--format <format>', 'output').choices(FORMATS).default('text' as const))

type Options = OptionsOf<typeof declared>

export const exploreVerb: Verb = {
  name: 'explore',
  group: 'Comparing and checking:',
  pages: true,
  summary:
    'search the interleavings of a scenario: prove that none breaks a rule, or record one that does',
  more: `Every schedule is covered by visiting every state once; the numbers of schedules are exact. A schedule that breaks a rule
is recorded as a run labelled SCENARIO/GEOMETRY/FLAVOUR~RULE, with marks, and the nearest schedule that does not break it as
…~RULE-passes. With --all, one schedule of each class is recorded as …~class-N; schedules that differ only in the order of
independent steps are one class. A search that a limit or Ctrl-C ends is kept beside the database; --resume goes on with it
and ends with the same numbers as a search that was never stopped. Data accesses are sequentially consistent: reordering of
them within a CPU is not modelled. Exit status: 0 the search was complete and nothing breaks, 1 something does, 3 the search was
not complete and found nothing.`,
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
    ['explore 3', 'the other schedules of a recorded run: its CPUs, features and start state'],
    [
      'explore three-in-one-span --flavour 6.18 --time 0 --resume',
      'go on with a search that was stopped',
    ],
    [
      'explore mine.json --mode pct --runs 100000 --seed 7',
      'at random, where there are too many states',
    ],
  ],
  declare: (command, invoke) =>
    declared(command).action((scenarios, options) =>
      invoke((session) => explore(session, scenarios, options)),
    ),
}

async function explore(
  session: Session,
  specs: readonly string[],
  options: Options,
): Promise<Status> {
  if (options.all === true) refuseBeside(options)
  const loaded = options.module === undefined ? undefined : await loadImplementation(options.module)
  const found = await Promise.all(specs.map((spec) => findExplorable(session, spec, loaded)))
  const scenarios = found.flat()
  const regimes = options.locks.map(locksNamed)
  const searches = jobsOf(scenarios, options, loaded?.implementation.base).flatMap((job) =>
    regimes.map((locks): Search => ({ job, locks })),
  )
  const properties = propertiesNamed(options.rules)
  const steps = options.everyStep === true ? 'every' : options.steps
  const { mode, preemptions, seed, runs, maxStates } = options
  const never = options.never === undefined ? undefined : neverOf(options.never)
  const property = loaded?.property
  const { first, shrink } = options
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
    shrink,
    first: first === true,
    keeps: options.record,
    classes: options.all === true ? options.most : 0,
  }
  const runFile = options.record ? await session.runFile('write') : null
  const lines = session.json ? session.jsonLines() : null
  return session.interruptible((signal) => {
    const work = new Explorer(session, options, how, { loaded, runFile, lines, signal })
    return work.all(searches)
  })
}

const refuseAllWith = (what: string, why: string): never => {
  throw new InputError(`--all does not go with ${what}: ${why}`)
}

/** @throws InputError for what --all does not go with */
function refuseBeside({ first, record, resume, mode, most }: Options): void {
  if (first === true) refuseAllWith('--first', 'which ends before all is known')
  if (!record) refuseAllWith('--no-record', 'it records a schedule of each class')
  if (resume === true) {
    refuseAllWith('--resume', 'classes that were found before the stop are not kept')
  }
  if (most === 0) refuseAllWith('--most 0', 'which records nothing')
  if (mode !== 'auto' && mode !== 'dpor') {
    refuseAllWith(`--mode ${mode}`, 'only dpor searches by classes of schedules')
  }
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
  readonly #stopped: SearchFile | null
  readonly #expected: ExpectedSearches | null
  /** Searches came to other numbers than were expected. */
  #isOther = false

  constructor(session: Session, options: Options, how: ExploreOptions, given: Given) {
    this.#session = session
    this.#options = options
    this.#how = how
    this.#given = given
    this.#expected = options.expect === undefined ? null : new ExpectedSearches(options.expect)
    const isKept = options.record || options.resume === true
    this.#stopped = isKept ? SearchFile.of(session.options.db) : null
  }

  async all(searches: readonly Search[]): Promise<Status> {
    const { lines, signal } = this.#given
    if (this.#options.resume === true) this.#refuseUnlessOneGoesOn(searches)
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
    const isWhole = complete && (this.#options.all !== true || !results.some(classesAreCut))
    lines?.end(isWhole && !signal.aborted)
    if (signal.aborted) return 130
    if (this.#expected !== null && complete) return this.#isOther ? 1 : 0
    if (results.some(isBroken)) return 1
    return isWhole && results.every(covers) ? 0 : 3
  }

  /** @throws InputError naming the searches that were stopped */
  #refuseUnlessOneGoesOn(searches: readonly Search[]): void {
    const { loaded } = this.#given
    const isStopped = (search: Search): boolean => {
      const key = this.#keyOf(
        inFile(search.job.scenario.where, () => this.#parse(search)),
        loaded,
      )
      return this.#stopped?.find(key) !== undefined
    }
    if (searches.some(isStopped)) return
    const { path = '', labels = [] } = this.#stopped ?? {}
    const held = labels.length === 0 ? 'there is none' : `there are ${labels.join(', ')}`
    throw new InputError(
      `nothing of this can go on: no search with these options was stopped; in ${path} ${held}`,
    )
  }

  #parse = (search: Search): Scenario => parseSearch(search, this.#options, this.#given.loaded)

  #keyOf(scenario: Scenario, loaded: LoadedModule | undefined): string {
    const { mode, preemptions, steps, seed } = this.#how
    const how = {
      mode: mode === 'auto' ? 'states' : mode,
      never: this.#options.never,
      steps,
      ...(mode === 'bounded' && { preemptions }),
      ...((mode === 'pct' || mode === 'random') && { seed }),
    }
    return keyOf(scenario, how, loaded)
  }

  async #one(search: Search): Promise<void> {
    const { loaded } = this.#given
    const { scenario } = search.job
    const parsed = inFile(scenario.where, () => this.#parse(search))
    const label = labelOf(search, parsed, loaded)
    const variant = search.locks === 'kernel' ? '' : `, locks: ${search.locks}`
    const key = this.#keyOf(parsed, loaded)
    const progress = new SearchProgress(this.#session, this.#given.lines, label)
    const result = await this.#search(parsed, key, progress)
    const took = progress.elapsed
    const { seed } = this.#options
    const prefix = schedulePrefix(parsed)
    const explored: Explored = { label, variant, result, took, seed, prefix }
    this.#explored.push(explored)
    const recorded = inFile(scenario.where, () => this.#record(search, explored))
    this.#print(explored, recorded)
    const { all, format } = this.#options
    if (all === true && format === 'markdown' && this.#given.lines === null) {
      await this.#session.note(classLine(explored, recorded.classes).trim().replace(/ {2,}/g, ' '))
    }
    this.#compare(explored)
    await this.#keep(key, explored)
  }

  /** With the numbers of an earlier search. */
  #compare(explored: Explored): void {
    const { lines } = this.#given
    for (const text of this.#expected?.differences(explored) ?? []) {
      this.#isOther = true
      if (lines !== null) lines.data('finding', { label: explored.label, property: 'expect', text })
      else this.#session.out.line(`  not as expected      ${text}`)
    }
  }

  /** A search that was stopped can go on another time. */
  async #keep(key: string, { label, variant, result }: Explored): Promise<void> {
    if (!this.#options.record) return
    const bytes = this.#stopped?.put(key, `${label}${variant}`, result.saved) ?? 0
    if (result.saved === null) return
    const size = bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
    await this.#session.note(`${label} can go on with --resume (${this.#stopped?.path}, ${size})`)
  }

  async #search(scenario: Scenario, key: string, progress: SearchProgress): Promise<ExploreResult> {
    const { signal } = this.#given
    const { time, resume } = this.#options
    const saved = resume === true ? this.#stopped?.find(key) : undefined
    const search = exploring(scenario, { ...this.#how, saved })
    let why: string | null = null
    for (;;) {
      const { done, value } = search.next(why)
      if (done === true) {
        progress.end()
        return value
      }
      await progress.update(value)
      await setImmediate()
      if (signal.aborted) why = 'interrupted'
      else if (time > 0 && progress.elapsed >= time * 1000) why = `${time} s are over`
    }
  }

  #record(search: Search, explored: Explored): RecordedSearch {
    const { runFile, loaded } = this.#given
    if (runFile === null) return NOTHING_RECORDED
    const created = this.#session.io.now()
    const recording = { runFile, loaded, choice: this.#options, created }
    const recorded = recordSearch(recording, search, explored)
    for (const [title, lines] of recorded.lanes) this.#lanes.set(title, lines)
    return recorded
  }

  #print(explored: Explored, recorded: RecordedSearch): void {
    const { lines } = this.#given
    if (lines !== null) printJson(lines, explored, recorded)
    else if (this.#options.format === 'text') {
      for (const line of exploreLines(explored, recorded.runs)) {
        this.#session.out.line(escapeControls(line))
      }
      if (this.#options.all === true) this.#session.out.line(classLine(explored, recorded.classes))
    }
  }
}

/** All schedules, or one of each class: of tries and bounds that cannot be said. */
const covers = ({ mode }: ExploreResult): boolean => mode === 'states' || mode === 'dpor'
