import type { Command } from '@commander-js/extra-typings'
import {
  type ConformInput,
  conformStream,
  escapeControls,
  InputError,
  openConformInput,
} from '@pagetrail/recorder'
import { databaseBeside, isFile } from '../command/find/named-runs.ts'
import type { Session, Status } from '../command/session.ts'
import { Progress } from '../command/progress.ts'
import { CACHE, CROSS, parseCount, parseList, RUN } from './arguments.ts'
import { CallReport } from './conform-calls.ts'
import { CaseReport } from './conform-cases.ts'
import { conformTree } from './conform-tree.ts'
import { kernelOptions } from './import.ts'
import type { OptionsOf, Verb } from './verb.ts'

const SHOWN = 10
const STANDARD_INPUT = '-'

const declared = (command: Command) =>
  command
    .argument('<what...>', `files; - is standard input, with cases; or runs: ${RUN}`)
    .option('--show <n>', 'how many unequal cases or calls to show', parseCount, SHOWN)
    .option('--kernel <release>', 'release that was traced, where the trace does not say')
    .option(
      '--tree <dir>',
      "run the cases on the code of a kernel's source folder instead of the engine",
    )
    .option('--flavour <name>', 'with --tree: whose cases, where not those of its release')
    .option('--geometry <list>', 'with --tree: only cases of these', parseList)
    .addOption(CROSS)
    .addOption(CACHE)

type Options = OptionsOf<typeof declared>

export const conformVerb: Verb = {
  name: 'conform',
  group: 'Comparing and checking:',
  pages: true,
  summary:
    'compare the engine with the kernel: cases with known results, or captures of real kernels',
  more: `Cases: a file with one on each line, plain or gzip: a scenario with its flavour, and the \`events\`, \`results\` and
\`final\` tables that it should give. Real kernels: a trace, or a run imported from one. Each call is made on an engine of
that kernel that starts from the descriptors the call was seen to find; callbacks, stores, barriers, flushes and result should
be the same. Exit status: 0 all equal, 1 some are not, 3 some could not be run because something they depend on is missing.`,
  examples: [
    ['conform corpus/*.jsonl.gz', 'every case of a corpus'],
    ['conform --show 1 cases.jsonl', 'only the first that differs: - expected, + the engine'],
    ['conform modules.trace.gz', 'every call of a trace of a real kernel'],
    ['conform --tree ~/linux corpus/*.jsonl.gz', 'the code of your own tree'],
    ['conform -1', 'of the run imported last'],
  ],
  declare: (command, invoke) =>
    declared(command).action((names, options) =>
      invoke((session) => {
        const { tree } = options
        return tree === undefined
          ? conform(session, names, options)
          : conformTree(session, names, { ...options, tree })
      }),
    ),
}

async function conform(
  session: Session,
  names: readonly string[],
  options: Options,
): Promise<Status> {
  const lines = session.json ? session.jsonLines() : null
  const cases = new CaseReport(session, lines, options.show)
  const calls = new CallReport(session, lines, options.show)
  const done = await session.interruptible(async (signal) => {
    for (const name of names) {
      const input = await open(session, name, options, signal)
      if (signal.aborted) return false
      const isDone =
        input.kind === 'cases'
          ? await cases.read(name, input.verdicts, signal)
          : await readRuns(calls, input, signal)
      if (!isDone) return false
    }
    return true
  })
  lines?.end(done && !cases.isIncomplete && !calls.isIncomplete, {
    ...cases.totals(),
    ...calls.totals(),
  })
  if (!lines) cases.summarize()
  if (!done) return 130
  if (cases.isUnequal || calls.isUnequal) return 1
  return cases.isIncomplete || calls.isIncomplete ? 3 : 0
}

/** Files are read one after another: what was imported of one goes before the next comes. */
async function readRuns(
  calls: CallReport,
  { runFile, runs }: Extract<ConformInput, { kind: 'runs' }>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for (const run of runs) if (!(await calls.read(runFile.source(run), signal))) return false
    return true
  } finally {
    runFile.close()
  }
}

/** A run of that name wins; what is only a file is cases or a trace. */
async function open(
  session: Session,
  name: string,
  { kernel }: Options,
  signal: AbortSignal,
): Promise<ConformInput> {
  if (name === STANDARD_INPUT) {
    return { kind: 'cases', verdicts: conformStream(session.io.stdin) }
  }
  const run = await runCalled(session, name)
  if (run) return run
  const into = session.options.named ? () => session.runFile('write') : null
  const progress = new Progress(session.io, `reading ${escapeControls(name)}`, 'events')
  const input = await openConformInput(
    name,
    {
      created: session.io.now(),
      ...kernelOptions(kernel),
      signal,
      onProgress: ({ events, bytes, total }) =>
        progress.update(events, total === null ? undefined : bytes / total),
    },
    into,
  )
  progress.end()
  return input
}

/** Null: it is a file, and not a run. */
async function runCalled(session: Session, name: string): Promise<ConformInput | null> {
  if (isFile(name)) {
    const runFile = await databaseBeside(session)
    const run = runFile?.lookUp(name)
    return runFile && run ? { kind: 'runs', runFile, runs: [run] } : null
  }
  try {
    const runFile = await session.runFile('read')
    return { kind: 'runs', runFile, runs: [runFile.find(name)] }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(`${name} is neither a file nor a run: ${error.message}`)
  }
}
