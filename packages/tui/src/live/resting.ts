import { type Channel, keyOf } from './channel.ts'

/** The cursor rests when it has not moved for so long: less than the eye notices, more than a frame takes. */
const REST_MS = 25

/**
 * Asks a channel only once what is wanted stays the same for a moment: folding a state, or counting, takes a core for a
 * while, which the frame of the key that was just pressed needs more.
 */
export class Resting<Q> {
  readonly #channel: Pick<Channel<Q, unknown>, 'want'>
  #wanted = keyOf(null)
  #timer: NodeJS.Timeout | null = null

  constructor(channel: Pick<Channel<Q, unknown>, 'want'>) {
    this.#channel = channel
  }

  /** Something will be asked for in a moment. */
  get waits(): boolean {
    return this.#timer !== null
  }

  /** What is wanted now; null: nothing. */
  want(query: Q | null): void {
    const key = keyOf(query)
    if (key === this.#wanted) return
    this.#wanted = key
    this.stop()
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#channel.want(query)
    }, REST_MS)
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}
