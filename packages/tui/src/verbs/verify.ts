import { InvalidArgumentError } from '@commander-js/extra-typings'
import {
  escapeControls,
  type NestingRemark,
  type Problem,
  type Run,
  type RunFile,
  snapshotProblem,
  verify,
  count,
  many,
} from '@pagetrail/recorder'
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
    ['verify --expect 5f0c…', 'that it is still what it was when that digest was printed'],
  ],
  more: `It prints a digest of all that it verified. The digests in a file have no key: they prove that nothing was changed
by accident, not that nobody changed the file and its digests alike. Keep the digest elsewhere, in a mail, and
verify --expect proves that too.`,
  declare(command, invoke) {
    command
      .argument('[run]', RUN)
      .option('--expect <sha256>', 'the digest that it must have', parseDigest)
      .action((run, { expect }) => invoke((session) => verifyFile(session, run, expect)))
  },
}

function parseDigest(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('It must be the 64 hexadecimal digits that verify printed.')
}

async function verifyFile(
  session: Session,
  spec: string | undefined,
  expected: string | undefined,
): Promise<Status> {
  const runFile = await session.runFile('read')
  const only = spec === undefined ? undefined : runFile.find(spec, { damaged: true })
  const { problems: found, nesting, digest, ...total } = verify(runFile, only)
  const { runs, batches, events } = total
  const other =
    expected === undefined || expected === digest
      ? []
      : [{ run: only?.id ?? null, first: null, message: `its digest is not ${expected}` }]
  const problems = [
    ...found,
    ...(found.length > 0 ? [] : snapshotProblems(runFile, only)),
    ...other,
  ]
  if (session.json) {
    const lines = session.jsonLines()
    for (const problem of problems) lines.data('problem', { ...problem })
    for (const remark of nesting) lines.data('nesting', { ...remark })
    lines.end(true, { ...total, digest, whole: problems.length === 0 })
  } else {
    session.out.lines(problems.map((problem) => escapeControls(problemText(problem))))
    session.out.lines(nesting.map((remark) => escapeControls(nestingText(remark))))
    const verdict = problems.length === 0 ? 'as it was written' : many(problems.length, 'problem')
    const seen = `${many(runs, 'run')}, ${count(events)} events in ${count(batches)} batches`
    session.out.line(escapeControls(`${runFile.path}: ${seen}: ${verdict}`))
    session.out.line(`digest ${digest}`)
  }
  if (problems.length > 0) return 2
  runFile.verified(only ? [only] : runFile.runs())
  // Of a capture every return that its buffer lost is one; its import has counted them.
  return nesting.some(({ run }) => runFile.find(run).source !== 'ftrace') ? 1 : 0
}

/** A cache, and yet answers come from it: of runs whose events are whole. */
function snapshotProblems(runFile: RunFile, only?: Run): Problem[] {
  return (only ? [only] : runFile.runs()).flatMap((run) => {
    const message = snapshotProblem(runFile, run)
    return message === null ? [] : [{ run: run.id, first: null, message }]
  })
}

function problemText({ run, first, message }: Problem): string {
  if (run === null) return message
  return `run ${run}${first === null ? '' : `, batch from event ${first}`}: ${message}`
}

function nestingText({ run, count: misfits, misfits: [first] }: NestingRemark): string {
  const where = first ? `, first event ${first.seq}: ${first.message}` : ''
  return `run ${run}: ${many(misfits, 'event')} outside the call tree, as recorded${where}`
}
