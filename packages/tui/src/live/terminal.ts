import { writeSync } from 'node:fs'

/** A mouse report; x and y count from 0 at the top left. */
export interface MouseReport {
  readonly kind: 'wheel' | 'click'
  /** wheel: -1 up, 1 down */
  readonly dy: number
  readonly x: number
  readonly y: number
}

const MOUSE_ON = '\x1b[?1000h\x1b[?1006h'
const MOUSE_OFF = '\x1b[?1006l\x1b[?1000l'
const PASTE_OFF = '\x1b[?2004l'
const SHOW_CURSOR = '\x1b[?25h'
const REPORT = /\x1b\[<(\d+);(\d+);(\d+)([Mm])/g
/** One key, escape sequence or whole paste. */
const UNIT =
  /\x1b\[200~[\s\S]*?(?:\x1b\[201~|$)|\x1b{1,2}(?:\[[0-?]*[ -/]*[@-~]?|O.?|[^\x1b])?|[\s\S]/gu
const PARTIAL_REPORT = /\x1b\[<[\d;]*$/

export interface Input {
  /** Called for each report; returns what ends it. */
  onMouse(listener: (m: MouseReport) => void): () => void
}

/**
 * Makes `stdin.read()` answer with one key, one escape sequence or one whole paste per call, and takes mouse reports
 * out.
 *
 * Ink reads until null, so nothing is lost; without this a held key or fast typing reaches useInput() as one string
 * ("jjjj", or a Ctrl+Z hidden in text). Ink 8 drops mouse reports before useInput(), and a second listener on stdin
 * would starve it: this is the one place where both are seen.
 */
export function tapInput(stdin: NodeJS.ReadStream): Input {
  const listeners = new Set<(m: MouseReport) => void>()
  const read = stdin.read.bind(stdin)
  let carry = ''
  let queue: string[] = []
  const take = (size?: number): string | Buffer | null => {
    if (size === 0) return read(0) as null
    const next = queue.shift()
    if (next !== undefined) return next
    const chunk: unknown = read()
    if (typeof chunk !== 'string') return chunk as Buffer | null
    const text = (carry + chunk).replace(REPORT, (_all, code, x, y, end) => {
      const mouse = mouseOf(Number(code), Number(x) - 1, Number(y) - 1, end === 'M')
      if (mouse) for (const tell of listeners) tell(mouse)
      return ''
    })
    carry = PARTIAL_REPORT.exec(text)?.[0] ?? ''
    queue = text.slice(0, text.length - carry.length).match(UNIT) ?? []
    return queue.shift() ?? ''
  }
  stdin.read = take
  return {
    onMouse(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

const ENTER_ALTERNATE = '\x1b[?1049h'

const homed = (chunk: string | Uint8Array): string | Uint8Array =>
  typeof chunk === 'string' ? chunk.replace(ENTER_ALTERNATE, `${ENTER_ALTERNATE}\x1b[H`) : chunk

/**
 * The cursor goes to the top left whenever the alternate screen is entered: the terminal keeps its column, and Ink
 * would draw the first line from there on, shifted, until the next resize.
 */
export function tapOutput(stdout: NodeJS.WriteStream): void {
  const write = stdout.write.bind(stdout)
  stdout.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean =>
    (write as (...args: readonly unknown[]) => boolean)(homed(chunk), ...rest)
}

function mouseOf(code: number, x: number, y: number, pressed: boolean): MouseReport | null {
  if (code & 64) return { kind: 'wheel', dy: code & 1 ? 1 : -1, x, y }
  return pressed && (code & 3) === 0 ? { kind: 'click', dy: 0, x, y } : null
}

export function setMouse(stdout: NodeJS.WriteStream, on: boolean): void {
  stdout.write(on ? MOUSE_ON : MOUSE_OFF)
}

/**
 * OSC 52: the terminal puts the text into its clipboard. Longer texts than terminals take are refused by the caller.
 */
export const clipboard = (text: string): string =>
  `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`
export const CLIPBOARD_BYTES = 74_000

const SIGNALS = [
  ['SIGTERM', 15],
  ['SIGHUP', 1],
  ['SIGINT', 2],
] as const

const restore = (): void => {
  writeSync(1, MOUSE_OFF + PASTE_OFF + SHOW_CURSOR)
}

/**
 * Leaves the terminal clean on every way out that runs JavaScript. Ink's signal-exit re-raises signals, which skips
 * 'exit' listeners, so signals become a normal exit here. Returns what takes the listeners away again.
 */
export function restoreOnExit(): () => void {
  const handlers = SIGNALS.map(([signal, number]) => {
    const leave = () => process.exit(128 + number)
    process.once(signal, leave)
    return [signal, leave] as const
  })
  process.once('exit', restore)
  return () => {
    restore()
    process.off('exit', restore)
    for (const [signal, leave] of handlers) process.off(signal, leave)
  }
}

/**
 * Stops this process as Ctrl+Z does and resolves when it is continued. The timer keeps the event loop alive: suspended
 * Ink holds no handle, and without one the process would end at `fg`.
 */
export function stopUntilContinued(): Promise<void> {
  return new Promise((resolve) => {
    const keep = setInterval(() => {}, 2 ** 30)
    process.once('SIGCONT', () => {
      clearInterval(keep)
      resolve()
    })
    process.kill(process.pid, 'SIGTSTP')
  })
}
