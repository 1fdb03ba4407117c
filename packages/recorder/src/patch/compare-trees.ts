import { InputError } from '@pagetrail/engine'
import { checkRun } from '../check/check-run.ts'
import type { CheckReport, Finding } from '../check/finding.ts'
import { addCosts, type Costs, zeroCosts } from '../cost/costs.ts'
import { diffRuns } from '../diff/diff-runs.ts'
import { answerTo } from '../diff/say/answer.ts'
import type { Diff } from '../diff/result.ts'
import type { RunFile } from '../store/run-file.ts'
import type { BuiltTree } from '../tree/build.ts'
import type { TreeGeometry } from '../tree/geometries.ts'
import type { KernelTree } from '../tree/kernel-tree.ts'
import { recordOnTree, type TreeRun } from '../tree/record-tree.ts'
import {
  raceEnds,
  searchOnTree,
  type TreeSearch,
  type TreeSearchOptions,
} from '../tree/search-tree.ts'
import type { Workshop } from '../tree/workshop.ts'

/** A scenario to be run on both trees. */
export interface PatchScenario {
  readonly name: string
  readonly json: unknown
  readonly geometry: TreeGeometry
}

/** What one scenario showed of the two trees. */
export interface ScenarioResult {
  readonly name: string
  readonly geometry: string
  readonly diff: Diff
  /** Findings of the right side that the left has not, and the other way round. */
  readonly added: readonly Finding[]
  readonly gone: readonly Finding[]
  /** Rules that decide on one side and not on the other. */
  readonly undecided: readonly string[]
  /** Why a side shows less than it should. */
  readonly incomplete: readonly string[]
  /** Of a scenario with several CPUs: the schedules of each side. */
  readonly searches: { readonly left: TreeSearch; readonly right: TreeSearch } | null
}

export interface NotRun {
  readonly name: string
  readonly why: string
}

/** The whole question: two trees over many scenarios. */
export interface PatchReport {
  readonly left: KernelTree & { readonly called: string }
  readonly right: KernelTree & { readonly called: string }
  readonly results: readonly ScenarioResult[]
  readonly notRun: readonly NotRun[]
  /** Parts of a tree whose hooks found nothing. */
  readonly missed: readonly string[]
  readonly leftCosts: Costs
  readonly rightCosts: Costs
}

export interface PatchSide {
  readonly tree: KernelTree
  readonly called: string
}

export interface PatchOptions {
  /** ms since 1970. */
  readonly created: number
  readonly signal?: AbortSignal | undefined
  readonly onScenario?: ((done: number) => void) | undefined
}

/**
 * Records every scenario on both trees, compares the pairs and checks both sides. A scenario that needs what a tree
 * does not have is named with the reason; one that the tree's code cannot finish is part of the answer.
 */
export async function compareTrees(
  runFile: RunFile,
  workshop: Workshop,
  [left, right]: readonly [PatchSide, PatchSide],
  scenarios: readonly PatchScenario[],
  options: PatchOptions,
): Promise<PatchReport> {
  const results: ScenarioResult[] = []
  const notRun: NotRun[] = []
  const missed = new Set<string>()
  let leftCosts: Costs = zeroCosts()
  let rightCosts: Costs = zeroCosts()
  for (const scenario of scenarios) {
    if (options.signal?.aborted) break
    const sides: [BuiltTree, BuiltTree] = [
      await workshop.build(left.tree, scenario.geometry),
      await workshop.build(right.tree, scenario.geometry),
    ]
    for (const built of sides)
      for (const what of built.missed) missed.add(`${what} (${built.tree.name})`)
    try {
      const result = await runBoth(
        runFile,
        workshop,
        sides,
        [left.called, right.called],
        scenario,
        options,
      )
      results.push(result)
      leftCosts = addCosts(leftCosts, result.diff.cost.left)
      rightCosts = addCosts(rightCosts, result.diff.cost.right)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      for (const built of sides) workshop.discard(built)
      notRun.push({ name: scenario.name, why: error.message })
    }
    options.onScenario?.(results.length + notRun.length)
  }
  return {
    left: { ...left.tree, called: left.called },
    right: { ...right.tree, called: right.called },
    results,
    notRun,
    missed: [...missed],
    leftCosts,
    rightCosts,
  }
}

