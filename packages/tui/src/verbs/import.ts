import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import {
  captureKernel,
  type Imported,
  importInput,
  type ImportInput,
  type ImportOptions,
  type ImportReport,
  type JsonlReport,
  InputError,
  escapeControls,
  type RunFile,
  runWithSameEvents,
  count,
  many,
} from '@pagetrail/recorder'
import { basename } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { isFile } from '../command/find/named-runs.ts'
import { Progress } from '../command/progress.ts'
import type { JsonLines } from '../command/json-lines.ts'
import type { Session, Status } from '../command/session.ts'
import { runFields, runName } from '../text/run-words.ts'
import { parsePairs } from './arguments.ts'
import { checkLabel } from './rename.ts'
import type { OptionsOf, Verb } from './verb.ts'

const FORMATS = ['auto', 'ftrace', 'jsonl', 'kmsg'] as const
const STANDARD_INPUT = '-'

const declared = (command: Command) =>
  command
    .argument('<file...>', 'files; - is standard input')
    .addOption(
      new Option('--format <format>', 'what the files are')
        .choices(FORMATS)
        .default('auto' as const),
    )
    .option('--follow', 'go on at the end of the file as it grows, until Ctrl-C')
    .option('--label <label>', "name of the run (default: the file's)")
    .option(
      '--kernel <release>',
      'release that was traced, e.g. 6.18.15, where the trace does not say',
    )
    .option(
      '--map <pairs>',
      "the tree's own names of functions: set_memory_ro=its_name,…",
      parsePairs,
    )
    .option(
      '--page-size <size>',
      'pages of the traced kernel, where the trace does not show it',
      parsePageSize,
    )
    .option(
      '--buffer <name>',
      "of several buffers or guests in one trace, the one to import; '' is the top one",
    )
    .option('--strict', 'refuse a trace with a line that cannot be read')

type Options = OptionsOf<typeof declared>

export const importVerb: Verb = {
  name: 'import',
  group: 'Getting runs:',
  summary: 'turn traces of real kernels, or exported runs, into runs',
  more: `Reads ftrace text (cat /sys/kernel/tracing/trace), trace-cmd report, perf script, and Pagetrail's JSON Lines;
gzip or plain. Unknown events are kept and counted. Events that the trace reports as lost, and entries without their
return, become gap events. --format kmsg picks the \`pagetrail:\` lines that a kernel printed (see hooks/c/pagetrail.h)
out of dmesg or a console log; what the log lost becomes a gap.`,
  examples: [
    ['import modules.trace.gz', 'a run named modules'],
    ['import before.trace after.trace', 'two runs, ready for pagetrail diff'],
    [
      'import --follow /sys/kernel/tracing/trace_pipe --label live',
      'until Ctrl-C; the run can be read meanwhile',
    ],
    ['import dmesg.txt --format kmsg', 'what a KUnit test or a UML kernel reported'],
    ['import - < run.jsonl', 'from standard input'],
  ],
  declare: (command, invoke) =>
    declared(command).action((files, options) =>
      invoke((session) => importFiles(session, files, options)),
    ),
}

async function importFiles(
  session: Session,
  files: readonly string[],
  options: Options,
): Promise<Status> {
  if (options.label !== undefined) checkLabel(options.label)
  if (files.length > 1 && (options.label !== undefined || options.follow)) {
    throw new InputError('--label and --follow are for one file')
  }
  const missing = files.find((file) => file !== STANDARD_INPUT && !isFile(file))
  // Before a database is made for it.
  if (missing !== undefined) throw new InputError(`${missing}: there is no such file`)
  const runFile = await session.runFile('write')
  const lines = session.json ? session.jsonLines() : null
  const status = await session.interruptible(async (signal): Promise<Status> => {
    let cut = false
    for (const file of files) {
      const buffers: (string | null)[] = [options.buffer ?? null]
      for (const buffer of buffers) {
        const imported = await importOne(session, runFile, file, options, buffer, signal)
        // Each buffer is a run of its own: the same event may be in several.
        if (buffer === null) buffers.push(...furtherBuffers(imported, file))
        await report(session, runFile, imported, lines)
        const unread = buffers.length > 1 ? [] : otherBuffers(imported)
        if (unread.length > 0)
          await session.note(`not imported: ${unread.join(', ')}; name one with --buffer`)
        if (endedEarly(imported)) return 3
        // --follow has no other end that is one than Ctrl-C.
        if (imported.report.interrupted) return options.follow ? 0 : 130
        cut ||= isPartial(imported)
      }
    }
    return cut ? 3 : 0
  })
  lines?.end(status === 0, status === 3 ? { why: 'a run is not whole' } : {})
  if (status === 130) await session.note('interrupted; what was imported is kept')
  return status
}

