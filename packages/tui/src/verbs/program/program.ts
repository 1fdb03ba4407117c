import { Argument, Command, CommanderError, Option } from '@commander-js/extra-typings'
import { didYouMean, InputError } from '@pagetrail/recorder'
import { safe, safeLines, wrap } from '../../text/fit.ts'
import { reportFailure } from '../../command/failure.ts'
import { isFile } from '../../command/find/named-runs.ts'
import { ClosedPipe } from '../../command/closed-pipe.ts'
import { DEFAULT_DB } from '../../command/default-db.ts'
import { type Io, setSafely } from '../../command/io.ts'
import { Output } from '../../command/output.ts'
import { PagedOutput, pagerCommand } from '../../command/paged-output.ts'
import { type GlobalOptions, Session, type Status } from '../../command/session.ts'
import { bare, COLORS, paintFor } from '../../text/paint.ts'
import { completionFor, SHELLS } from './completion.ts'
import { manPage } from './man-page.ts'
import { VERBS } from './verb-table.ts'
import { GROUPS, type Invoke, type Verb } from '../verb.ts'
import { VERSION } from '../../command/version.ts'

/** What a first word may be besides a run: a folder of that name does not hide it. */
const NAMES = [...VERBS.map(({ name }) => name), 'completion', 'man', 'help']

const DESCRIPTION = `Records what page-table code does, replays it, and says whether two implementations do the same.`

const EPILOGUE = `
A run is named by its id, its label, or -1 for the latest, -2 for the one before; wherever a verb looks at one, the
path of a trace or of an exported run does too.
Exit status: 0 fine, same, clean; 1 differences or findings; 2 usage, unreadable or damaged input;
3 answer incomplete (events lost, limit reached, undecided); 130 interrupted.

  pagetrail import modules.trace.gz  a capture of a real kernel becomes a run
  pagetrail record clean-ro          a scenario on the code of 6.17 and of 6.18
  pagetrail diff                     are the last two runs the same?
  pagetrail help VERB                options and examples of a verb`

/** Runs one command line. All that it reads and writes is in `io`; the result is the exit status. */
export async function runProgram(argv: readonly string[], io: Io): Promise<Status> {
  setSafely(safeLines)
  let status: Status = 0
  const program = programFor(io, (result) => (status = result))
  try {
    mustKnow(program.parseOptions([...argv]).operands)
    await program.parseAsync(withDefaultVerb(program, argv), { from: 'user' })
    return status
  } catch (error) {
    if (error instanceof ClosedPipe) return status
    if (isAbort(error)) return 130
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return await reportFailure(io, error)
  }
}

function programFor(io: Io, finish: (status: Status) => void) {
  const program = new Command('pagetrail')
    .description(DESCRIPTION)
    .usage('[--db FILE] [VERB …]')
    .option('--db <file>', `database of runs (default: $PAGETRAIL_DB, else ./${DEFAULT_DB})`)
    .option('--json', 'output as JSON Lines: a header, data, an end line; 64-bit values as 0x…')
    .addOption(
      new Option('--color <when>', 'colours in the output')
        .choices(COLORS)
        .default('auto' as const),
    )
    .option('--no-pager', 'print long output as it is, also on a terminal')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .addHelpCommand(helpCommand())
    .addHelpText('after', () => `\n${flow(EPILOGUE, widthOf(io))}`)
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (c) => c.name() })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text).catch(ignoreClosed),
      // What was typed is quoted in it.
      writeErr: (text) =>
        void io.stderr.write(text.split('\n').map(safe).join('\n')).catch(ignoreClosed),
      outputError: (text, write) => write(text.replace(/^error: /, 'pagetrail: ')),
      getOutHelpWidth: () => widthOf(io),
      getErrHelpWidth: () => widthOf(io),
    })
    .showHelpAfterError('pagetrail --help lists the verbs.')
    .exitOverride()
  const options = () => {
    const { db, json, color, pager } = program.opts()
    return {
      db: db ?? (io.env['PAGETRAIL_DB'] || DEFAULT_DB),
      named: db !== undefined,
      json: json ?? false,
      color,
      pager,
    }
  }
  for (const group of GROUPS) {
    for (const verb of VERBS.filter((v) => v.group === group)) {
      const command = new Command(verb.name).copyInheritedSettings(program)
      describe(command, verb, widthOf(io))
      verb.declare(command, invokerOf(io, verb, options, finish))
      program.addCommand(command)
    }
  }
  const completion = new Command('completion')
    .summary('print a script that completes verbs and options in a shell')
    .description(
      'Print a script that completes verbs and options in a shell: eval "$(pagetrail completion bash)".',
    )
    .helpGroup(GROUPS[3])
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .action(async (shell) => io.stdout.write(completionFor(shell, program)))
  const man = new Command('man')
    .summary('print the manual page: pagetrail man | man -l -')
    .description('Print the manual page in roff: pagetrail man | man -l -')
    .helpGroup(GROUPS[3])
    .action(async () => io.stdout.write(manPage(program, VERBS, VERSION)))
  for (const made of [completion, man]) program.addCommand(made.copyInheritedSettings(program))
  return program
}

