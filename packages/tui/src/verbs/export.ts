import { Option } from '@commander-js/extra-typings'
import {
  chromeChunks,
  csvChunks,
  escapeControls,
  type EventSource,
  exportParquet,
  InputError,
  jsonlChunks,
  type RunFile,
  writeFileAtomic,
} from '@pagetrail/recorder'
import { Progress } from '../command/progress.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText } from '../text/run.ts'
import { RUN } from './arguments.ts'
import type { Verb } from './verb.ts'
import { count } from '../text/fit.ts'

/** Formats that are text, and so can go to standard output. */
const TEXT = { jsonl: jsonlChunks, chrome: chromeChunks, csv: csvChunks } as const
const FORMATS = ['jsonl', 'chrome', 'csv', 'parquet'] as const
type Format = (typeof FORMATS)[number]

interface Options {
  readonly format: Format
  readonly output?: string | undefined
  readonly key?: string | undefined
}

export const exportVerb: Verb = {
  name: 'export',
  group: 'The file:',
  summary: 'write a run in another format',
  more: `jsonl    Pagetrail's own form; pagetrail import reads it back, event for event
chrome   trace event JSON for Perfetto (ui.perfetto.dev) and chrome://tracing
csv      one line per event, a column per field
parquet  FOLDER/run=KEY/part-0000.parquet: DuckDB, Spark, Trino and ClickHouse read a folder of runs as one table`,
  examples: [
    ['export -1 --format chrome -o trace.json', 'to look at in Perfetto'],
    ['export 3 | gzip > run.jsonl.gz', 'JSON Lines to standard output'],
    ['export 3 --format parquet -o fleet --key host17', 'one of many runs in one folder'],
  ],
  declare(command, invoke) {
    command
      .argument('<run>', RUN)
      .addOption(
        new Option('--format <format>', 'what to write')
          .choices(FORMATS)
          .default('jsonl' as Format),
      )
      .option('-o, --output <path>', 'file (a folder for parquet); without it, standard output')
      .option('--key <name>', "value of parquet's partition run= (default: the run's id)")
      .action((run, options) => invoke((session) => exportRun(session, run, options)))
  },
}

async function exportRun(session: Session, spec: string, options: Options): Promise<Status> {
  const { format, output } = options
  if (output === undefined && format === 'parquet') {
    throw new InputError('parquet is written to a folder; name it with --output')
  }
  if (output === undefined && session.json) {
    throw new InputError('standard output is the export itself; --json needs --output')
  }
  const runFile = await session.runFile('read')
  if (output === undefined) await toStandardOutput(session, runFile, spec, options)
  else
    await session.interruptible((signal) => toFile(session, runFile, spec, output, options, signal))
  const missing = missingText(runFile.find(spec))
  if (missing !== null) await session.note(missing)
  return 0
}

async function toStandardOutput(
  session: Session,
  runFile: RunFile,
  spec: string,
  options: Options,
) {
  for (const piece of textOf(options.format, runFile.source(runFile.find(spec)))) {
    session.out.text(piece)
    await session.out.room()
  }
}

async function toFile(
  session: Session,
  runFile: RunFile,
  spec: string,
  output: string,
  { format, key }: Options,
  signal: AbortSignal,
) {
  const run = runFile.find(spec)
  const source = runFile.source(run)
  const progress = new Progress(session.io, `exporting run ${run.id}`, 'events')
  const done = (events: number) => progress.update(events, events / Math.max(1, run.events))
  const report =
    format === 'parquet'
      ? await exportParquet(source, output, {
          signal,
          progress: done,
          ...(key === undefined ? {} : { key }),
        })
      : {
          path: output,
          events: run.events,
          bytes: await writeFileAtomic(output, textOf(format, source), signal),
        }
  progress.end()
  if (session.json) {
    const lines = session.jsonLines()
    lines.data('file', { ...report })
    lines.end(true)
  } else {
    const { path, events, bytes } = report
    session.out.line(
      escapeControls(`wrote ${count(events)} events, ${count(bytes)} bytes, to ${path}`),
    )
  }
}

function textOf(format: Format, source: EventSource): Iterable<string> {
  if (format === 'parquet') throw new Error('parquet is no text')
  return TEXT[format](source)
}
