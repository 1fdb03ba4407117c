import { buildMachine, FLAVOURS, InputError, parseScenario, type Scenario } from '@pagetrail/engine'
import { SHOWS } from '../event/evidence.ts'
import type { JsonObject } from '../event/codec.ts'
import type { Json } from '../event/kinds.ts'
import { JSONL_VERSION } from '../event/run-header.ts'
import { JsonlParser } from '../import/jsonl-parse.ts'
import {
  type CallResult,
  featuresOf,
  startState,
  type EngineRunOptions,
  type EngineRun,
} from '../record/record-scenario.ts'
import type { RunFile } from '../store/run-file.ts'
import type { RunWriter } from '../store/writing/run-writer.ts'
import type { BuiltTree } from './build.ts'
import { caseText } from './case-text.ts'
import type { CaseAnswer, HarnessProcess } from './harness-process.ts'

type AsOnEngine = 'name' | 'schedule' | 'exact' | 'facts' | 'created' | 'write'

export interface TreeRunOptions extends Pick<EngineRunOptions, AsOnEngine> {
  /** Stands for the tree's folder in the label `name/4k-48/tree:linux`. */
  readonly treeName?: string
}

export interface TreeRun extends Omit<EngineRun, 'stepSeqs'> {
  /** Why it shows less than it should: a function that is not part of the harness was called. Null: it shows all. */
  readonly incomplete: string | null
}

/** The engine's flavour that a tree of this release is an instance of; null: it is between them. */
export const flavourOfRelease = (release: string): string | null =>
  FLAVOURS.find(({ name }) => name === release)?.name ?? null

/** For what a parser has to know: a scenario is read the same for every flavour. */
const ANY_FLAVOUR = '7.3'

/** A scenario as it would be run on a tree. @throws InputError for what is wrong with it */
export function treeScenario(input: unknown, built: BuiltTree, schedule?: string): Scenario {
  return parseScenario(input, {
    flavour: flavourOfRelease(built.tree.release) ?? ANY_FLAVOUR,
    geometry: built.geometry.choice,
    schedule,
  })
}

/**
 * Runs a scenario on the code of a kernel tree. The run is like any other: the start state first, then what happened,
 * each event with its place in the tree.
 *
 * @throws InputError for a scenario that a tree cannot run, before anything is written; and where the tree's code ends
 * the harness, when the run is kept as interrupted
 */
export async function recordOnTree(
  runFile: RunFile,
  harness: HarnessProcess,
  built: BuiltTree,
  input: unknown,
  options: TreeRunOptions,
): Promise<TreeRun> {
  const scenario = treeScenario(input, built, options.schedule)
  const text = caseText(scenario, buildMachine(scenario), false)
  let writer: RunWriter | null = null
  let facts: Record<string, Json> = {}
  const parser = new JsonlParser('the harness', {
    run: () => {},
    event: (event) => writer?.append(event),
    end: () => {},
  })
  try {
    const answer = await harness.run(text, {
      constants: (constants) => {
        facts = factsOf(scenario, built, constants, options)
        writer = start(runFile, scenario, built, facts, options)
        parser.line(HEADER)
      },
      line: (line) => parser.line(line),
    })
    const made = writer as RunWriter | null
    if (made === null) throw new TypeError('the harness did not report its constants')
    const isExact = options.exact === true || scenario.interleaved?.exact === true
    if (isExact && answer.passedOver > 0) {
      made.abort()
      writer = null
      throw InputError.of('schedule', `${answer.passedOver} of its steps cannot be taken`)
    }
    made.finish('complete', { facts: { ...facts, ...endFacts(answer) } })
    return {
      run: runFile.find(made.id),
      results: outcomesOf(scenario, answer),
      passedOver: answer.passedOver,
      incomplete: answer.incomplete,
    }
  } catch (error) {
    ;(writer as RunWriter | null)?.finish('interrupted')
    throw error
  }
}

/** The parser counts events of a run; what is known of this one is written from the scenario. */
const HEADER = JSON.stringify({ pagetrail: JSONL_VERSION, run: { label: 'tree' } })

function start(
  runFile: RunFile,
  scenario: Scenario,
  { tree, geometry }: BuiltTree,
  facts: Record<string, Json>,
  { name, treeName = tree.name, created, write }: TreeRunOptions,
): RunWriter {
  const { page_shift: pageShift, va_bits: vaBits } = geometry.choice
  const writer = runFile.startRun(
    {
      label: `${name}/${geometry.name}/tree:${treeName}`,
      source: 'tree',
      created,
      flavour: flavourOfRelease(tree.release),
      kernel: tree.version,
      scenario: name,
      geometry: { pageShift, vaBits, levels: geometry.levels },
      facts,
    },
    write,
  )
  startState(scenario, 2 ** pageShift, (event) => writer.append(event))
  return writer
}

/** Addresses that a scenario may give and the tree's headers decide. */
const OF_THE_TREE = ['PAGE_OFFSET', 'PAGE_END', 'VMALLOC_START', 'VMALLOC_END'] as const

function factsOf(
  scenario: Scenario,
  built: BuiltTree,
  { constants = null }: JsonObject,
  options: TreeRunOptions,
): Record<string, Json> {
  const { tree, digests, stubs, missed, shows } = built
  const { features, constants: given } = featuresOf(scenario)
  for (const name of OF_THE_TREE) {
    const [said, is] = [(given as JsonObject)[name], (constants as JsonObject)[name]]
    if (said === undefined || said === is) continue
    throw InputError.of(`constants.${name}`, `${String(said)} is ${String(is)} in this tree`)
  }
  return {
    features,
    constants,
    [SHOWS]: shows,
    tree: {
      path: tree.path,
      version: tree.version,
      describe: tree.describe,
      files: { ...digests.files },
      config: digests.config,
      harness: digests.harness,
      ...(stubs.length > 0 && { stubs }),
      ...(missed.length > 0 && { missed }),
    },
    ...options.facts,
  }
}

function endFacts({ schedule, deadlocked, incomplete }: CaseAnswer): Record<string, Json> {
  return {
    ...(schedule !== null && { schedule }),
    ...(deadlocked.length > 0 && { deadlocked }),
    ...(incomplete !== null && { incomplete }),
  }
}

/** As the engine names what comes of a call. */
export function outcomesOf({ calls, interleaved }: Scenario, answer: CaseAnswer): CallResult[] {
  const programs = interleaved?.programs ?? [{ first: 0, count: calls.length }]
  return calls.map(({ fn }, i): CallResult => {
    const ret = answer.results[i] ?? null
    if (ret === 'unsupported') return { fn, ret: null, outcome: 'unsupported' }
    if (ret !== null) return { fn, ret, outcome: 'returned' }
    const cpu = programs.findIndex(({ first, count }) => i >= first && i < first + count)
    const first = answer.results.findIndex(
      (result, at) => result === null && at >= (programs[cpu]?.first ?? 0),
    )
    if (first < i) return { fn, ret: null, outcome: 'not reached' }
    return { fn, ret: null, outcome: answer.deadlocked.includes(cpu) ? 'waiting' : 'stopped' }
  })
}