async function importOne(
  session: Session,
  runFile: RunFile,
  file: string,
  options: Options,
  buffer: string | null,
  signal: AbortSignal,
): Promise<Imported> {
  const progress = new Progress(session.io, `importing ${escapeControls(file)}`, 'events')
  const input = file === STANDARD_INPUT ? standardInput(session, signal) : file
  const further =
    buffer === null || buffer === options.buffer ? {} : { label: `${basename(file)}/${buffer}` }
  const imported = await importInput(runFile, input, options.format, {
    ...optionsOf(session, options),
    ...further,
    ...(buffer === null ? {} : { buffer }),
    signal,
    onProgress: ({ events, bytes, total }) =>
      progress.update(events, total === null ? undefined : bytes / total),
  })
  progress.end()
  return imported
}

/** The other buffers of an input that can be read again. */
const furtherBuffers = (imported: Imported, file: string): readonly string[] =>
  imported.format === 'jsonl' || file === STANDARD_INPUT ? [] : imported.report.otherBuffers

const otherBuffers = (imported: Imported): readonly string[] =>
  imported.format === 'jsonl'
    ? []
    : imported.report.otherBuffers.map((name) =>
        name === '' ? 'the top buffer' : `buffer ${name}`,
      )

async function report(
  session: Session,
  runFile: RunFile,
  imported: Imported,
  lines: JsonLines | null,
): Promise<void> {
  for (const run of runsOf(imported).map((id) => runFile.find(String(id)))) {
    if (lines) lines.data('run', { ...runFields(run), ...factsOf(imported) })
    else {
      const { id, label, events, calls } = run
      session.out.line(
        escapeControls(`run ${id} ${label}: ${many(events, 'event')} in ${many(calls, 'call')}`),
      )
    }
  }
  for (const run of lines ? [] : runsOf(imported).map((id) => runFile.find(String(id)))) {
    const same = runWithSameEvents(runFile, run)
    if (same)
      session.out.line(
        `  ${escapeControls(`the same events as ${runName(same)}: imported before`)}`,
      )
  }
  if (!lines) session.out.lines(remarks(imported).map((text) => `  ${escapeControls(text)}`))
  await session.out.flush()
}

/** A pipe that nothing comes from would not notice the signal by itself. */
const standardInput = ({ io }: Session, signal: AbortSignal): ImportInput => ({
  name: 'standard input',
  chunks: addAbortSignal(signal, io.stdin),
})

function optionsOf(
  session: Session,
  { follow, label, kernel, map, pageSize, strict }: Options,
): ImportOptions {
  return {
    created: session.io.now(),
    // What comes slowly is committed, and so readable, twice a second.
    write: { clock: () => session.io.now() },
    ...(label === undefined ? {} : { label }),
    ...kernelOptions(kernel),
    ...(map === undefined ? {} : { map }),
    ...(pageSize === undefined ? {} : { pageShift: pageSize }),
    ...(strict ? { strict } : {}),
    ...(follow ? { follow } : {}),
  }
}

/** What `--kernel` says of a trace. */
export /** A release, and the flavour that it follows; a neighbour of one follows what the trace shows. */
function kernelOptions(kernel: string | undefined): Pick<ImportOptions, 'kernel' | 'flavour'> {
  if (kernel === undefined) return {}
  const { probes, neighbour } = captureKernel(kernel)
  return { kernel, ...(neighbour ? {} : { flavour: probes }) }
}

const PAGE_SIZES: Readonly<Record<string, 12 | 14 | 16>> = {
  '4k': 12,
  '4096': 12,
  '16k': 14,
  '16384': 14,
  '64k': 16,
  '65536': 16,
}

