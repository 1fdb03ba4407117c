import { openRuns, type RunFile } from '@pagetrail/recorder'
import { safeLines } from '../text/fit.ts'
import type { Color } from '../text/paint.ts'
import type { Theme } from '../text/theme.ts'
import type { Io } from './io.ts'
import { proofFolder } from './proof-folder.ts'
import type { Fields } from '../text/run-words.ts'
import { JsonLines } from './json-lines.ts'
import type { Output } from './output.ts'
import type { PagedOutput } from './paged-output.ts'

/**
 * 0 fine, same, clean · 1 differences or findings · 2 usage, unreadable or damaged input · 3 answer incomplete ·
 * 130 interrupted.
 */
export type Status = 0 | 1 | 2 | 3 | 130

/** The options that every verb has. */
export interface GlobalOptions {
  readonly db: string
  /** --db names it, not the environment or the default. */
  readonly named: boolean
  readonly json: boolean
  readonly color: Color
  /** Long output on a terminal goes to a pager. */
  readonly pager: boolean
}

/** One invocation of one verb: the world, the common options, and what is printed. */
export class Session {
  readonly io: Io
  readonly verb: string
  readonly options: GlobalOptions
  readonly out: Output
  readonly paint: Theme
  readonly #paged: PagedOutput | null
  readonly #cleanups: (() => void)[] = []

  constructor(
    io: Io,
    verb: string,
    options: GlobalOptions,
    out: Output,
    paint: Theme,
    paged: PagedOutput | null = null,
  ) {
    this.io = io
    this.#paged = paged
    this.verb = verb
    this.options = options
    this.out = out
    this.paint = paint
  }

  /** Folder in which it is remembered what of unchanged databases has been proven; undefined: there is no home. */
  get proofs(): string | undefined {
    return proofFolder(this.io.env)
  }

  get json(): boolean {
    return this.options.json
  }

  /** The database, closed when the verb is over. `write` creates it where there is none, unless it must exist. */
  async runFile(mode: 'read' | 'write', mustExist = false): Promise<RunFile> {
    const runFile = await openRuns(this.options.db, { mode, mustExist, proofs: this.proofs })
    this.atEnd(() => runFile.close())
    return runFile
  }

  /** Output is seen when it is written: for a dialogue, which no pager can show. */
  atOnce(): void {
    this.#paged?.passThrough()
  }

  /** Starts this verb's `--json` output. */
  jsonLines(head: Fields = {}): JsonLines {
    return new JsonLines(this.out, this.verb, head)
  }

  /** A remark beside the answer; it never mixes with what is piped on. */
  note(text: string): Promise<void> {
    return this.io.stderr.write(`pagetrail: ${safeLines(text)}\n`)
  }

  /** Has `cleanup` called when the verb is over, however it ends; the last first. */
  atEnd(cleanup: () => void): void {
    this.#cleanups.push(cleanup)
  }

  end(): void {
    for (const cleanup of this.#cleanups.splice(0).toReversed()) cleanup()
  }

  /**
   * Runs work that Ctrl-C stops at a place of its own choosing: it looks at the signal, keeps what was done, and
   * returns. A second Ctrl-C ends the process at once.
   */
  async interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const control = new AbortController()
    const off = this.io.onInterrupt(() => {
      off()
      control.abort()
    })
    try {
      return await work(control.signal)
    } finally {
      off()
    }
  }
}
