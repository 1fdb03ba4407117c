import { writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { ClosedPipe } from './closed-pipe.ts'
import { type Pager, startPager } from './pager.ts'

/**
 * The world as a verb sees it. Tests hand in another one; no verb reads the process, the clock or the environment by
 * itself.
 */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Sink
  readonly stderr: Sink
  /** The streams themselves, for a screen; null where input or output is not a terminal. */
  readonly terminal: Terminal | null
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since 1970. */
  now(): number
  /** Starts the program that shows long output on this terminal. */
  startPager(command: string): Pager
  /** Calls `handler` on Ctrl-C instead of ending the process, until the returned function is called. */
  onInterrupt(handler: () => void): () => void
  /** Of the process's memory, what young objects have. */
  readonly youngSpace: {
    /** Keeps it small, for what makes many objects that die at once. */
    hold(): void
    /** It grows as it likes. */
    release(): void
  }
}

export interface Terminal {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

/** Where text goes: standard output or standard error. */
export interface Sink {
  readonly isTTY: boolean
  /** Width of the terminal; 80 where there is none. */
  readonly columns: number
  /** Height of the terminal; Infinity where there is none or it does not say. */
  readonly rows: number
  /** Resolves once the text is taken. Rejects with {@link ClosedPipe} when nobody reads any more. */
  write(text: string): Promise<void>
}

export function processIo(): Io {
  const { stdin, stdout, stderr } = process
  return {
    stdin,
    terminal: stdin.isTTY && stdout.isTTY ? { stdin, stdout, stderr } : null,
    stdout: streamSink(stdout),
    stderr: streamSink(stderr),
    env: process.env,
    now: Date.now,
    startPager: (command) => startPager(command, process.env),
    onInterrupt(handler) {
      process.on('SIGINT', handler)
      return () => process.off('SIGINT', handler)
    },
    youngSpace: { hold: holdYoungSpace, release: releaseYoungSpace },
  }
}

/** How the text of a failure is made fit for a terminal: as it is, until there can be modules of the user's. */
let safely = (text: string): string => text

/** Whoever loads what the user's modules need sets it: a command that loads nothing is five times as fast. */
export function setSafely(by: (text: string) => string): void {
  safely = by
}

/**
 * Runs the command and sets the exit status. A module of the user's shares the process: where it ends it, waits for
 * ever, or fails after its calls, the status is 2 and a sentence says so, instead of Node's own, which means something
 * else here.
 */
export async function untilAnswered(run: () => Promise<number>): Promise<void> {
  let answered = false
  process.on('exit', () => {
    if (answered) return
    writeSync(
      2,
      'pagetrail: ended before it was done: by the module that was loaded, or by an input that never comes\n',
    )
    process.exitCode = 2
  })
  process.on('uncaughtException', (error) => {
    // The terminal UI has its own, which gives the terminal back first.
    if (process.listenerCount('uncaughtException') > 1) return
    answered = true
    const why = safely(error instanceof Error ? error.message : String(error))
    writeSync(
      2,
      `pagetrail: failed outside of any call: ${why}; a timer or promise of a module does that\n`,
    )
    process.exit(2)
  })
  process.exitCode = await run()
  answered = true
  // What fails soon after is reported as above; what goes on for ever must not keep the command.
  setTimeout(() => {
    writeSync(2, 'pagetrail: timers or connections that the module left open were ended\n')
    process.exit()
  }, LEFT_OPEN_MS).unref()
}

/** How long a module's timers may keep the process after the answer. */
const LEFT_OPEN_MS = 5_000

function streamSink(stream: NodeJS.WriteStream): Sink {
  // The error also comes to the callback of write(); without a listener it would end the process with a stack.
  stream.on('error', () => {})
  return {
    get isTTY() {
      return stream.isTTY === true
    },
    get columns() {
      // A pty that nobody gave a size says 0: `script` without a terminal, serial consoles, some CI.
      return stream.columns || 80
    },
    get rows() {
      return stream.rows || Infinity
    },
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (!error) resolve()
          else reject('code' in error && error.code === 'EPIPE' ? new ClosedPipe() : error)
        })
      }),
  }
}

/**
 * V8 lets the space of young objects grow to 32 MB, twice 16, as long as modules are loaded or many objects live on; it
 * never gives that back. A check of a long run makes objects that die at once, and is as fast with twice 4 MB
 * (docs/speed.md). How far it grows can be said on the command line of Node alone, but how much it grows by is asked
 * each time.
 */
const ENOUGH_BYTES = 8 << 20
/** Objects that are alive at one time; each round is half a megabyte. */
const AT_ONCE = 4000
const MOST_ROUNDS = 100

const grownBy = (factor: number): void => setFlagsFromString(`--semi-space-growth-factor=${factor}`)

const youngBytes = (): number =>
  getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0

/** From here on young objects have 8 MB: grows to that, and no further. */
export function holdYoungSpace(): void {
  grownBy(4)
  let alive: object[] = []
  for (let round = 0; round < MOST_ROUNDS && youngBytes() < ENOUGH_BYTES; round++) {
    const before = alive
    alive = Array.from({ length: AT_ONCE }, (_, i) => ({ i, before: [before.length] }))
  }
  grownBy(1)
}

/** It grows as it likes again: what follows, an import with its threads, keeps more alive. */
export const releaseYoungSpace = (): void => grownBy(2)
