import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { Io, Sink } from '../../packages/tui/src/command/io.ts'
import { main } from '../../packages/tui/src/main.ts'
import type { Status } from '../../packages/tui/src/command/session.ts'

export interface Ran {
  readonly status: Status
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Standard output and standard error are terminals. */
  readonly tty?: boolean
  /** Presses Ctrl-C as soon as somebody listens. */
  readonly interrupt?: boolean
}

/** An empty folder that is removed after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pagetrail-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A world in memory, with a clock that stands at 2026-11-22T12:00:00Z, and what was written to it. */
export function memoryIo(options: RunOptions = {}): {
  io: Io
  out: () => string
  err: () => string
} {
  const [stdout, stderr] = [memorySink(options), memorySink(options)]
  const io: Io = {
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    terminal: null,
    stdout: stdout.sink,
    stderr: stderr.sink,
    env: options.env ?? {},
    startPager: () => {
      throw new Error('a screen without end needs no pager')
    },
    now: () => Date.UTC(2026, 10, 22, 12),
    onInterrupt(handler) {
      if (options.interrupt === true) queueMicrotask(handler)
      return () => {}
    },
    youngSpace: { hold() {}, release() {} },
  }
  return { io, out: stdout.text, err: stderr.text }
}

/** Runs one command line in this process. */
export async function pagetrail(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { io, out, err } = memoryIo(options)
  const status = await main(argv, io)
  return { status, out: out(), err: err() }
}

function memorySink({ tty = false }: RunOptions): { sink: Sink; text: () => string } {
  const parts: string[] = []
  return {
    sink: {
      isTTY: tty,
      columns: 100,
      rows: Infinity,
      write(text) {
        parts.push(text)
        return Promise.resolve()
      },
    },
    text: () => parts.join(''),
  }
}

/** The lines of `--json` output. */
export const jsonLines = (out: string): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
