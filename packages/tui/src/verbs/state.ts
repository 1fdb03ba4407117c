import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import {
  closeStates,
  InputError,
  type Leaf,
  leavesOf,
  type PageState,
  ptdumpLines,
  stateAt,
  count,
} from '@pagetrail/recorder'
import { Progress } from '../command/progress.ts'
import { findRun } from '../command/find/find-runs.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText, runFields } from '../text/run-words.ts'
import { parseAddress, parseCount, RUN_OR_FILE } from './arguments.ts'
import type { OptionsOf, Verb } from './verb.ts'

const FORMATS = ['ptdump', 'json'] as const

/** Addresses from..to, the latter excluded. */
interface Range {
  readonly from: bigint
  readonly to: bigint
}

const declared = (command: Command) =>
  command
    .argument('<run>', RUN_OR_FILE)
    .option('--at <seq>', 'after this event (default: the last)', parseCount)
    .option('--range <a-b>', 'only what maps addresses from the first up to the second', parseRange)
    .addOption(
      new Option('--format <format>', 'output').choices(FORMATS).default('ptdump' as const),
    )

type Options = OptionsOf<typeof declared>

export const stateVerb: Verb = {
  name: 'state',
  group: 'Looking at one:',
  pages: true,
  summary: 'print the page tables as they stood after an event',
  more: `The text has the form of the kernel's own /sys/kernel/debug/kernel_page_tables. For a real kernel, only the entries that
its trace shows are known; for runs of the engine, all are.`,
  examples: [
    ['state -1', 'at the end of the latest run'],
    ['state modules --at 1000', 'after event 1000'],
    ['state 3 --range 0xffff800080000000-0xffff800080400000 --json', 'a part, for a program'],
  ],
  declare: (command, invoke) =>
    declared(command).action((run, options) =>
      invoke((session) => printState(session, run, options)),
    ),
}

async function printState(session: Session, spec: string, options: Options): Promise<Status> {
  const { runFile, run } = await findRun(session, spec)
  session.atEnd(() => closeStates(runFile))
  const progress = new Progress(session.io, `folding run ${run.id}`, 'events')
  const state = stateAt(runFile, run, options.at, {
    progress: (events) => progress.update(events, events / run.events),
  })
  progress.end()
  const at = options.at ?? run.events - 1
  const { range } = options
  if (session.json || options.format === 'json') {
    const lines = session.jsonLines({ run: runFields(run), at, complete: state.complete })
    for (const leaf of leavesOf(state)) {
      if (inRange(leaf, range)) lines.data('leaf', { ...leaf })
      await session.out.room()
    }
    lines.end(state.unplaced === 0, { unplaced: state.unplaced })
  } else {
    for (const line of ptdumpLines(state)) if (lineInRange(line, range)) session.out.line(line)
  }
  const missing = missingText(run)
  if (missing !== null) await session.note(missing)
  return told(session, state)
}

/** A store that no entry was known for makes the answer incomplete. */
async function told(session: Session, { unplaced }: PageState): Promise<Status> {
  if (unplaced === 0) return 0
  await session.note(
    `${count(unplaced)} stores are in no entry here: the trace does not show their address`,
  )
  return 3
}

/** An `end` of 0 is the end of the address space. */
const inRange = ({ va, end }: Pick<Leaf, 'va' | 'end'>, range: Range | undefined): boolean =>
  range === undefined || (va < range.to && (end === 0n || end > range.from))

function lineInRange(line: string, range: Range | undefined): boolean {
  if (range === undefined) return true
  const [, va, end] = /^(0x[0-9a-f]+)-(0x[0-9a-f]+)/.exec(line) ?? []
  return (
    va === undefined || end === undefined || inRange({ va: BigInt(va), end: BigInt(end) }, range)
  )
}

function parseRange(text: string): Range {
  const [a, b, ...more] = text.split('-')
  if (a === undefined || b === undefined || more.length > 0) {
    throw new InvalidArgumentError('It must be two addresses with - between.')
  }
  const range = { from: parseAddress(a), to: parseAddress(b) }
  if (range.to <= range.from) throw new InputError(`--range ${text} ends before it begins`)
  return range
}
