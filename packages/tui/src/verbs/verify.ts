import { type NestingRemark, type Problem, verify, escapeControls } from '@pagetrail/recorder'
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
  const only = spec === undefined ? undefined : runFile.find(spec, { damaged: true })
  const { runs, batches, events, problems, nesting } = verify(runFile, only)
  if (session.json) {
    const lines = session.jsonLines()
    for (const problem of problems) lines.data('problem', { ...problem })
    for (const remark of nesting) lines.data('nesting', { ...remark })
    lines.end(true, { runs, batches, events, whole: problems.length === 0 })
  } else {
    session.out.lines(problems.map((problem) => escapeControls(problemText(problem))))
    session.out.lines(nesting.map((remark) => escapeControls(nestingText(remark))))
    const verdict = problems.length === 0 ? 'as it was written' : many(problems.length, 'problem')
    const seen = `${many(runs, 'run')}, ${count(events)} events in ${count(batches)} batches`
    session.out.line(escapeControls(`${runFile.path}: ${seen}: ${verdict}`))
  }
  if (problems.length > 0) return 2
  // Of a capture every return that its buffer lost is one; its import has counted them.
  runFile.verified(only ? [only] : runFile.runs())
  return nesting.some(({ run }) => runFile.find(run).source !== 'ftrace') ? 1 : 0
}

function problemText({ run, first, message }: Problem): string {
  if (run === null) return message
  return `run ${run}${first === null ? '' : `, batch from event ${first}`}: ${message}`
}

function nestingText({ run, count: misfits, misfits: [first] }: NestingRemark): string {
  const where = first ? `, first event ${first.seq}: ${first.message}` : ''
  return `run ${run}: ${many(misfits, 'event')} outside the call tree, as recorded${where}`
}
