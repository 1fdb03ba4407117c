import type { GeometryChoice } from '@pagetrail/engine'
import {
  type BuiltTree,
  escapeControls,
  type RunFile,
  recordOnTree,
  treeGeometry,
  type TreeRun,
  type WriteOptions,
  type Workshop,
} from '@pagetrail/recorder'
import { inFile } from './failure.ts'
import type { NamedScenario } from './scenario-file.ts'
import type { Session, Status } from './session.ts'
import { openWorkshop, treeGeometries, treeNames, type TreeOptions } from './tree-workshop.ts'
import { runFields } from '../text/run-words.ts'
import { resultLine } from '../text/record-result.ts'

export interface TreeRecordOptions extends TreeOptions {
  readonly tree: readonly string[]
  readonly geometry?: readonly string[] | undefined
  readonly schedule?: string | undefined
  readonly exact?: boolean | undefined
}

/** `record --tree`: each scenario on each tree, in the order in which `diff` pairs them. */
export async function recordOnTrees(
  session: Session,
  scenarios: readonly NamedScenario[],
  options: TreeRecordOptions,
  write: WriteOptions,
): Promise<Status> {
  const names = options.geometry && treeGeometries(options.geometry)
  const lines = session.json ? session.jsonLines() : null
  let isIncomplete = false
  const isDone = await session.interruptible(async (signal) => {
    const workshop = await openWorkshop(session, options, signal)
    const trees = await Promise.all(options.tree.map((dir) => workshop.openTree(dir)))
    const called = treeNames(trees.map((tree) => tree.path))
    const runFile = await session.runFile('write')
    for (const scenario of scenarios) {
      for (const geometry of names ?? [
        treeGeometry(scenario.geometry ?? geometryIn(scenario.json)),
      ]) {
        for (const [i, tree] of trees.entries()) {
          if (signal.aborted) return false
          const built = await workshop.build(tree, geometry)
          const made = await recordOne(session, runFile, workshop, built, scenario, {
            treeName: called[i] ?? tree.name,
            write,
            ...(options.schedule === undefined
              ? {}
              : { schedule: options.schedule, exact: options.exact === true }),
          })
          isIncomplete ||= made.incomplete !== null || built.missed.length > 0
          if (lines)
            lines.data('run', {
              ...runFields(made.run),
              results: made.results.map((r) => ({ ...r })),
            })
          else session.out.line(escapeControls(resultLine(made)))
          if (made.incomplete !== null) await session.note(made.incomplete)
          await session.out.flush()
        }
      }
    }
    return true
  })
  lines?.end(isDone && !isIncomplete)
  if (!isDone) return 130
  return isIncomplete ? 3 : 0
}

/** The geometry that a scenario of a file names, else the usual one. */
function geometryIn(json: unknown): GeometryChoice {
  const given: unknown =
    typeof json === 'object' && json !== null ? Reflect.get(json, 'geometry') : undefined
  const number = (name: string, other: number): number => {
    const value: unknown =
      typeof given === 'object' && given !== null ? Reflect.get(given, name) : undefined
    return typeof value === 'number' ? value : other
  }
  return { page_shift: number('page_shift', 12), va_bits: number('va_bits', 48) }
}

async function recordOne(
  session: Session,
  runFile: RunFile,
  workshop: Workshop,
  built: BuiltTree,
  scenario: NamedScenario,
  options: { treeName: string; write: WriteOptions; schedule?: string; exact?: boolean },
): Promise<TreeRun> {
  try {
    return await recordOnTree(runFile, workshop.harness(built), built, scenario.json, {
      name: scenario.name,
      created: session.io.now(),
      facts: scenario.facts,
      ...options,
    })
  } catch (error) {
    workshop.discard(built)
    return inFile(scenario.where, () => {
      throw error
    })
  }
}
