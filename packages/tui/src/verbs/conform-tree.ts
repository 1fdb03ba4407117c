import { conformOnTree, fileChunks, type TreeCaseVerdict, many } from '@pagetrail/recorder'
import { openWorkshop, treeGeometries, type TreeOptions } from '../command/tree-workshop.ts'
import type { Session, Status } from '../command/session.ts'
import { CaseReport } from './conform-cases.ts'

export interface TreeConformOptions extends TreeOptions {
  readonly tree: string
  readonly flavour?: string | undefined
  readonly geometry?: readonly string[] | undefined
  readonly show: number
}

const STANDARD_INPUT = '-'

/** `conform --tree`: cases of a corpus on the code of a kernel tree. */
export async function conformTree(
  session: Session,
  files: readonly string[],
  options: TreeConformOptions,
): Promise<Status> {
  const geometries = options.geometry && treeGeometries(options.geometry)
  const lines = session.json ? session.jsonLines() : null
  const cases = new CaseReport(session, lines, options.show)
  let passedOver = 0
  const isDone = await session.interruptible(async (signal) => {
    const workshop = await openWorkshop(session, options, signal)
    const tree = await workshop.openTree(options.tree)
    for (const file of files) {
      const bytes = file === STANDARD_INPUT ? session.io.stdin : fileChunks(file, signal)
      const verdicts = conformOnTree(workshop, tree, bytes, file, {
        flavour: options.flavour,
        geometries,
      })
      const own = async function* () {
        for await (const verdict of verdicts) {
          if (isPassedOver(verdict)) passedOver++
          else yield verdict
        }
      }
      if (!(await cases.read(file, own(), signal))) return false
    }
    return true
  })
  lines?.end(isDone && !cases.isIncomplete, { ...cases.totals(), passed_over: passedOver })
  if (!lines) {
    cases.summarize()
    if (passedOver > 0) {
      session.out.line(`${many(passedOver, 'case')} of other kernels or geometries were skipped`)
    }
  }
  if (!isDone) return 130
  if (cases.isUnequal) return 1
  return cases.isIncomplete ? 3 : 0
}

const isPassedOver = (
  verdict: TreeCaseVerdict,
): verdict is Extract<TreeCaseVerdict, { verdict: 'passed-over' }> =>
  verdict.verdict === 'passed-over'
