import {
  escapeControls,
  exportParquet,
  exportSummary,
  InputError,
  isPartOf,
  neutralJson,
  type ParquetOptions,
  type ParquetReport,
  parquetPath,
  type Run,
  type RunFile,
  summaryCsv,
  summaryHead,
  summaryJson,
  summaryOf,
  summaryPath,
  writeFileAtomic,
  count,
} from '@pagetrail/recorder'
import { statSync } from 'node:fs'
import { Progress } from '../command/progress.ts'
import type { Session, Status } from '../command/session.ts'
import { missingText } from '../text/run-words.ts'

interface Options {
  readonly format: string
  readonly output?: string | undefined
  readonly key?: string | undefined
  readonly force?: true | undefined
  readonly safeCsv?: true | undefined
  readonly all?: true | undefined
  readonly summary?: true | undefined
}

/** Every run of the database, or one row about each run that is asked for. */
export async function exportFleet(
  session: Session,
  [spec, beside]: readonly [string | undefined, string | undefined],
  options: Options,
): Promise<Status> {
  if (beside !== undefined) throw new InputError('--all and --summary write a run by itself')
  if (spec !== undefined && options.all) {
    throw new InputError('name a run, or --all for every run, not both')
  }
  if (spec === undefined && !options.all) {
    throw new InputError('name a run, or --all for every run')
  }
  const runFile = await session.runFile('read')
  const runs = spec === undefined ? runFile.runs() : [runFile.find(spec)]
  const whole = runs.filter(({ state }) => state !== 'damaged')
  const status = await writeRuns(session, runFile, whole, options)
  for (const run of runs) {
    const missing =
      run.state === 'damaged'
        ? `run ${run.id} is damaged and is left out; pagetrail verify says where`
        : missingText(run)
    if (missing !== null) await session.note(missing)
  }
  return whole.length < runs.length ? 3 : status
}

function writeRuns(
  session: Session,
  runFile: RunFile,
  runs: readonly Run[],
  options: Options,
): Promise<Status> {
  const { format, summary } = options
  if (format === 'parquet') return toFolder(session, runFile, runs, options)
  if (!summary) {
    throw new InputError(`${format} holds one run: --all needs --format parquet, or --summary`)
  }
  if (format !== 'csv' && format !== 'jsonl') {
    throw new InputError(`--summary is written as jsonl, csv or parquet, not as ${format}`)
  }
  return toText(session, runFile, runs, options)
}

async function toFolder(
  session: Session,
  runFile: RunFile,
  runs: readonly Run[],
  { output, summary, force, ...options }: Options,
): Promise<Status> {
  if (output === undefined) {
    throw new InputError('parquet is written to a folder; name it with --output')
  }
  const [pathOf, write] = summary ? [summaryPath, exportSummary] : [parquetPath, exportParquet]
  for (const run of runs) {
    checkOutput(pathOf(run.id, output, keyOf(run, options)), runFile.path, force === true)
  }
  const progress = new Progress(session.io, `exporting ${count(runs.length)} runs`, 'runs')
  const lines = session.json ? session.jsonLines() : null
  let [done, events, bytes] = [0, 0, 0]
  await session.interruptible(async (signal) => {
    const own: ParquetOptions = { signal }
    for (const run of runs) {
      const key = keyOf(run, options)
      const written = await write(runFile.source(run), output, { ...own, key })
      lines?.data('file', { ...written })
      done++
      events += written.events
      bytes += written.bytes
      progress.update(done, done / runs.length)
    }
  })
  progress.end()
  if (lines) lines.end(true)
  else {
    const what = summary ? 'a row about each of' : `${count(events)} events of`
    const text = `wrote ${what} ${count(done)} runs, ${count(bytes)} bytes, to ${output}`
    session.out.line(escapeControls(text))
  }
  return 0
}

/** The partition of a run: with --all, what was given stands before the run's id. */
const keyOf = (run: Run, { key, all }: Pick<Options, 'key' | 'all'>): string =>
  key === undefined ? String(run.id) : all ? `${key}-${run.id}` : key

async function toText(
  session: Session,
  runFile: RunFile,
  runs: readonly Run[],
  { format, output, force, safeCsv, ...options }: Options,
): Promise<Status> {
  if (output === undefined && session.json) {
    throw new InputError('standard output is the export itself; --json needs --output')
  }
  function* lines(): Generator<string> {
    if (format === 'csv') yield `${summaryHead()}\n`
    for (const run of runs) {
      const key = keyOf(run, options)
      const cells = summaryOf(runFile.source(run))
      const line =
        format === 'csv'
          ? summaryCsv(key, cells, { safe: safeCsv === true })
          : summaryJson(key, cells)
      yield `${line}\n`
    }
  }
  if (output !== undefined) {
    checkOutput(output, runFile.path, force === true)
    const bytes = await session.interruptible((signal) => writeFileAtomic(output, lines(), signal))
    reportWritten(session, { path: output, events: runs.length, bytes }, 'rows')
    return 0
  }
  const neutral = session.out.isTTY ? (format === 'csv' ? escapeControls : neutralJson) : null
  for (const line of lines()) {
    session.out.line(neutral === null ? line.slice(0, -1) : neutral(line.slice(0, -1)))
    await session.out.room()
  }
  return 0
}

/** Says what was written where. */
export function reportWritten(session: Session, written: ParquetReport, unit = 'events'): void {
  if (session.json) {
    const lines = session.jsonLines()
    lines.data('file', { ...written })
    lines.end(true)
  } else {
    const { path, events, bytes } = written
    const text = `wrote ${count(events)} ${unit}, ${count(bytes)} bytes, to ${path}`
    session.out.line(escapeControls(text))
  }
}

/** Nothing that is there is lost unless it was said to be; the database that is read is not lost at all. */
export function checkOutput(path: string, db: string, force: boolean): void {
  const there = statSync(path, { throwIfNoEntry: false })
  if (!there) return
  if (isPartOf(db, path))
    throw new InputError(`${path} is the database that is exported from; name another file`)
  if (there.isFile() && !force)
    throw new InputError(`${path} exists; --force replaces it, or name another file`)
}
