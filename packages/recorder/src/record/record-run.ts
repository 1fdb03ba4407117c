import { InputError } from '@pagetrail/engine'
import type { Json, Kind } from '../event/kinds.ts'
import type { Run, RunGeometry } from '../event/run.ts'
import { runHeader } from '../event/run-header.ts'
import type { RunFile } from '../store/run-file.ts'
import type { RunWriter, WriteOptions } from '../store/writing/run-writer.ts'
import { HookRecorder } from './hook-recorder.ts'
import { RunHooks } from './run-hooks.ts'

/** What is known of a run of a program's own. */
export interface RunDescription {
  readonly label: string
  /** ms since 1970: the library has no clock. */
  readonly created: number
  /** null or left out: unknown; addresses are then shown as for 4K pages and 48 bits. */
  readonly geometry?: RunGeometry | null
  /** The kernel whose rules it follows: `6.18`, …; left out: none that is known. */
  readonly flavour?: string | null
  /** Release of the kernel that ran, if one did. */
  readonly kernel?: string | null
  readonly scenario?: string | null
  /** Kinds of events that it would report: others are unknown, not absent. Left out: see evidenceOf(). */
  readonly shows?: readonly Kind[]
  readonly facts?: Readonly<Record<string, Json>>
}

export interface Recorded<T> {
  readonly run: Run
  /** What the program returned. */
  readonly result: T
}

/**
 * Records what a program does through hooks, as a run of its own. The run is `complete` when the program has returned
 * (or its promise is fulfilled), `interrupted` with all events so far when it throws; the error is thrown on.
 *
 * @throws InputError for a description that is wrong, before anything is written; for events that are, see
 *   {@link RunHooks}; and for a call that is still open at the end
 */
export function recordRun<T>(
  runFile: RunFile,
  description: RunDescription,
  program: (hooks: RunHooks) => Promise<T>,
  write?: WriteOptions,
): Promise<Recorded<T>>
export function recordRun<T>(
  runFile: RunFile,
  description: RunDescription,
  program: (hooks: RunHooks) => T,
  write?: WriteOptions,
): Recorded<T>
export function recordRun<T>(
  runFile: RunFile,
  description: RunDescription,
  program: (hooks: RunHooks) => T | Promise<T>,
  write: WriteOptions = {},
): Recorded<T> | Promise<Recorded<T>> {
  const writer = startRun(runFile, description, write)
  const recorder = new HookRecorder(writer)
  const done = (result: T): Recorded<T> => {
    const open = recorder.open()
    if (open !== null) throw new InputError(`run ${writer.id}: ${open} has no end`)
    writer.finish('complete')
    return { run: runFile.find(writer.id), result }
  }
  const failed = (error: unknown): never => {
    writer.finish('interrupted')
    throw error
  }
  try {
    const result = program(new RunHooks(recorder))
    return result instanceof Promise ? result.then(done).catch(failed) : done(result)
  } catch (error) {
    return failed(error)
  }
}

function startRun(runFile: RunFile, description: RunDescription, write: WriteOptions): RunWriter {
  const { created, shows = null, facts = {}, ...rest } = description
  if (!Number.isSafeInteger(created) || created < 0) {
    throw new InputError('run.created has to be the time in ms since 1970')
  }
  const { geometry = null, ...texts } = rest
  const shape = geometry === null ? null : { ...geometry }
  const { state: _, ...header } = runHeader({
    ...texts,
    geometry: shape,
    facts,
    created,
    ...(shows !== null && { shows: [...shows] }),
  })
  return runFile.startRun({ ...header, created }, write)
}
