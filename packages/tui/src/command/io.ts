import type { Readable } from 'node:stream'

/**
 * The world as a verb sees it. Tests hand in another one; no verb reads the process, the clock or the environment by
 * itself.
 */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Sink
  readonly stderr: Sink
  /** The streams themselves, for a screen; null where input or output is no terminal. */
  readonly terminal: Terminal | null
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `handler` on Ctrl-C instead of ending the process, until the returned function is called. */
  onInterrupt(handler: () => void): () => void
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
  /** Resolves once the text is taken. Rejects with {@link ClosedPipe} when nobody reads any more. */
  write(text: string): Promise<void>
}

/** The reader of our output went away (`pagetrail … | head`): there is nobody to tell, so stop quietly. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe'
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
    onInterrupt(handler) {
      process.on('SIGINT', handler)
      return () => process.off('SIGINT', handler)
    },
  }
}

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
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (!error) resolve()
          else reject('code' in error && error.code === 'EPIPE' ? new ClosedPipe() : error)
        })
      }),
  }
}
