import { Option } from '@commander-js/extra-typings'
import {
  chromeChunks,
  chromePairChunks,
  csvChunks,
  escapeControls,
  type EventSource,
  exportParquet,
  InputError,
  isPartOf,
  jsonlChunks,
  neutralJson,
  pairNumbers,
  parquetPath,
  type RunFile,
  WINDOW_FORMATS,
  type WindowFormat,
  windowText,
  writeFileAtomic,
} from '@pagetrail/recorder'
import { statSync } from 'node:fs'
import { findEach } from '../command/find-runs.ts'
import { Progress } from '../command/progress.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText } from '../text/run.ts'
import { RUN, RUN_OR_FILE } from './arguments.ts'
import type { Verb } from './verb.ts'
import { count } from '../text/fit.ts'

/** Formats that are text, and so can go to standard output. */
const TEXT = { jsonl: jsonlChunks, chrome: chromeChunks } as const
const FORMATS = ['jsonl', 'chrome', 'csv', 'parquet', 'litmus', 'casemate'] as const
type Format = (typeof FORMATS)[number]

interface Options {
  readonly format: Format
  readonly output?: string | undefined
  readonly key?: string | undefined
  readonly force?: true | undefined
  readonly safeCsv?: true | undefined
  readonly window?: string | undefined
}

export const exportVerb: Verb = {
  name: 'export',
  group: 'The file:',
  summary: 'write a run in another format',
  more: `jsonl    Pagetrail's own form; pagetrail import reads it back, event for event
chrome   trace event JSON for Perfetto (ui.perfetto.dev) and chrome://tracing
csv      one line per event, a column per field; names are as they are, and a spreadsheet runs one that begins
         with =, +, - or @: --safe-csv marks those as text
parquet  FOLDER/run=KEY/part-0000.parquet: DuckDB, Spark, Trino and ClickHouse read a folder of runs as one table
litmus   a window of the run as a test for herd7 (AArch64, vmsa), with the verdict that is expected
casemate a window as a log for casemate-check -R: break-before-make and the life of tables, as of EL2 stage 1`,
  examples: [
    ['export -1 --format chrome -o trace.json', 'to look at in Perfetto'],
    ['export before after --format chrome -o both.json', 'two, paired call by call: one id a pair'],
    ['export 3 | gzip > run.jsonl.gz', 'JSON Lines to standard output'],
    ['export 3 --format litmus --window 4..20 -o window.litmus', 'a second opinion, by herd7'],
    ['export 3 --format parquet -o fleet --key host17', 'one of many runs in one folder'],
  ],
  declare(command, invoke) {
    command
      .argument('<run>', RUN)
      .argument('[beside]', `for chrome, a second run to stand beside the first: ${RUN_OR_FILE}`)
      .addOption(
        new Option('--format <format>', 'what to write')
          .choices(FORMATS)
          .default('jsonl' as Format),
      )
      .option('-o, --output <path>', 'file (a folder for parquet); without it, standard output')
      .option('--force', 'replace a file that is there; the database itself never')
      .option('--safe-csv', 'csv: put an apostrophe before texts that a spreadsheet would run')
      .option('--key <name>', "value of parquet's partition run= (default: the run's id)")
      .option(
        '--window <events>',
        'of litmus and casemate: N..M, or the name of a rule that is broken',
      )
      .action((run, beside, options) =>
        invoke((session) =>
          beside === undefined
            ? exportRun(session, run, options)
            : exportPair(session, [run, beside], options),
        ),
      )
  },
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
  const [a, b] = [left.runFile.source(left.run), right.runFile.source(right.run)]
  const pairs = pairNumbers(a, b)
  const text = chromePairChunks({ source: a, pairs: pairs.left }, { source: b, pairs: pairs.right })
  if (output === undefined) await print(session, format, text)
  else {
    for (const { runFile } of [left, right]) checkOutput(output, runFile.path, force === true)
    const events = left.run.events + right.run.events
    const bytes = await session.interruptible((signal) => writeFileAtomic(output, text, signal))
    report(session, { path: output, events, bytes })
  }
  for (const missing of [left, right].map(({ run }) => missingText(run)))
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

/** Nothing that is there is lost unless it was said to be; the database that is read is not lost at all. */
function checkOutput(path: string, db: string, force: boolean): void {
  const there = statSync(path, { throwIfNoEntry: false })
  if (!there) return
  if (isPartOf(db, path))
    throw new InputError(`${path} is the database that is exported from; name another file`)
  if (there.isFile() && !force)
    throw new InputError(`${path} exists; --force replaces it, or name another file`)
}

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
  const written =
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
  report(session, written)
}

interface Written {
  readonly path: string
  readonly events: number
  readonly bytes: number
}

function report(session: Session, written: Written): void {
  if (session.json) {
    const lines = session.jsonLines()
    lines.data('file', { ...written })
    lines.end(true)
  } else {
    const { path, events, bytes } = written
    session.out.line(
      escapeControls(`wrote ${count(events)} events, ${count(bytes)} bytes, to ${path}`),
    )
  }
}

function textOf({ format, safeCsv }: Options, source: EventSource): Iterable<string> {
  if (format === 'csv') return csvChunks(source, { safe: safeCsv === true })
  if (format === 'jsonl' || format === 'chrome') return TEXT[format](source)
  throw new Error(`${format} is not text of a whole run`)
}