/** @throws InputError for `help nosuch`, where the help of everything would hide the slip */
function mustKnow([first, verb]: readonly string[]): void {
  if (first !== 'help' || verb === undefined || verb.startsWith('-')) return
  if (NAMES.includes(verb)) return
  throw new InputError(
    `there is no verb ${verb}${didYouMean(verb, NAMES)}; pagetrail --help lists them`,
  )
}

/** `pagetrail help VERB`, for those who expect it. */
function helpCommand(): Command {
  const help = new Command('help')
  help.argument('[verb]').description('the same as --help, or VERB --help').helpGroup(GROUPS[3])
  return help
}

const widthOf = (io: Io) => Math.min(io.stdout.columns, 100)

function describe(command: Command, verb: Verb, width: number): void {
  // Made when it is asked for: wrapping the texts of all verbs would be a tenth of the time that a short command takes.
  const after = () => {
    const examples = verb.examples.map(
      ([line, why]) => `${`  pagetrail ${line}`.trimEnd()}\n      ${why}`,
    )
    const more = verb.more === undefined ? '' : `\n${flow(verb.more, width)}\n`
    return `${more}\nExamples:\n${examples.join('\n')}`
  }
  command
    .summary(verb.summary)
    .description(`${verb.summary[0]?.toUpperCase()}${verb.summary.slice(1)}.`)
    .helpGroup(verb.group)
    .showHelpAfterError(`pagetrail help ${verb.name} shows its options, with examples.`)
    .addHelpText('after', after)
}

/** Paragraphs of this width; the text of a row `NAME  text` keeps its column, indented lines stay as they are. */
function flow(text: string, width: number): string {
  const lines: string[] = []
  let paragraph: string[] = []
  const end = () => {
    if (paragraph.length > 0) lines.push(...wrap(paragraph.join(' '), width))
    paragraph = []
  }
  for (const line of text.trim().split('\n')) {
    const [, name, rest] = /^(\S+ {2,})(.+)$/.exec(line) ?? []
    if (name !== undefined && rest !== undefined) {
      end()
      const [first, ...others] = wrap(rest, width - name.length)
      lines.push(`${name}${first}`, ...others.map((each) => ' '.repeat(name.length) + each))
    } else if (line === '' || line.startsWith('  ')) {
      end()
      lines.push(line)
    } else paragraph.push(line)
  }
  end()
  return lines.join('\n')
}

function invokerOf(
  io: Io,
  verb: Verb,
  options: () => GlobalOptions,
  finish: (status: Status) => void,
): Invoke {
  return async (body) => {
    const chosen = options()
    const paint = chosen.json ? bare : paintFor(io, chosen.color)
    const paged = pagedFor(io, verb, chosen)
    const world = paged?.world() ?? io
    const session = new Session(world, verb.name, chosen, new Output(world.stdout), paint, paged)
    // What nobody read to its end has no verdict: 0 would say that runs are the same, or clean.
    if (verb.group === 'Comparing and checking:') finish(3)
    try {
      finish(await body(session))
      await session.out.flush()
    } catch (error) {
      // What had been found out before the failure is still worth showing.
      await session.out.flush()
      throw error
    } finally {
      session.end()
      await paged?.end()
    }
  }
}

/** Output of verbs that answer at length goes to a pager, where there is a terminal and one to be had. */
function pagedFor(io: Io, { pages }: Verb, { pager }: GlobalOptions): PagedOutput | null {
  const command = pages && pager && io.stdout.isTTY ? pagerCommand(io.env) : null
  return command === null ? null : new PagedOutput(io, command)
}

/** What can only name a run: an id, -1 for the latest, or a label such as `clean-ro/4k-48/6.18`. */
const NAMES_RUN = /^(-?\d+|[a-z][^/]*\/[^/]+\/.+)$/

/** A file is one too, unless a verb is called so. */
const namesRun = (word: string): boolean =>
  NAMES_RUN.test(word) || (!NAMES.includes(word) && isFile(word))

/** Without a verb it is `tui`, on runs that are named or on all of them. */
function withDefaultVerb(program: ReturnType<typeof programFor>, argv: readonly string[]) {
  const { operands, unknown } = program.parseOptions([...argv])
  const rest = [...operands, ...unknown]
  if (!rest.every(namesRun)) return [...argv]
  // Runs stand last; what is before them are options of the program.
  const at = argv.length - rest.length
  const last = argv.slice(at)
  return last.every(namesRun) ? argv.toSpliced(at, 0, 'tui') : [...argv]
}

/** What work that Ctrl-C stopped rejects with. */
const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'

/** Help that nobody reads is not a failure. */
function ignoreClosed(error: unknown): void {
  if (!(error instanceof ClosedPipe)) throw error
}
