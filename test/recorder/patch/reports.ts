import {
  checkRun,
  diffRuns,
  type KernelTree,
  openRuns,
  type PatchReport,
  recordScenario,
  scenarioNamed,
  type ScenarioResult,
} from '@pagetrail/recorder'

/** A page needs no tree: pairs of engine runs of two versions stand for the two sides. */
export async function resultOf(
  name: string,
  more: Partial<ScenarioResult> = {},
): Promise<ScenarioResult> {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const run = (flavour: string) =>
    runFile.source(
      recordScenario(runFile, scenarioNamed(name).json, { name, created: 0, flavour }).run,
    )
  const [a, b] = [run('6.18'), run('7.3')]
  const diff = diffRuns(a, b)
  const { findings } = checkRun(b)
  runFile.close()
  const base = {
    name,
    geometry: '4k-48',
    diff,
    added: [],
    gone: [],
    undecided: [],
    incomplete: [],
    searches: null,
  }
  return { ...base, ...(name === 'flush-forgotten' && { added: findings }), ...more }
}

const side = (called: string): KernelTree & { called: string } => ({
  path: `/src/${called}`,
  name: called,
  version: '7.3.4',
  release: '7.3',
  describe: null,
  called,
})
const zero = (await resultOf('clean-ro')).diff.cost.left

export function reportOf(
  results: readonly ScenarioResult[],
  more: Partial<PatchReport> = {},
): PatchReport {
  const sides = { left: side('base'), right: side('patched') }
  return { ...sides, results, notRun: [], missed: [], leftCosts: zero, rightCosts: zero, ...more }
}
