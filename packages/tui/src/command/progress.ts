import { count } from '@pagetrail/recorder'
import { duration } from '../text/fit.ts'
import type { Io } from './io.ts'

/** Milliseconds between two paintings of the line. */
const EVERY = 100
const CLEAR = '\r\x1b[K'

/**
 * One line on standard error that says how far long work has come: done, rate, and the time left where the total is
 * known. Nothing at all where standard error is not a terminal.
 */
export class Progress {
  readonly #io: Io
  readonly #what: string
  readonly #unit: string
  readonly #began: number
  #painted = 0

  constructor(io: Io, what: string, unit: string) {
    this.#io = io
    this.#what = what
    this.#unit = unit
    this.#began = io.now()
  }

  /** `share` of the whole in [0, 1], where it is known; `more`: what else is to be said of it. */
  update(done: number, share?: number, more = ''): void {
    if (!this.#io.stderr.isTTY) return
    const now = this.#io.now()
    if (now - this.#painted < EVERY) return
    this.#painted = now
    this.#write(`${CLEAR}${this.#line(done, now - this.#began, share)}${more}`)
  }

  #line(done: number, elapsed: number, share?: number): string {
    const rate = elapsed > 0 ? `, ${count(Math.round((done * 1000) / elapsed))}/s` : ''
    const text = `${this.#what}: ${count(done)} ${this.#unit}${rate}`
    if (share === undefined || share <= 0) return text
    const left = (elapsed * (1 - share)) / share
    return `${text}, ${Math.floor(share * 100)} %, ${duration(Math.round(left) * 1e6)} left`
  }

  /** Takes the line away. */
  end(): void {
    if (this.#painted > 0) this.#write(CLEAR)
  }

  #write(text: string): void {
    // Progress that cannot be shown does not stop the work.
    this.#io.stderr.write(text).catch(() => {})
  }
}
