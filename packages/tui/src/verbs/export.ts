import { type Command, Option } from '@commander-js/extra-typings'
import {
  chromeChunks,
  chromePairChunks,
  csvChunks,
  escapeControls,
  type EventSource,
  exportParquet,
  InputError,
  jsonlChunks,
  neutralJson,
  pairNumbers,
  type ParquetReport,
  parquetPath,
  type RunFile,
  WINDOW_FORMATS,
  type WindowFormat,
  windowText,
  writeFileAtomic,
} from '@pagetrail/recorder'
import { findEach } from '../command/find/find-sources.ts'
import { Progress } from '../command/progress.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText } from '../text/run-words.ts'
import { RUN, RUN_OR_FILE } from './arguments.ts'
import { checkOutput, exportFleet, reportWritten } from './export-fleet.ts'
import type { OptionsOf, Verb } from './verb.ts'

/** Formats that are text, and so can go to standard output. */
const TEXT = { jsonl: jsonlChunks, chrome: chromeChunks } as const
const FORMATS = ['jsonl', 'chrome', 'csv', 'parquet', 'litmus', 'casemate'] as const
type Format = (typeof FORMATS)[number]

const declared = (command: Command) =>
  command
    .argument('[run]', RUN)
    .argument('[beside]', `for chrome, a second run to show beside the first: ${RUN_OR_FILE}`)
    .addOption(
      new Option('--format <format>', 'what to write').choices(FORMATS).default('jsonl' as Format),
    )
    .option('-o, --output <path>', 'file (a folder for parquet); without it, standard output')
    .option('--all', 'every run: parquet, or with --summary')
    .option('--summary', 'one row about the run in place of its events: jsonl, csv, parquet')
    .option('--force', 'replace an existing file, but never the database itself')
    .option('--safe-csv', 'csv: put an apostrophe before texts that a spreadsheet would run')
    .option(
      '--key <name>',
      "value of parquet's partition run= (default: the run's id); with --all it is put before the id",
    )
    .option(
      '--window <events>',
      'for litmus and casemate: N..M, or the name of a rule that is broken',
    )

type Options = OptionsOf<typeof declared>

export const exportVerb: Verb = {
  name: 'export',
  group: 'The file:',
  summary: 'write a run in another format',
  more: `jsonl     Pagetrail's own format; pagetrail import reads it back, event for event
chrome    trace event JSON, for Perfetto (https://ui.perfetto.dev) and chrome://tracing
csv       one line per event, a column per field; a spreadsheet runs names that begin with =, +, - or @: --safe-csv marks those as text
parquet   FOLDER/run=KEY/part-0000.parquet: DuckDB, Spark, Trino and ClickHouse read a folder of runs as one table
litmus    a window of the run as a test for herd7 (AArch64, vmsa), with the expected verdict
casemate  a window as a log for casemate-check -R: break-before-make and the life of tables, as of EL2 stage 1

With --summary, one row about the run (what it is, what it did and cost, and what the rules say) is written instead of its
events, as jsonl, csv, or FOLDER/summary/run=KEY/part-0000.parquet. docs/fleet.md shows how to query such folders with
DuckDB and ClickHouse.`,
  examples: [
    ['export -1 --format chrome -o trace.json', 'to look at in Perfetto'],
    [
      'export before after --format chrome -o both.json',
      'two, paired call by call, with an id for each pair',
    ],
    ['export 3 -o run.jsonl.gz', 'JSON Lines, packed because the name ends in .gz'],
    ['export 3 | jq .kind', 'JSON Lines to standard output'],
    ['export 3 --format litmus --window 4..20 -o window.litmus', 'a second opinion, by herd7'],
    ['export 3 --format parquet -o fleet --key host17', 'one of many runs in one folder'],
    ['export --all --format parquet -o fleet', 'every run of the database'],
    ['export --all --summary --format csv', 'a line about each of them'],
  ],
  declare: (command, invoke) =>
    declared(command).action((run, beside, options) =>
      invoke((session) =>
        options.all || options.summary
          ? exportFleet(session, [run, beside], options)
          : exportOne(session, run, beside, options),
      ),
    ),
}

async function exportOne(
  session: Session,
  run: string | undefined,
  beside: string | undefined,
  options: Options,
): Promise<Status> {
  if (run === undefined) throw new InputError('name a run, or --all for every run')
  return beside === undefined
    ? exportRun(session, run, options)
    : exportPair(session, [run, beside], options)
}

