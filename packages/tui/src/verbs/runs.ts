import { buildApart, type Column, type Run, tableLines, count } from '@pagetrail/recorder'
import { noteLostEvents } from '../command/lost-events.ts'
import type { Session, Status } from '../command/session.ts'
import { geometryText, momentText, runFields, sourceText } from '../text/run-words.ts'
import type { Verb } from './verb.ts'

const columnsOf = (runs: readonly Run[]): readonly Column<Run>[] => [
  { head: 'ID', value: (run) => String(run.id), align: 'right' },
  { head: 'LABEL', value: (run) => run.label, max: 40 },
  {
    head: 'SOURCE',
    value: (run) => [sourceText(run), buildApart(run, runs) ?? ''].join(' ').trim(),
    max: 60,
  },
  { head: 'TABLES', value: geometryText },
  { head: 'EVENTS', value: (run) => count(run.events), align: 'right' },
  { head: 'CALLS', value: (run) => count(run.calls), align: 'right' },
  { head: 'LOST', value: (run) => count(run.lost), align: 'right' },
  { head: 'STATE', value: (run) => run.state },
  { head: 'RECORDED (UTC)', value: (run) => momentText(run.created) },
]

export const runsVerb: Verb = {
  name: 'runs',
  group: 'Looking at one:',
  pages: true,
  summary: 'list the runs in the database',
  examples: [
    ['runs', 'what is there'],
    ['runs --json --db fleet.db', 'the same for a program'],
  ],
  declare(command, invoke) {
    command.action(() => invoke(printRuns))
  },
}

export async function printRuns(session: Session): Promise<Status> {
  const runFile = await session.runFile('read')
  const runs = runFile.runs()
  if (session.json) {
    const lines = session.jsonLines()
    for (const run of runs) lines.data('run', runFields(run))
    lines.end(true)
  } else if (runs.length === 0) {
    session.out.line('no runs yet; pagetrail record and pagetrail import make them')
  } else {
    const [head = '', ...rows] = tableLines(columnsOf(runs), runs)
    session.out.line(session.paint.bold(head))
    session.out.lines(rows)
  }
  await noteLostEvents(session, runFile)
  const damaged = runs.find(({ state }) => state === 'damaged')
  if (!damaged) return 0
  await session.out.flush()
  await session.note(
    `${runFile.path} is damaged: what it says of run ${damaged.id} cannot be believed; pagetrail verify says more`,
  )
  return 2
}
