import type { Data } from '../data/data.ts'
import type { Model } from '../model/model.ts'
import type { Asked } from '../model/wanted.ts'

/** The cursor rests when it has not moved for so long: less than the eye notices, more than a frame takes. */
const REST_MS = 25

export interface Ends {
  readonly data: Data
  /** Puts an answer into the model. */
  readonly answer: (then: (m: Model) => Model) => void
  readonly fail: (error: unknown) => void
}

/**
 * One standing question: at most one request in flight, and always the newest one after it, so that key repeat never
 * queues up work. Asking again for what is under way, or was answered last, does nothing, unless nothing was wanted in
 * between: then what was answered has been dropped.
 *
 * One that rests is asked only once what is wanted stays the same for a moment: folding a state, or counting, takes a
 * core for a while, which the frame of the key that was just pressed needs more.
 */
export class Channel {
  readonly #ends: Ends
  readonly #rests: boolean
  #busy: string | null = null
  #done: string | null = null
  #next: Asked | null = null
  #wanted = ''
  #timer: NodeJS.Timeout | null = null

  constructor(ends: Ends, rests: boolean) {
    this.#ends = ends
    this.#rests = rests
  }

  /** Something will be asked for in a moment. */
  get waits(): boolean {
    return this.#timer !== null
  }

  /** What is wanted now; null: nothing. */
  want(asked: Asked | null): void {
    if (asked === null) this.#done = null
    if (!this.#rests) return this.#take(asked)
    const key = asked?.key ?? ''
    if (key === this.#wanted) return
    this.#wanted = key
    this.stop()
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#take(asked)
    }, REST_MS)
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #take(asked: Asked | null): void {
    if (asked === null || asked.key === this.#busy) this.#next = null
    else if (this.#busy !== null) this.#next = asked
    else if (asked.key !== this.#done) void this.#send(asked)
  }

  async #send({ key, ask }: Asked): Promise<void> {
    this.#busy = key
    this.#next = null
    const then = await ask(this.#ends.data).catch((error: unknown) => {
      this.#ends.fail(error)
      return null
    })
    this.#busy = null
    this.#done = key
    // The answer may make what was wanted next unnecessary: then want() is called with null or the same.
    if (then) this.#ends.answer(then)
    const next = this.#next
    this.#next = null
    if (next !== null) this.#take(next)
  }
}
