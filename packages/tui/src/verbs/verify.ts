import { type Problem, verify, escapeControls } from '@pagetrail/recorder'
import { count, many } from '../text/fit.ts'
import type { Session, Status } from '../command/session.ts'
import { RUN } from './arguments.ts'
import type { Verb } from './verb.ts'

export const verifyVerb: Verb = {
  name: 'verify',
  group: 'The file:',
  summary: 'prove that the database is what was written: structure, sequence, digests, calls',
  examples: [
    ['verify', 'the whole file'],
    ['verify 3 --db copy.db', 'one run of it'],
  ],
  declare(command, invoke) {
    command.argument('[run]', RUN).action((run) => invoke((session) => verifyFile(session, run)))
  },
}

async function verifyFile(session: Session, spec: string | undefined): Promise<Status> {
  const runFile = await session.runFile('read')
  const only = spec === undefined ? undefined : runFile.find(spec)
  const { runs, batches, events, problems } = verify(runFile, only)
  if (session.json) {
    const lines = session.jsonLines()
    for (const problem of problems) lines.data('problem', { ...problem })
    lines.end(true, { runs, batches, events, whole: problems.length === 0 })
  } else {
    session.out.lines(problems.map((problem) => escapeControls(problemText(problem))))
    const verdict = problems.length === 0 ? 'as it was written' : many(problems.length, 'problem')
    const seen = `${many(runs, 'run')}, ${count(events)} events in ${count(batches)} batches`
    session.out.line(escapeControls(`${runFile.path}: ${seen}: ${verdict}`))
  }
  return problems.length === 0 ? 0 : 2
}

function problemText({ run, first, message }: Problem): string {
  if (run === null) return message
  return `run ${run}${first === null ? '' : `, batch from event ${first}`}: ${message}`
}
