import {
  eventFields,
  eventToJson,
  InputError,
  pairLines,
  type Run,
  runGeometry,
} from '@pagetrail/recorder'
import { findRun } from '../command/find/find-runs.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText, runFields } from '../text/run-words.ts'
import { RUN_OR_FILE } from './arguments.ts'
import type { Verb } from './verb.ts'

export const showVerb: Verb = {
  name: 'show',
  group: 'Looking at one:',
  pages: true,
  summary: 'print one event or a range, every field decoded',
  examples: [
    ['show -1 127', 'event 127 of the latest run'],
    ['show 2 1000-1020', 'a range'],
    ['show 2 end', 'the last event'],
  ],
  declare(command, invoke) {
    command
      .argument('<run>', RUN_OR_FILE)
      .argument('<events>', '127, 1000-5000, or end')
      .action((run, events) => invoke((session) => show(session, run, events)))
  },
}

async function show(session: Session, spec: string, wanted: string): Promise<Status> {
  const { runFile, run } = await findRun(session, spec)
  const [from, to] = eventRange(wanted, run)
  const lines = session.json ? session.jsonLines({ run: runFields(run) }) : null
  for (const event of runFile.source(run).events(from, to)) {
    if (lines) lines.data('event', eventToJson(event))
    else {
      if (event.seq > from) session.out.line()
      session.out.lines(pairLines(eventFields(event, runGeometry(run))))
    }
    await session.out.room()
  }
  lines?.end(true)
  await session.out.flush()
  const missing = missingText(run)
  if (missing !== null) await session.note(missing)
  return 0
}

/** First and last seq of `127`, `1000-5000`, `1000-end` or `end`; the last is cut to the run's end. */
export function eventRange(wanted: string, run: Run): [from: number, to: number] {
  const last = run.events - 1
  const match = /^(\d+|end)(?:-(\d+|end))?$/.exec(wanted)
  if (!match) {
    throw new InputError(`"${wanted}" is not an event; name it as 127, 1000-5000, or end`)
  }
  const at = (text: string) => (text === 'end' ? last : Number(text))
  const from = at(match[1]!)
  const to = Math.min(match[2] === undefined ? from : at(match[2]), last)
  if (from > last)
    throw new InputError(`run ${run.id} ends with event ${last}; there is no ${from}`)
  if (to < from) throw new InputError(`"${wanted}" ends before it begins`)
  return [from, to]
}
