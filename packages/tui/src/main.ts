import { ClosedPipe } from './command/closed-pipe.ts'
import type { Io } from './command/io.ts'
import type { Status } from './command/session.ts'
import { VERSION } from './command/version.ts'
import { straightToScreens } from './verbs/program/open-screens.ts'

const VERSION_OPTIONS: ReadonlySet<string> = new Set(['-V', '--version'])

/** Runs one command line. All that it reads and writes is in `io`; the result is the exit status. */
export async function main(argv: readonly string[], io: Io): Promise<Status> {
  // Scripts ask for it before anything else: it takes none of the verbs, and a quarter of the time.
  if (argv.length === 1 && VERSION_OPTIONS.has(argv[0]!)) return await printVersion(io)
  const shown = await straightToScreens(argv, io)
  if (shown !== null) return shown
  // Before anything else is loaded, which makes it grow.
  if (argv.includes('check')) io.youngSpace.hold()
  const { runProgram } = await import('./verbs/program/program.ts')
  return await runProgram(argv, io)
}

async function printVersion(io: Io): Promise<Status> {
  try {
    await io.stdout.write(`${VERSION}\n`)
  } catch (error) {
    if (!(error instanceof ClosedPipe)) throw error
  }
  return 0
}
