import { InputError } from '@pagetrail/recorder'
import { findRuns, inOneFile } from '../command/find/find-runs.ts'
import { isFile } from '../command/find/named-runs.ts'
import type { Session, Status } from '../command/session.ts'
import { diff } from './diff.ts'
import { isBuilt, isInputError, openScreens } from './program/open-screens.ts'
import { replay } from './replay.ts'
import { printRuns } from './runs.ts'
import { RUN_OR_FILE } from './arguments.ts'
import type { Verb } from './verb.ts'

export const tuiVerb: Verb = {
  name: 'tui',
  group: 'Looking at one:',
  summary: 'open the terminal UI (the default)',
  more: `? shows every key. With one run it opens on its events, with two on their comparison.`,
  examples: [
    ['', 'the runs of ./pagetrail.db'],
    ['before.trace.gz after.trace.gz', 'two captures, side by side'],
    ['-2 -1', 'the last two, side by side: `tui` need not be written before runs'],
  ],
  declare(command, invoke) {
    command
      .argument('[run...]', RUN_OR_FILE)
      .action((runs) => invoke((session) => openTui(session, runs)))
  },
}

export async function openTui(session: Session, runs: readonly string[]): Promise<Status> {
  const { terminal, env } = session.io
  if (runs.length > 2)
    throw new InputError('the terminal UI opens on one run, or on two to compare')
  if (terminal === null) {
    throw new InputError('the terminal UI needs a terminal; on a pipe use runs, replay, diff, …')
  }
  // Such a terminal can show no screens: what they would open on is printed.
  if (env['TERM'] === 'dumb') {
    if (runs.length === 0) return printRuns(session)
    const [a = '', b] = runs
    return b === undefined
      ? replay(session, a, {})
      : diff(session, a, b, { format: 'text', lanes: 'auto' })
  }
  if (!isBuilt()) throw new InputError('the terminal UI is not built; npm run build makes it')
  const { db, names } = await whatToOpen(session, runs)
  try {
    return await openScreens({ db, runs: names, io: { ...terminal, env } })
  } catch (error) {
    // The bundle has a class of its own of that name.
    throw isInputError(error) ? new InputError(error.message) : error
  }
}

/** The database, and which of its runs; files are imported before the screen begins. */
async function whatToOpen(
  session: Session,
  runs: readonly string[],
): Promise<{ readonly db: string; readonly names: readonly string[] }> {
  const { db } = session.options
  if (!runs.some((name) => isFile(name))) return { db, names: runs }
  const { runFile, runs: found } = await inOneFile(session, await findRuns(session, runs))
  return { db: runFile.path, names: found.map(({ id }) => String(id)) }
}
