import type { Command } from '@commander-js/extra-typings'
import {
  escapeControls,
  parseFilter,
  reportJsonLines,
  reportLines,
  reportRun,
  toPredicate,
} from '@pagetrail/recorder'
import { findSources } from '../command/find/find-sources.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText } from '../text/run-words.ts'
import { parseCount, RUN_OR_FILE } from './arguments.ts'
import { FILTER } from './replay.ts'
import type { OptionsOf, Verb } from './verb.ts'

const declared = (command: Command) =>
  command
    .argument('<run...>', RUN_OR_FILE)
    .option('--calls <n>', 'list the first calls one by one', parseCount, 0)
    .option('--filter <expression>', FILTER)

type Options = OptionsOf<typeof declared>

export const reportVerb: Verb = {
  name: 'report',
  group: 'Comparing and checking:',
  pages: true,
  summary:
    'count what runs cost: callbacks, writes, barriers, flushes, allocations, time; and what they exercised',
  more: `Several runs are printed side by side. What a run does not show is printed as ?.`,
  examples: [
    ['report -1', 'the latest run'],
    ['report before after', 'two, side by side'],
    ['report -1 --calls 20', 'its first twenty calls one by one'],
  ],
  declare: (command, invoke) =>
    declared(command).action((runs, options) =>
      invoke((session) => report(session, runs, options)),
    ),
}

async function report(
  session: Session,
  specs: readonly string[],
  { calls, filter }: Options,
): Promise<Status> {
  const matches = filter === undefined ? undefined : toPredicate(parseFilter(filter))
  const found = await findSources(session, specs)
  const reports = found.map(({ source }) =>
    reportRun(source, { calls, ...(matches ? { matches } : {}) }),
  )
  const lines = session.json ? reportJsonLines(reports) : reportLines(reports)
  for (const line of lines) {
    session.out.line(session.json ? line : escapeControls(line))
    await session.out.room()
  }
  const missing = found.map(({ source }) => missingText(source.run)).filter((text) => text !== null)
  for (const text of missing) await session.note(text)
  return missing.length > 0 ? 3 : 0
}
