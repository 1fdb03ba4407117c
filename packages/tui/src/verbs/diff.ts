import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import {
  answerTo,
  type DiffOptions,
  diffRuns,
  InputError,
  INTERLEAVINGS,
  judge,
  LANE_MODES,
  type DiffPageOptions,
  parseFilter,
  readApart,
  QUESTIONS,
  SCENARIOS,
  toPredicate,
} from '@pagetrail/recorder'
import { findEach, type FoundSource } from '../command/find/find-sources.ts'
import { commandOf } from '../command/find/name-run.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText } from '../text/run-words.ts'
import { parseList, RUN_OR_FILE, parsePairs } from './arguments.ts'
import { FILTER } from './replay.ts'
import { gateOf, gateStatus, printDiff, printGate, showsPage } from './diff-output.ts'
import type { OptionsOf, Verb } from './verb.ts'

const FORMATS = ['text', 'json', 'markdown', 'html', 'junit', 'github'] as const

const declared = (command: Command) =>
  command
    .argument('[a]', `${RUN_OR_FILE} (default: -2)`)
    .argument('[b]', '(default: -1)')
    .addOption(new Option('--by <question>', 'ask only this question').choices(QUESTIONS))
    .addOption(new Option('--format <format>', 'output').choices(FORMATS).default('text' as const))
    .option('--calls <range>', 'only these calls, numbered from 0: 12, 10-20', parseCalls)
    .option('--filter <expression>', FILTER)
    .option('--ignore <list>', 'fields and kinds of events not to compare', parseList)
    .option('--map <pairs>', 'functions that play the same role: mine=theirs,…', parsePairs)
    .addOption(
      new Option('--lanes <lanes>', 'align calls by task, by CPU, or as one sequence')
        .choices(LANE_MODES)
        .default('auto' as const),
    )
    .option('--noise <run>', 'a second recording of A: set aside what differs between these two')
    .option('--calls-list', 'list every pair of calls, in groups that differ in the same way')
    .option('--detail', 'JSON with everything that the page of --format html shows')
    .option('-q, --quiet', 'print the verdict only')
    .option('--gate <list>', 'questions in which B must equal its baseline A', parseList)
    .option(
      '--max-cost <list>',
      'by how much costs may grow: barriers=0,callbacks=+10%, or must fall: flushes=-5%',
      parseList,
    )
    .option(
      '--allow-undecided',
      'exit with 0 where nothing differs, although not everything was visible',
    )

type Options = OptionsOf<typeof declared>

export const diffVerb: Verb = {
  name: 'diff',
  group: 'Comparing and checking:',
  pages: true,
  summary: 'say whether two runs do the same, and where they first part',
  more: `Four questions: outcome (returns, final mapping), effect (what each call changed, flushed, allocated),
path (the events, aligned call by call), cost. The verdict is one of: identical; same effects by another path;
same outcome, different effects; different outcome. It also says how far it reaches. Exit status, for the questions asked:
0 everything was compared and is the same, 1 something differs or a call has no counterpart, 3 the same as far as both
sides show, but one side lacks what the answer needs (0 with --allow-undecided).`,
  examples: [
    ['diff', 'the last two runs'],
    ['diff before.trace.gz after.trace', 'two captures, as they are'],
    ['diff before after --by cost', 'one question'],
    [
      'diff 1 2 --calls 10-20 --ignore lock,unlock',
      'some of the calls, without some kinds of events',
    ],
    ['diff a b --noise a2', 'set aside what differs between a and a2 too'],
    ['diff 1 2 --map my_pte_entry=pageattr_pte_entry', 'functions that play the same role'],
    ['diff 1 2 --format markdown > review.md', 'one page for a mail'],
    [
      'diff 1 2 --format html > review.html',
      'call trees, page tables, costs and findings as one file',
    ],
    ['diff golden.jsonl.gz -1 --gate outcome,effect --max-cost barriers=0', 'a gate for a CI'],
  ],
  declare: (command, invoke) =>
    declared(command).action((a, b, options) => invoke((session) => diff(session, a, b, options))),
}

