import { Option } from '@commander-js/extra-typings'
import {
  checkJson,
  checkLines,
  type CheckReport,
  checkRun,
  checkSarif,
  escapeControls,
  isClean,
  pairLines,
  RULES,
  rulesNamed,
  toJson,
  undecided,
} from '@pagetrail/recorder'
import { findRun } from '../command/find-runs.ts'
import type { Session, Status } from '../command/session.ts'
import { VERSION } from '../command/version.ts'
import { parseList, RUN_OR_FILE } from './arguments.ts'
import type { Verb } from './verb.ts'

const FORMATS = ['text', 'json', 'sarif'] as const

interface Options {
  readonly rules?: string[] | undefined
  readonly format: (typeof FORMATS)[number]
  readonly list?: true | undefined
}

export const checkVerb: Verb = {
  name: 'check',
  group: 'Comparing and checking:',
  summary: 'look for hazards: what the run does that the architecture or the kernel forbids',
  more: `Exit status: 0 nothing but notes, 1 errors or warnings, 3 none, but some rule lacked what it needs to decide
(a stock kernel does not show everything); the output names what.`,
  examples: [
    ['check -1', 'all rules on the latest run'],
    ['check modules --rules flush-missing,H3', 'some, by name or hazard'],
    ['check 2 --format sarif > check.sarif', 'for a code-review tool'],
    ['check --list', 'the rules'],
  ],
  declare(command, invoke) {
    command
      .argument('[run]', RUN_OR_FILE, '-1')
      .option('--rules <list>', 'names of rules or hazards (H1 … H18); default: all', parseList)
      .addOption(
        new Option('--format <format>', 'output').choices(FORMATS).default('text' as const),
      )
      .option('--list', 'list the rules instead')
      .action((run, options) =>
        invoke((session) => (options.list ? listRules(session) : check(session, run, options))),
      )
  },
}

async function check(session: Session, spec: string, options: Options): Promise<Status> {
  const rules = rulesNamed(options.rules)
  const { runFile, run } = await findRun(session, spec)
  const report = checkRun(runFile.source(run), rules)
  const format = session.json ? 'json' : options.format
  for (const line of linesOf(report, format)) {
    session.out.line(line)
    await session.out.room()
  }
  if (!isClean(report)) return 1
  return undecided(report).length > 0 ? 3 : 0
}

function* linesOf(report: CheckReport, format: Options['format']): Iterable<string> {
  if (format === 'sarif') yield JSON.stringify(checkSarif(report, VERSION), null, 2)
  else if (format === 'json') for (const line of checkJson(report)) yield toJson(line)
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
