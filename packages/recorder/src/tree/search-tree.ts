import { buildMachine, InputError } from '@pagetrail/engine'
import { isJsonObject } from '../event/codec.ts'
import type { Json } from '../event/kinds.ts'
import type { BuiltTree } from './build.ts'
import { caseText } from './case-text.ts'
import { compact, type HarnessProcess } from './harness-process.ts'
import { treeScenario } from './record-tree.ts'

export interface TreeSearchOptions {
  /** Every schedule with at most that many preemptions is run: a CPU that could go on, and another one steps. */
  readonly preemptions: number
  /** At most that many of those. */
  readonly runs: number
  /** And so many more, that switch at a few random steps. */
  readonly random: number
  readonly seed: number
}

/** A way in which schedules ended: what the calls returned, and every leaf of the tables. */
export interface TreeEnd {
  readonly runs: number
  /** One CPU to its end, then the next, ends so too, in some order. */
  readonly isSerial: boolean
  readonly isDeadlocked: boolean
  /** The one with the fewest switches that ends so, to be recorded: `record --schedule`. */
  readonly schedule: string
}

export interface TreeSearch {
  readonly runs: number
  readonly random: number
  /** All schedules within the bound were run. */
  readonly isComplete: boolean
  readonly ends: readonly TreeEnd[]
}

/** Ends that no serial order has, deadlocks among them: what its callers could not expect. */
export const raceEnds = ({ ends }: TreeSearch): readonly TreeEnd[] =>
  ends.filter(({ isSerial, isDeadlocked }) => !isSerial || isDeadlocked)

/**
 * Runs many schedules of a scenario with several CPUs on a tree, in the harness's own process.
 * @throws InputError for a scenario with one CPU, or that a tree cannot run
 */
export async function searchOnTree(
  harness: HarnessProcess,
  built: BuiltTree,
  input: unknown,
  { preemptions, runs, random, seed }: TreeSearchOptions,
): Promise<TreeSearch> {
  const scenario = treeScenario(input, built)
  if (scenario.interleaved === null) {
    throw new InputError('a search of schedules needs a scenario with `cpus`')
  }
  const text = caseText(scenario, buildMachine(scenario), false)
  const command = `search ${preemptions} ${runs} ${random} ${seed}`
  const { search } = await harness.run(text, { constants: () => {}, line: () => {} }, command)
  if (search === null) throw new TypeError('the harness did not report its search')
  const { ends = null } = search
  return {
    runs: Number(search['runs']),
    random: Number(search['random']),
    isComplete: search['complete'] === true,
    ends: Array.isArray(ends) ? (ends as readonly Json[]).map(endOf) : [],
  }
}

function endOf(json: Json): TreeEnd {
  if (!isJsonObject(json)) throw new TypeError('an end of a search should be an object')
  return {
    runs: Number(json['runs']),
    isSerial: json['serial'] === true,
    isDeadlocked: json['deadlocked'] === true,
    schedule: compact(String(json['schedule'])),
  }
}