function parsePageSize(text: string): 12 | 14 | 16 {
  const shift = PAGE_SIZES[text.toLowerCase()]
  if (shift === undefined) throw new InvalidArgumentError('It must be 4k, 16k or 64k.')
  return shift
}

const runsOf = (imported: Imported): readonly number[] =>
  imported.format === 'trace' ? [imported.report.run] : imported.report.runs.map((run) => run.id)

/** Whether a followed input ended by itself, in the middle of something. */
const endedEarly = (imported: Imported): boolean =>
  imported.format === 'trace' && imported.report.ended !== null

/** Whether some of the input could not be read. */
const isPartial = (imported: Imported): boolean =>
  imported.format === 'jsonl' ? imported.report.cut.length > 0 : imported.report.unreadable > 0

/** Of a trace: how it was read. */
function factsOf(imported: Imported) {
  if (imported.format === 'jsonl') return {}
  const { unknown, quoted, run: _run, ...facts } = imported.report
  return { ...facts, unknown: { ...unknown }, unreadableLines: quoted }
}

function remarks(imported: Imported): string[] {
  return imported.format === 'jsonl'
    ? remarksOnJsonl(imported.report)
    : remarksOnTrace(imported.report)
}

function remarksOnJsonl({ cut, misfits }: JsonlReport): string[] {
  return [
    ...cut.map(
      (run) =>
        `run ${run} has no end line: its producer died, or the file was cut; what came is kept, as interrupted`,
    ),
    ...[...misfits].map(
      ([run, { count: found, first }]) =>
        `${many(found, 'event')} of run ${run} outside the call tree, first event ${first.seq}: ${first.message}`,
    ),
  ]
}

function remarksOnTrace(report: ImportReport): string[] {
  const { lines, entries, format, definitions, unknown, unpaired, lost, backwards } = report
  const { unreadable, quoted, ended } = report
  const unknownNames = Object.entries(unknown).map(([name, n]) => `${name} (${count(n)})`)
  return [
    `${format}, ${many(lines, 'line')}, ${many(entries, 'entry', 'entries')}${
      definitions === 'lean'
        ? '; stores inferred from the callbacks; barriers and flushes not visible'
        : ''
    }`,
    ...(unknownNames.length > 0 ? [`kept without a kind: ${unknownNames.join(', ')}`] : []),
    ...renamedRemark(unknown),
    ...(unpaired > 0
      ? [`${many(unpaired, 'return or entry', 'returns or entries')} without the other half`]
      : []),
    ...(lost > 0 ? [`${count(lost)} events are known to be missing`] : []),
    ...(ended === null ? [] : [`${ended}: what came until then is kept, as an interrupted run`]),
    ...(unreadable > 0
      ? [
          `${many(unreadable, 'line')} could not be read, kept as events of kind unreadable:`,
          ...quoted.map(({ line, text }) => `  line ${line}: ${text}`),
        ]
      : []),
    ...(report.doubled > 0
      ? [`${many(report.doubled, 'line')} stood in the file twice, and count once`]
      : []),
    ...(report.folded > 0
      ? [
          `${many(report.folded, 'line')} had been folded, as mail does, and were put together again`,
        ]
      : []),
    ...report.lacks.map((what) => LACKING[what] ?? `the text has no ${what}`),
    ...(backwards > 0 ? [`${count(backwards)} events are dated before the first`] : []),
  ]
}

/** What follows from what the form of a text does not show. */
const LACKING: Readonly<Record<string, string>> = {
  flags:
    'the text has no flags (d..1.): what an interrupt did counts to the task that it interrupted',
  cpu: 'the text has no CPUs: all events count to CPU 0',
  'whole task names': 'names of tasks are cut to 8 characters; report without -l has them whole',
}

/** Probes at entry and return that nobody knows are those of a tree with names of its own. */
function renamedRemark(unknown: ImportReport['unknown']): string[] {
  const own = Object.keys(unknown).filter((name) => Object.hasOwn(unknown, `${name}_ret`))
  const pairs = own.slice(0, 3).map((name) => `KNOWN=${name}`)
  return own.length === 0
    ? []
    : [
        `${own.join(', ')}: if these are known functions by other names, import with --map ${pairs.join(',')}`,
      ]
}
