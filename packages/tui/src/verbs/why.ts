import {
  closeStates,
  escapeControls,
  eventToJson,
  whyDescriptor,
  whyLines,
} from '@pagetrail/recorder'
import { findRun } from '../command/find/find-runs.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText, runFields } from '../text/run-words.ts'
import { ADDRESS, parseAddress, parseCount, RUN_OR_FILE } from './arguments.ts'
import type { Verb } from './verb.ts'

export const whyVerb: Verb = {
  name: 'why',
  group: 'Looking at one:',
  pages: true,
  summary: 'say which events made the descriptors of an address what they are',
  more: `For each event: the call, walk and callback it happened in, the lazy section around it, the barrier and the flush
that came after. ${ADDRESS}`,
  examples: [
    ['why -1 0xffff800080000000', 'at the end of the latest run'],
    ['why modules 0xffff80007a114000 --at 500', 'as of event 500'],
  ],
  declare(command, invoke) {
    command
      .argument('<run>', RUN_OR_FILE)
      .argument('<address>', 'a virtual address', parseAddress)
      .option('--at <seq>', 'look no further than this event', parseCount)
      .action((run, address, { at }) => invoke((session) => why(session, run, address, at)))
  },
}

async function why(
  session: Session,
  spec: string,
  address: bigint,
  at: number | undefined,
): Promise<Status> {
  const { runFile, run } = await findRun(session, spec)
  session.atEnd(() => closeStates(runFile))
  const answer = whyDescriptor(runFile, run, address, at)
  if (session.json) {
    const { va, levels, lookup, steps, earlier } = answer
    const lines = session.jsonLines({ run: runFields(run), va, at: answer.at, lookup })
    for (const level of levels) lines.data('level', { ...level })
    for (const { event, ...step } of steps)
      lines.data('step', { ...step, event: eventToJson(event) })
    lines.end(earlier === 0, { earlier })
  } else for (const line of whyLines(answer)) session.out.line(escapeControls(line))
  const missing = missingText(run)
  if (missing !== null) await session.note(missing)
  return answer.lookup.found === 'unknown' ? 3 : 0
}
