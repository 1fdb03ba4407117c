import { InputError, escapeControls } from '@pagetrail/recorder'
import type { Session, Status } from '../command/session.ts'
import { runFields, runName } from '../text/run-words.ts'
import { RUN } from './arguments.ts'
import type { Verb } from './verb.ts'

export const renameVerb: Verb = {
  name: 'rename',
  group: 'The file:',
  summary: 'give a run another label',
  examples: [['rename -1 before-the-fix', 'the latest run gets that name']],
  declare(command, invoke) {
    command
      .argument('<run>', RUN)
      .argument('<label>', 'any text that is not a number')
      .action((run, label) => invoke((session) => rename(session, run, label)))
  },
}

async function rename(session: Session, spec: string, label: string): Promise<Status> {
  checkLabel(label)
  const runFile = await session.runFile('write', true)
  const run = runFile.find(spec)
  runFile.rename(run, label)
  if (session.json) {
    const lines = session.jsonLines()
    lines.data('run', runFields(runFile.find(run.id)))
    lines.end(true)
  } else session.out.line(escapeControls(`${runName(run)} is now ${label}`))
  return 0
}

/** A label must not read as an id or as a place from the end. */
export function checkLabel(label: string): void {
  if (label.trim() === '' || /^-?\d+$/.test(label)) {
    throw new InputError(`"${label}" cannot be a label, it would be taken for an id; add a letter`)
  }
}