async function runBoth(
  runFile: RunFile,
  workshop: Workshop,
  sides: readonly [BuiltTree, BuiltTree],
  names: readonly [string, string],
  { name, json, geometry }: PatchScenario,
  { created }: PatchOptions,
): Promise<ScenarioResult> {
  const run = (built: BuiltTree, treeName: string): Promise<TreeRun> =>
    recordOnTree(runFile, workshop.harness(built), built, json, { name, treeName, created })
  const left = await run(sides[0], names[0])
  const right = await run(sides[1], names[1])
  const [a, b] = [runFile.source(left.run), runFile.source(right.run)]
  const diff = diffRuns(a, b)
  const [before, after] = [checkRun(a), checkRun(b)]
  const result = {
    name,
    geometry: geometry.name,
    diff,
    added: without(after.findings, before.findings),
    gone: without(before.findings, after.findings),
    undecided: undecidedApart(before, after),
    incomplete: [left.incomplete, right.incomplete].filter((why) => why !== null),
  }
  for (const made of [left, right]) runFile.remove(made.run)
  const search = (built: BuiltTree) => searchOnTree(workshop.harness(built), built, json, SEARCH)
  const searches = hasSeveralCpus(json)
    ? { left: await search(sides[0]), right: await search(sides[1]) }
    : null
  return { ...result, searches }
}

/** Every schedule with one preemption, which is what it takes to lose an update, and some with more. */
const SEARCH: TreeSearchOptions = { preemptions: 1, runs: 5000, random: 200, seed: 1 }

const hasSeveralCpus = (json: unknown): boolean => {
  const cpus: unknown =
    typeof json === 'object' && json !== null ? Reflect.get(json, 'cpus') : undefined
  return Array.isArray(cpus) && cpus.length > 1
}

/** Whether one side has ends of schedules that no serial order has, and the other has none. */
export const isRacyApart = ({ searches }: ScenarioResult): boolean =>
  searches !== null && raceEnds(searches.left).length > 0 !== raceEnds(searches.right).length > 0

/** Of the same rule about the same addresses in the same call: the numbers of events may have moved. */
const keyOf = ({ rule, severity, op, va, end }: Finding): string =>
  [rule, severity, op, va, end].map(String).join(' ')

function without(findings: readonly Finding[], others: readonly Finding[]): Finding[] {
  const left = new Map<string, number>()
  for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1)
  return findings.filter((finding) => {
    const count = left.get(keyOf(finding)) ?? 0
    if (count > 0) left.set(keyOf(finding), count - 1)
    return count === 0
  })
}

const undecidedIn = ({ verdicts }: CheckReport): Set<string> =>
  new Set(verdicts.filter(({ status }) => status === 'undecided').map(({ rule }) => rule))

function undecidedApart(before: CheckReport, after: CheckReport): string[] {
  const [left, right] = [undecidedIn(before), undecidedIn(after)]
  return [
    ...[...left].filter((rule) => !right.has(rule)),
    ...[...right].filter((rule) => !left.has(rule)),
  ]
}

/** Whether anything differs that the question is about. What a side could not finish is not compared. */
export const isChanged = (result: ScenarioResult): boolean => {
  const { diff, added, gone, incomplete } = result
  if (incomplete.length > 0) return false
  const isFinding = added.length > 0 || gone.length > 0
  return answerTo(diff).answer === 'different' || isFinding || isRacyApart(result)
}

/** Whether the answer for it is less than whole. */
export function isUnknown({ diff, incomplete, undecided, searches }: ScenarioResult): boolean {
  const isSearched = searches === null || (searches.left.isComplete && searches.right.isComplete)
  const isCompared = diff.incomplete.length === 0 && answerTo(diff).answer !== 'unknown'
  return incomplete.length > 0 || undecided.length > 0 || !isCompared || !isSearched
}

export type PatchAnswer = 'same' | 'different' | 'incomplete'

/** `incomplete`: the same as far as it goes. */
export function patchAnswer(report: PatchReport): PatchAnswer {
  if (report.results.some(isChanged)) return 'different'
  const isWhole =
    report.results.length > 0 && report.missed.length === 0 && !report.results.some(isUnknown)
  return isWhole ? 'same' : 'incomplete'
}
