import type { Session, Status } from '../command/session.ts'
import { runFields, runName } from '../text/run-words.ts'
import { RUN } from './arguments.ts'
import type { Verb } from './verb.ts'

export const rmVerb: Verb = {
  name: 'rm',
  group: 'The file:',
  summary: 'remove runs from the database',
  examples: [
    ['rm -1', 'the latest'],
    ['rm 3 4 modules', 'several, by id and label'],
  ],
  declare(command, invoke) {
    command.argument('<run...>', RUN).action((runs) => invoke((session) => remove(session, runs)))
  },
}

async function remove(session: Session, specs: readonly string[]): Promise<Status> {
  const runFile = await session.runFile('write', true)
  const gone = runFile.vanished().filter(({ run }) => specs.includes(String(run)))
  const left = specs.filter((spec) => !gone.some(({ run }) => String(run) === spec))
  // All are found before the first is removed: -1 and -2 mean what they meant when they were typed.
  const found = left.map((spec) => runFile.find(spec, { damaged: true }))
  const runs = new Map(found.map((run) => [run.id, run]))
  const lines = session.json ? session.jsonLines() : null
  for (const lost of gone) {
    runFile.forgetVanished(lost.run)
    if (lines) lines.data('forgotten', { ...lost })
    else session.out.line(`forgot run ${lost.run}, of which nothing was left`)
  }
  for (const run of runs.values()) {
    runFile.remove(run)
    if (lines) lines.data('removed', runFields(run))
    else session.out.line(`removed ${runName(run)}`)
  }
  lines?.end(true)
  return 0
}
