import { readFileSync } from 'node:fs'
import * as pty from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { svgOf } from './svg.ts'

export interface PtyOptions {
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface Exit {
  readonly exitCode: number
  readonly signal?: number | undefined
}

/** How long a screen may take to come; the machine may be busy. */
const PATIENCE_MS = 60_000

/** A program in a real pseudo-terminal, its output interpreted by a real terminal emulator. */
export class PtyScreen {
  readonly pid: number
  readonly started = performance.now()
  readonly exited: Promise<Exit>
  readonly #pty: pty.IPty
  readonly #term: xterm.Terminal
  readonly #changed = new Set<() => void>()
  #raw = ''
  #lastData = 0
  #exit: Exit | null = null

  constructor(file: string, args: readonly string[], options: PtyOptions = {}) {
    const { columns = 80, rows = 24, cwd = process.cwd() } = options
    this.#term = new xterm.Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 0,
    })
    const name = options.env?.['TERM'] ?? 'xterm-256color'
    const { CI: _ci, NO_COLOR: _noColor, FORCE_COLOR: _force, ...inherited } = process.env
    const env = { ...inherited, TERM: name, COLORTERM: 'truecolor', ...options.env }
    this.#pty = pty.spawn(file, [...args], { cols: columns, rows, env, cwd, name })
    this.pid = this.#pty.pid
    this.#pty.onData((data) => {
      this.#raw += data
      const at = performance.now()
      this.#term.write(data, () => {
        this.#lastData = at
        this.#tell()
      })
    })
    this.exited = new Promise((resolve) => {
      this.#pty.onExit((exit) => {
        this.#exit = exit
        // What was written before the end is still being interpreted.
        this.#term.write('', () => {
          resolve(exit)
          this.#tell()
        })
      })
    })
  }

  #tell(): void {
    for (const look of this.#changed) look()
  }

  /** The screen, line by line, without the blanks at the ends. */
  lines(): string[] {
    const buffer = this.#term.buffer.active
    return Array.from({ length: this.#term.rows }, (_, y) => {
      return buffer.getLine(buffer.viewportY + y)?.translateToString(true) ?? ''
    })
  }

  text(): string {
    return this.lines().join('\n')
  }

  /** Resolves with the time at which the data came that made it true; fails with the screen after a while. */
  until(
    ok: RegExp | string | ((screen: string) => boolean),
    patience = PATIENCE_MS,
  ): Promise<number> {
    const test = (screen: string) =>
      typeof ok === 'string'
        ? screen.includes(ok)
        : ok instanceof RegExp
          ? ok.test(screen)
          : ok(screen)
    return new Promise((resolve, reject) => {
      const end = (error: string | null) => {
        clearTimeout(timer)
        this.#changed.delete(look)
        if (error === null) resolve(this.#lastData)
        else reject(new Error(`${error} while waiting for ${ok}\n${this.text()}`))
      }
      const look = () => {
        // A frame is written in pieces that the terminal may get one by one: half of one is not looked at.
        if (this.#exit === null && this.#term.modes.synchronizedOutputMode) return
        if (test(this.text())) end(null)
        else if (this.#exit) end(`exited with ${JSON.stringify(this.#exit)}`)
      }
      const timer = setTimeout(() => end('timeout'), patience)
      this.#changed.add(look)
      look()
    })
  }

  /** Resolves when nothing has been written for a while: what is shown is the last word. */
  async settled(quiet = 400): Promise<void> {
    let length = -1
    while (length !== this.#raw.length) {
      length = this.#raw.length
      await new Promise((resolve) => setTimeout(resolve, quiet))
    }
  }

  write(keys: string): void {
    this.#pty.write(keys)
  }

  /** Presses keys and waits for what they show. */
  async press(keys: string, ok: RegExp | string): Promise<void> {
    this.write(keys)
    await this.until(ok)
  }

  resize(columns: number, rows: number): void {
    this.#term.resize(columns, rows)
    this.#pty.resize(columns, rows)
  }

  kill(signal?: string): void {
    this.#pty.kill(signal)
  }

  /** The screen as a picture. */
  svg(title: string): string {
    return svgOf(this.#term, title)
  }

  /** Everything that was written, escape sequences and all. */
  raw(): string {
    return this.#raw
  }

  isAlternate(): boolean {
    return this.#term.buffer.active.type === 'alternate'
  }

  /** ms of CPU used so far, in steps of 10. */
  cpuMs(): number {
    return cpuOf(`/proc/${this.pid}/stat`)
  }

  /** The same of the thread that draws, and of no worker. */
  mainCpuMs(): number {
    return cpuOf(`/proc/${this.pid}/task/${this.pid}/stat`)
  }
}

function cpuOf(file: string): number {
  const stat = readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(stat[11]) + Number(stat[12])) * 10
}
