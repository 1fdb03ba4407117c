import { type Command, Option } from '@commander-js/extra-typings'
import {
  type EngineRun,
  InputError,
  escapeControls,
  parseFilter,
  recordScenario,
  type RunFile,
  toPredicate,
  type WriteOptions,
} from '@pagetrail/recorder'
import { flavourOfSchedule } from '@pagetrail/engine'
import { setImmediate } from 'node:timers/promises'
import { inFile } from '../command/failure.ts'
import { loadImplementation, type LoadedModule } from '../command/module-file.ts'
import { findScenarios } from '../command/scenario-file.ts'
import type { Session, Status } from '../command/session.ts'
import { runFields } from '../text/run-words.ts'
import { CACHE, CROSS, FLAVOUR_LIST, GEOMETRY_LIST } from './arguments.ts'
import { checkLabel } from './rename.ts'
import { resultLine } from '../text/record-result.ts'
import { recordOnTrees } from '../command/record-trees.ts'
import { type Job, jobsOf } from '../command/scenario-jobs.ts'
import type { OptionsOf, Verb } from './verb.ts'

const DURABILITY = ['batch', 'call'] as const

const declared = (command: Command) =>
  command
    .argument('<scenario...>', 'names or files')
    .addOption(FLAVOUR_LIST)
    .addOption(GEOMETRY_LIST)
    .option(
      '--module <file>',
      'use the calls of this module, which exports defineImplementation({ name, base, calls }) by default',
    )
    .option(
      '--schedule <steps>',
      'which CPU takes each step of a scenario with several, as in 0.0.1.0; v2/FLAVOUR/SCENARIO-HASH/ before the steps names what they were made for',
    )
    .option(
      '--tree <dir>',
      "run the code of this kernel source folder instead of a flavour's; repeat it for several trees",
      (dir, dirs: string[] = []) => [...dirs, dir],
    )
    .option('--exact', 'refuse a step of the schedule that cannot be taken, instead of skipping it')
    .addOption(CROSS)
    .addOption(CACHE)
    .option('--label <label>', 'name of the run; several runs are named LABEL/GEOMETRY/FLAVOUR')
    .option('--only <expression>', 'record only events that match')
    .addOption(
      new Option('--durability <when>', 'when events are on disk: after each batch, or each call')
        .choices(DURABILITY)
        .default('batch' as const),
    )

type Options = OptionsOf<typeof declared>

export const recordVerb: Verb = {
  name: 'record',
  group: 'Getting runs:',
  summary: 'run scenarios on the engine and record each run',
  more: `A scenario is a name that \`pagetrail scenarios\` lists, or a file: JSON in the form of docs/scenarios.md, or JSON Lines
with one on each line. The runs are labelled SCENARIO/GEOMETRY/FLAVOUR.`,
  examples: [
    ['record partial-block', 'a built-in scenario, in flavours 6.17 and 6.18'],
    ['record scenario.json --flavour 6.12,7.3 --geometry 4k-48,64k-52', 'four runs'],
    [
      'record clean-ro --tree ~/linux --tree ~/linux-patched',
      'the code of two kernel trees, ready for pagetrail diff',
    ],
    [
      'record clean-ro --module examples/seed-patch.ts',
      'with your own implementation of the calls',
    ],
  ],
  declare: (command, invoke) =>
    declared(command).action((scenarios, options) =>
      invoke((session) => record(session, scenarios, options)),
    ),
}

async function record(
  session: Session,
  specs: readonly string[],
  options: Options,
): Promise<Status> {
  const { module, label, schedule, exact = false, only, durability } = options
  if (options.tree !== undefined && (options.flavour !== undefined || module !== undefined)) {
    throw new InputError('--tree runs the code of the tree: leave out --flavour and --module')
  }
  if (label !== undefined) checkLabel(label)
  const scenarios = (await Promise.all(specs.map(findScenarios))).flat()
  const loaded = module === undefined ? undefined : await loadImplementation(module)
  // A schedule that says its flavour runs on it, where nothing else is said.
  const ofSchedule = schedule === undefined ? null : flavourOfSchedule(schedule)
  const isOpen = scenarios.every(({ hasFlavour }) => !hasFlavour)
  const base = loaded?.implementation.base ?? ((isOpen && ofSchedule) || undefined)
  const jobs = jobsOf(scenarios, options, base)
  const write: WriteOptions = {
    durability,
    ...(only === undefined ? {} : { only: toPredicate(parseFilter(only)) }),
  }
  if (options.tree !== undefined) {
    return recordOnTrees(session, scenarios, { ...options, tree: options.tree }, write)
  }
  if (label !== undefined && (scenarios.length > 1 || options.tree !== undefined)) {
    throw new InputError('--label is for one scenario on the engine; rename gives others a label')
  }
  const labelled =
    label === undefined
      ? undefined
      : (variant: string) => (jobs.length === 1 ? label : `${label}/${variant}`)
  const runFile = await session.runFile('write')
  const lines = session.json ? session.jsonLines() : null
  const made = await stoppable(session, loaded !== undefined, async (signal) => {
    for (const [i, job] of jobs.entries()) {
      await setImmediate()
      if (signal.aborted) return i
      const done = recordJob(session, runFile, job, {
        loaded,
        labelled,
        schedule,
        exact,
        only,
        write,
      })
      if (lines)
        lines.data('run', { ...runFields(done.run), results: done.results.map((r) => ({ ...r })) })
      else session.out.line(escapeControls(resultLine(done)))
      await session.out.flush()
    }
    return jobs.length
  })
  lines?.end(made === jobs.length)
  if (made === jobs.length) return 0
  await session.note(`interrupted; ${made} of ${jobs.length} runs were recorded and are kept`)
  return 130
}

/** Somebody's module may never return to where a signal is looked at: there Ctrl-C ends the process, as by default. */
const stoppable = <T>(
  session: Session,
  hasModule: boolean,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => (hasModule ? work(new AbortController().signal) : session.interruptible(work))

function recordJob(
  session: Session,
  runFile: RunFile,
  { scenario, flavour, geometry }: Job,
  own: {
    loaded: LoadedModule | undefined
    labelled: ((variant: string) => string) | undefined
    schedule: string | undefined
    exact: boolean
    only: string | undefined
    write: WriteOptions
  },
): EngineRun {
  return inFile(scenario.where, () =>
    recordScenario(runFile, scenario.json, {
      name: scenario.name,
      created: session.io.now(),
      write: own.write,
      facts: {
        ...scenario.facts,
        ...own.loaded?.facts,
        ...(own.only === undefined ? {} : { only: own.only }),
      },
      ...(flavour === undefined ? {} : { flavour }),
      ...(geometry === undefined ? {} : { geometry }),
      ...(own.schedule === undefined ? {} : { schedule: own.schedule, exact: own.exact }),
      ...(own.labelled === undefined ? {} : { label: own.labelled }),
      ...(own.loaded === undefined ? {} : { implementation: own.loaded.implementation }),
    }),
  )
}