async function exportRun(session: Session, spec: string, options: Options): Promise<Status> {
  const { format, output } = options
  if (output === undefined && format === 'parquet') {
    throw new InputError('parquet is written to a folder; name it with --output')
  }
  refuseMixed(session, output)
  const windowed = WINDOW_FORMATS.find((known) => known === format)
  if (windowed !== undefined) return exportWindow(session, spec, windowed, options)
  const runFile = await session.runFile('read')
  if (output === undefined) await toStandardOutput(session, runFile, spec, options)
  else
    await session.interruptible((signal) => toFile(session, runFile, spec, output, options, signal))
  const missing = missingText(runFile.find(spec))
  if (missing !== null) await session.note(missing)
  return 0
}

/** Part of the run in another tool's words; what that tool cannot see of it is said beside it. */
async function exportWindow(
  session: Session,
  spec: string,
  format: WindowFormat,
  { output, window, force }: Options,
): Promise<Status> {
  const runFile = await session.runFile('read')
  if (output !== undefined) checkOutput(output, runFile.path, force === true)
  const { text, limits } = windowText(runFile.source(runFile.find(spec)), format, window)
  if (output === undefined) session.out.text(text)
  else await writeFileAtomic(output, [text])
  for (const limit of limits) await session.note(`${format}: ${limit}`)
  return 0
}

function refuseMixed(session: Session, output: string | undefined): void {
  if (output === undefined && session.json) {
    throw new InputError('standard output is the export itself; --json needs --output')
  }
}

/** Two runs in one file; only chrome's has room for that. */
async function exportPair(
  session: Session,
  names: readonly [string, string],
  { format, output, force }: Options,
): Promise<Status> {
  if (format !== 'chrome') {
    throw new InputError(`${format} holds one run; two go beside each other with --format chrome`)
  }
  refuseMixed(session, output)
  const [left, right] = await findEach(session, names)
  if (!left || !right) throw new Error('two runs were named')
  const [a, b] = [left.source, right.source]
  const pairs = pairNumbers(a, b)
  const text = chromePairChunks({ source: a, pairs: pairs.left }, { source: b, pairs: pairs.right })
  if (output === undefined) await print(session, format, text)
  else {
    for (const { home } of [left, right]) checkOutput(output, home, force === true)
    const events = a.run.events + b.run.events
    const bytes = await session.interruptible((signal) => writeFileAtomic(output, text, signal))
    reportWritten(session, { path: output, events, bytes })
  }
  for (const missing of [a, b].map(({ run }) => missingText(run)))
    if (missing !== null) await session.note(missing)
  return 0
}

async function toStandardOutput(
  session: Session,
  runFile: RunFile,
  spec: string,
  options: Options,
) {
  await print(session, options.format, textOf(options, runFile.source(runFile.find(spec))))
}

async function print(session: Session, format: Format, text: Iterable<string>): Promise<void> {
  const neutral = session.out.isTTY ? NEUTRAL[format] : null
  for (const piece of text) {
    session.out.text(neutral === null ? piece : piece.split('\n').map(neutral).join('\n'))
    await session.out.room()
  }
}

/** A terminal would act on what is in a name. */
const NEUTRAL = {
  jsonl: neutralJson,
  chrome: neutralJson,
  csv: escapeControls,
  parquet: null,
  litmus: escapeControls,
  casemate: escapeControls,
} as const

async function toFile(
  session: Session,
  runFile: RunFile,
  spec: string,
  output: string,
  options: Options,
  signal: AbortSignal,
) {
  const { format, key, force } = options
  const run = runFile.find(spec)
  checkOutput(
    format === 'parquet' ? parquetPath(run.id, output, key) : output,
    runFile.path,
    force === true,
  )
  const source = runFile.source(run)
  const progress = new Progress(session.io, `exporting run ${run.id}`, 'events')
  const done = (events: number) => progress.update(events, events / Math.max(1, run.events))
  const written: ParquetReport =
    format === 'parquet'
      ? await exportParquet(source, output, {
          signal,
          progress: done,
          ...(key === undefined ? {} : { key }),
        })
      : {
          path: output,
          events: run.events,
          bytes: await writeFileAtomic(output, textOf(options, source), signal),
        }
  progress.end()
  reportWritten(session, written)
}

function textOf({ format, safeCsv }: Options, source: EventSource): Iterable<string> {
  if (format === 'csv') return csvChunks(source, { safe: safeCsv === true })
  if (format === 'jsonl' || format === 'chrome') return TEXT[format](source)
  throw new Error(`${format} is not text of a whole run`)
}
