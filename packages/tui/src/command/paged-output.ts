import { InputError } from '@pagetrail/recorder'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Io, Sink } from './io.ts'
import type { Pager } from './pager.ts'

/** Exit status of a shell that does not find the command. */
const NOT_FOUND = 127

type Environment = Io['env']

/** The command that is to show long output, as git has it: empty or `cat` is none. Null: nothing can. */
export function pagerCommand(env: Environment): string | null {
  const { PAGETRAIL_PAGER, PAGER, TERM } = env
  if (TERM === 'dumb') return null
  const named = PAGETRAIL_PAGER ?? PAGER
  if (named === undefined) return isInPath('less', env) ? 'less' : null
  return named.trim() === '' || named.trim() === 'cat' ? null : named
}

function isInPath(program: string, { PATH = '' }: Environment): boolean {
  return PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * Standard output of a verb on a terminal. What fits the screen is written when the verb is over; from the line on that
 * does not, a pager shows all of it. What a verb says beside its answer goes the same way, in its place.
 */
export class PagedOutput {
  readonly #io: Io
  readonly #command: string
  #held: string[] = []
  #rows = 0
  #pager: Pager | null = null
  #off: (() => void) | null = null
  #direct = false

  constructor(io: Io, command: string) {
    this.#io = io
    this.#command = command
  }

  /** The world for a verb whose output is paged. */
  world(): Io {
    const { stdout, stderr } = this.#io
    const isOpen = (): boolean => this.#pager !== null
    return {
      ...this.#io,
      stdout: sinkAs(
        stdout,
        (text) => this.#write(text),
        () => true,
      ),
      // A line that paints over itself has no place on the pager's screen.
      stderr: stderr.isTTY
        ? sinkAs(
            stderr,
            (text) => this.#remark(text),
            () => !isOpen(),
          )
        : stderr,
    }
  }

  /** Writes at once from now on: for a prompt, which waits for answers to what is on the screen. */
  passThrough(): void {
    this.#direct = true
  }

  async #write(text: string): Promise<void> {
    if (this.#pager !== null) return this.#pager.write(text)
    if (this.#direct) return this.#io.stdout.write(text)
    this.#held.push(text)
    this.#rows += rowsOf(text, this.#io.stdout.columns)
    if (this.#rows < this.#io.stdout.rows) return undefined
    // Ctrl-C is the pager's; it ends the work of the verb, but not this process before the pager has left.
    this.#off = this.#io.onInterrupt(() => {})
    this.#pager = this.#io.startPager(this.#command)
    return this.#pager.write(this.#taken())
  }

  /** What is said beside the answer stands after what came before it; while nothing has come it is seen at once. */
  #remark(text: string): Promise<void> {
    if (text.startsWith('\r') && this.#pager !== null) return Promise.resolve()
    const isAlone = this.#pager === null && this.#held.length === 0
    return isAlone || text.startsWith('\r') ? this.#io.stderr.write(text) : this.#write(text)
  }

  #taken(): string {
    const text = this.#held.join('')
    this.#held = []
    return text
  }

  /** Writes what is held, or waits until the user has left the pager. @throws InputError where there is none such */
  async end(): Promise<void> {
    if (this.#pager === null) {
      const text = this.#taken()
      if (text !== '') await this.#io.stdout.write(text)
      return
    }
    const code = await this.#pager.end()
    this.#off?.()
    if (code === NOT_FOUND) {
      throw new InputError(
        `the pager ${this.#command} cannot be run: PAGETRAIL_PAGER or PAGER names it; --no-pager prints without one`,
      )
    }
  }
}

const sinkAs = (
  sink: Sink,
  write: (text: string) => Promise<void>,
  isTTY: () => boolean,
): Sink => ({
  get isTTY() {
    return isTTY()
  },
  get columns() {
    return sink.columns
  },
  get rows() {
    return sink.rows
  },
  write,
})

/** Rows that lines take on a screen, at most: escape sequences are counted as if they were seen. */
const rowsOf = (text: string, columns: number): number =>
  text
    .split('\n')
    .slice(0, -1)
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0)