export async function diff(
  session: Session,
  a: string | undefined,
  b: string | undefined,
  options: Options,
): Promise<Status> {
  if (a !== undefined && b === undefined) {
    throw new InputError('diff takes two runs, or none for the last two')
  }
  const gate = gateOf(options, session.json)
  const asked = optionsOf(options)
  const pair = a === undefined || b === undefined ? await lastTwo(session) : ([a, b] as const)
  const noise = options.noise === undefined ? [] : [options.noise]
  const found = await findEach(session, [...pair, ...noise])
  const [left, right, second] = found
  if (!left || !right) throw new Error('two runs were named')
  const result = diffRuns(left.source, right.source, {
    ...asked,
    apart: readApart,
    ...(second && { noise: second.source }),
  })
  const judged = gate && judge(result, gate)
  const again = (): DiffPageOptions => againOf(session, found, options)
  if (judged) await printGate(session, result, judged, options)
  if (!judged || showsPage(session, judged, options))
    await printDiff(session, result, {
      ...options,
      sources: [left.source, right.source],
      again,
      judged,
    })
  for (const missing of [left, right].map(({ source }) => missingText(source.run))) {
    if (missing !== null) await session.note(missing)
  }
  if (judged) return gateStatus(judged)
  const { answer } = answerTo(result)
  if (answer === 'different') return 1
  return answer === 'unknown' && options.allowUndecided !== true ? 3 : 0
}

async function lastTwo(session: Session): Promise<readonly [string, string]> {
  const runFile = await session.runFile('read')
  if (runFile.lookUp('-2')) return ['-2', '-1']
  const held = runFile.lookUp('-1') ? '1 run' : 'no run'
  throw new InputError(`${runFile.path} holds ${held}; a diff needs two`)
}

/** The command of the page, and its names of the runs. */
function againOf(
  session: Session,
  [left, right, second]: readonly FoundSource[],
  { gate, maxCost, allowUndecided }: Options,
): DiffPageOptions {
  if (!left || !right) throw new Error('two runs were named')
  const more = [
    ...(gate === undefined ? [] : ['--gate', gate.join(',')]),
    ...(maxCost === undefined ? [] : ['--max-cost', maxCost.join(',')]),
    ...(allowUndecided === true ? ['--allow-undecided'] : []),
  ]
  return {
    command: commandOf(session, [left, right]),
    names: [madeAgain(left), madeAgain(right)],
    more,
    ...(second === undefined ? {} : { noise: second.name() }),
  }
}

/** The name of a run; null: its label, which it will have again when it is made again by what is known of it. */
function madeAgain({ source, ...found }: FoundSource): string | null {
  const name = found.name()
  const { label, source: origin, scenario, facts } = source.run
  if (name !== label) return name
  const isOurs = [...SCENARIOS, ...INTERLEAVINGS].some((known) => known.name === scenario)
  const isPlain = facts['schedule'] === undefined && facts['only'] === undefined
  return origin === 'engine' && !(isOurs && isPlain) ? name : null
}

function optionsOf(options: Options): DiffOptions {
  const { by, calls, filter, ignore, map, lanes, callsList, format } = options
  return {
    lanes,
    pairs: callsList === true || format === 'html',
    ...(by === undefined ? {} : { by }),
    ...(calls === undefined ? {} : { calls }),
    ...(filter === undefined
      ? {}
      : { filter: { text: filter, matches: toPredicate(parseFilter(filter)) } }),
    ...(ignore === undefined ? {} : { ignore }),
    ...(map === undefined ? {} : { map }),
  }
}

/** `12` or `10-20`. */
function parseCalls(text: string): { from: number; to: number } {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text)
  const from = Number(match?.[1])
  const to = Number(match?.[2] ?? match?.[1])
  if (!match || to < from)
    throw new InvalidArgumentError('It must be a number of a call, or a range 10-20.')
  return { from, to }
}
