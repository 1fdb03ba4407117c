import type { Command } from '@commander-js/extra-typings'
import {
  didYouMean,
  eventToJson,
  parseFilter,
  type Run,
  type RunFile,
  runGeometry,
  toSql,
} from '@pagetrail/recorder'
import { findRun } from '../command/find/find-runs.ts'
import type { Session, Status } from '../command/session.ts'
import { eventLine, type Listing } from '../text/listing.ts'
import { missingText, runFields } from '../text/run-words.ts'
import { parseCount, RUN_OR_FILE } from './arguments.ts'
import type { OptionsOf, Verb } from './verb.ts'

export const FILTER =
  'only events that match, e.g. \'kind == desc_write && level == pmd && fn ~ "set_memory_*"\''

const declared = (command: Command) =>
  command
    .argument('<run>', RUN_OR_FILE)
    .option('--from <seq>', 'first event', parseCount)
    .option('--to <seq>', 'last event', parseCount)
    .option('--filter <expression>', FILTER)

type Options = OptionsOf<typeof declared>

export const replayVerb: Verb = {
  name: 'replay',
  group: 'Looking at one:',
  pages: true,
  summary: 'print the events of a run in order, as an indented call tree',
  more: `Each line: sequence number, CPU, seconds since the run began where it has a clock, and what happened.
A ▾ opens a call, walk, callback or function, └ closes it; ◆ is a store that changes a descriptor, ◇ one that does not.
A filter compares fields (docs/events.md) with values, or numeric fields with each other: == != < <= > >=, & (a bit in common),
~ (a glob), in A-B; joined by && || ! and parentheses. Comparing a field that an event does not have is false.`,
  examples: [
    ['replay -1', 'all of the latest run'],
    ['replay modules --from 100 --to 160', 'a part of it'],
    ["replay 1 --filter 'kind == desc_write && old == new'", 'stores that changed nothing'],
  ],
  declare: (command, invoke) =>
    declared(command).action((run, options) => invoke((session) => replay(session, run, options))),
}

export async function replay(session: Session, spec: string, options: Options): Promise<Status> {
  const { from, to, filter } = options
  const where = filter === undefined ? null : toSql(parseFilter(filter))
  const { runFile, run } = await findRun(session, spec)
  const lines = session.json ? session.jsonLines({ run: runFields(run) }) : null
  const listing = listingOf(session, run)
  let shown = 0
  const events =
    where === null
      ? runFile.source(run).events(from, to)
      : runFile.eventsWhere(run, where, from, to)
  for (const event of events) {
    shown++
    if (lines) lines.data('event', eventToJson(event))
    else session.out.line(eventLine(event, listing))
    await session.out.room()
  }
  if (shown === 0 && filter !== undefined) {
    await session.note(`no event matches${nearFunction(runFile, run, filter)}`)
  }
  const missing = missingText(run)
  lines?.end(missing === null, missing === null ? {} : { why: missing })
  if (missing !== null) await session.note(missing)
  return 0
}

/** Functions whose names are looked at for one that was meant. */
const MOST_NAMES = 10_000

/** A name in `fn == name` that no event has is a slip where one is near. */
function nearFunction(runFile: RunFile, run: Run, filter: string): string {
  const names = runFile.namesIn(run, MOST_NAMES)
  for (const [, name = ''] of filter.matchAll(/\bfn\s*==\s*"?(\w+)/g)) {
    if (!names.includes(name)) return `: it has no ${name}${didYouMean(name, names)}`
  }
  return ''
}

export const listingOf = (session: Session, run: Run): Listing => ({
  seqWidth: String(Math.max(0, run.events - 1)).length,
  timed: run.t0 !== null,
  geometry: runGeometry(run),
  paint: session.paint,
})
