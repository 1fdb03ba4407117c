import { type CaseVerdict, conformFile, conformStream, escapeControls } from '@pagetrail/recorder'
import { count } from '../app/text.ts'
import { Progress } from '../progress.ts'
import type { Session, Status } from '../session.ts'
import { parseCount } from './arguments.ts'
import type { Verb } from './verb.ts'

const SHOWN = 10

export const conformVerb: Verb = {
  name: 'conform',
  group: 'Comparing and checking:',
  summary: 'run cases with known events, results and final tables on the engine and compare',
  more: `A file has one case on each line, plain or gzip: a scenario with its flavour, and the \`events\`, \`results\` and
\`final\` tables that it should give. Exit status: 0 all equal, 1 some are not, 3 some could not be run.`,
  examples: [
    ['conform corpus/*.jsonl.gz', 'every case of a corpus'],
    ['conform --show 1 cases.jsonl', 'only the first that differs: - expected, + the engine'],
    ['conform - < cases.jsonl', 'from standard input'],
  ],
  declare(command, invoke) {
    command
      .argument('<file...>', 'files; - is standard input')
      .option('--show <n>', 'how many unequal cases to show', parseCount, SHOWN)
      .action((files, { show }) => invoke((session) => conform(session, files, show)))
  },
}

type Tally = Record<CaseVerdict['verdict'], number>

async function conform(session: Session, files: readonly string[], show: number): Promise<Status> {
  const lines = session.json ? session.jsonLines() : null
  const tally: Tally = { equal: 0, unequal: 0, 'cannot-run': 0 }
  const done = await session.interruptible(async (signal) => {
    for (const file of files) {
      const progress = new Progress(session.io, `conforming ${escapeControls(file)}`, 'cases')
      let cases = 0
      for await (const verdict of casesOf(session, file)) {
        if (signal.aborted) return false
        tally[verdict.verdict]++
        progress.update(++cases)
        if (verdict.verdict === 'equal') continue
        if (lines) lines.data('case', { file, ...verdict })
        else if (tally.unequal + tally['cannot-run'] <= show) {
          session.out.lines(caseLines(file, verdict).map(escapeControls))
        }
        await session.out.room()
      }
      progress.end()
    }
    return true
  })
  const { equal, unequal, 'cannot-run': cannotRun } = tally
  if (lines) lines.end(done && cannotRun === 0, { equal, unequal, cannot_run: cannotRun })
  else {
    const cases = equal + unequal + cannotRun
    session.out.line(
      `${count(cases)} cases: ${count(equal)} equal, ${count(unequal)} unequal, ${count(cannotRun)} could not be run`,
    )
  }
  if (!done) return 130
  if (unequal > 0) return 1
  return cannotRun > 0 ? 3 : 0
}

/** `-` is standard input. */
const casesOf = (session: Session, file: string): AsyncIterable<CaseVerdict> =>
  file === '-' ? conformStream(session.io.stdin) : conformFile(file)

/** Where a case differs: what came before on both sides, then the two that should be one. */
function caseLines(file: string, verdict: CaseVerdict): string[] {
  const head = `${file}:${verdict.line} ${verdict.id}`
  if (verdict.verdict === 'cannot-run') return [`${head}: could not be run: ${verdict.reason}`, '']
  if (verdict.verdict === 'equal') return []
  const { in: list, index, before, expected, actual } = verdict.divergence
  return [
    `${head}: ${list}[${index}] differs`,
    ...before.map((item) => `    ${itemText(item)}`),
    `  - ${itemText(expected)}`,
    `  + ${itemText(actual)}`,
    '',
  ]
}

const itemText = (item: unknown): string => (item === null ? '(nothing)' : JSON.stringify(item))
