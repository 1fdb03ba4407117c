import { type Command, Option } from '@commander-js/extra-typings'
import { readFile } from 'node:fs/promises'
import {
  baselineOf,
  type CheckGate,
  checkGate,
  checkGithub,
  checkJson,
  type CheckLine,
  checkJunit,
  checkLines,
  checkPage,
  type CheckPageOptions,
  type CheckReport,
  checkRun,
  checkSarif,
  FAIL_ON,
  InputError,
  escapeControls,
  pairLines,
  RULES,
  runDetail,
  runDetailLines,
  rulesNamed,
  toJson,
} from '@pagetrail/recorder'
import { findSource, type FoundSource } from '../command/find/find-sources.ts'
import { commandOf } from '../command/find/name-run.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText } from '../text/run-words.ts'
import { VERSION } from '../command/version.ts'
import { parseList, RUN_OR_FILE } from './arguments.ts'
import type { OptionsOf, Verb } from './verb.ts'

const FORMATS = ['text', 'json', 'sarif', 'junit', 'github', 'html'] as const

const declared = (command: Command) =>
  command
    .argument('[run]', RUN_OR_FILE, '-1')
    .option('--rules <list>', 'names of rules or hazards (H1 … H18); default: all', parseList)
    .addOption(new Option('--format <format>', 'output').choices(FORMATS).default('text' as const))
    .option('--detail', 'JSON with everything that the page of --format html shows')
    .addOption(
      new Option('--fail-on <severity>', 'what fails: errors, or warnings too')
        .choices(FAIL_ON)
        .default('warning' as const),
    )
    .option('--allow-undecided', 'exit with 0 where nothing fails but rules were undecided')
    .option('--baseline <file>', 'an earlier report (--json, sarif): its findings do not fail')
    .option('--list', 'list the rules instead')

type Options = OptionsOf<typeof declared>

export const checkVerb: Verb = {
  name: 'check',
  group: 'Comparing and checking:',
  pages: true,
  summary: 'look for hazards: what the run does that the architecture or the kernel forbids',
  more: `Exit status: 0 nothing but notes, 1 errors or warnings (with --fail-on error: errors), 3 none, but some rule
lacked what it needs to decide (a stock kernel does not show everything; 0 with --allow-undecided); the output says
what it lacked. Findings that a --baseline has are counted and do not fail. Line numbers in sarif, junit and github are those
of the run's JSON Lines, as imported or as \`pagetrail export\` writes them.`,
  examples: [
    ['check -1', 'all rules on the latest run'],
    ['check modules --rules flush-missing,H3', 'some, by name or hazard'],
    ['check 2 --format sarif > check.sarif', 'for a code-review tool'],
    [
      'check 2 --format html > check.html',
      'findings with their events, flushes owed, the page table, as one file',
    ],
    [
      'check 2 --fail-on error --baseline known.jsonl',
      'for a CI: only errors that were not there before',
    ],
    ['check --list', 'the rules'],
  ],
  declare: (command, invoke) =>
    declared(command).action((run, options) =>
      invoke((session) => (options.list ? listRules(session) : check(session, run, options))),
    ),
}

async function check(session: Session, spec: string, options: Options): Promise<Status> {
  const rules = rulesNamed(options.rules)
  const found = await findSource(session, spec)
  const { source } = found
  const { run } = source
  const report = checkRun(source, rules)
  const format = session.json ? 'json' : options.format
  const gate = checkGate(report, options.failOn, await knownOf(options.baseline))
  const lines =
    format === 'html'
      ? [checkPage(source, report, runDetail(source), againOf(session, found, options)).trimEnd()]
      : linesOf(report, format, gate, options.detail ? [...runDetailLines(runDetail(source))] : [])
  for (const line of lines) {
    session.out.line(line)
    await session.out.room()
  }
  await session.out.flush()
  const missing = missingText(run)
  if (missing !== null) await session.note(missing)
  // Those forms leave them out, or count them.
  if (gate.known.length > 0 && format !== 'junit' && format !== 'github') {
    await session.note(`${gate.known.length} of the findings are in the baseline and do not fail`)
  }
  if (gate.failing.length > 0) return 1
  if (options.baseline !== undefined && gate.unlisted > 0) {
    await session.note(
      `${gate.unlisted} findings are not listed: whether the baseline has them is open`,
    )
    return 3
  }
  return gate.undecided > 0 && options.allowUndecided !== true ? 3 : 0
}

const againOf = (session: Session, found: FoundSource, { rules }: Options): CheckPageOptions => ({
  command: commandOf(session, [found]),
  spec: found.name(),
  ...(rules && { rules }),
})

async function knownOf(file: string | undefined): Promise<ReadonlySet<string>> {
  if (file === undefined) return new Set()
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InputError(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  })
  return baselineOf(text, file)
}

function* linesOf(
  report: CheckReport,
  format: Options['format'],
  gate: CheckGate,
  detail: readonly CheckLine[],
): Iterable<string> {
  if (format === 'junit') yield* checkJunit(report, gate)
  else if (format === 'github') yield* checkGithub(report, gate)
  else if (format === 'sarif') yield JSON.stringify(checkSarif(report, VERSION), null, 2)
  else if (format === 'json') for (const line of checkJson(report, detail)) yield toJson(line)
  else for (const line of checkLines(report)) yield escapeControls(line)
}

function listRules(session: Session): Status {
  if (session.json) {
    const lines = session.jsonLines()
    for (const { name, hazard, sentence, needs, remedies } of RULES) {
      lines.data('rule', { rule: name, hazard, sentence, needs: needs.map(String), remedies })
    }
    lines.end(true)
  } else {
    session.out.lines(pairLines(RULES.map((r) => [`${r.hazard.padEnd(3)} ${r.name}`, r.sentence])))
  }
  return 0
}
