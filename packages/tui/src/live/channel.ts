/**
 * At most one request in flight, and always the newest one after it: key repeat can never queue up work. Asking again
 * for what is under way, or was answered last, does nothing.
 */
export class Channel<Q, R> {
  readonly #ask: (query: Q) => Promise<R>
  readonly #answer: (result: R, query: Q) => void
  readonly #fail: (error: unknown) => void
  #busy: string | null = null
  #done: string | null = null
  #next: Q | null = null

  constructor(
    ask: (query: Q) => Promise<R>,
    answer: (result: R, query: Q) => void,
    fail: (error: unknown) => void,
  ) {
    this.#ask = ask
    this.#answer = answer
    this.#fail = fail
  }

  /** What is wanted now; null: nothing. */
  want(query: Q | null): void {
    if (query === null) {
      this.#next = null
      return
    }
    const key = keyOf(query)
    if (key === this.#busy) this.#next = null
    else if (this.#busy !== null) this.#next = query
    else if (key !== this.#done) this.#send(query, key)
  }

  /** Forgets the last answer: the same question may be asked anew. */
  forget(): void {
    this.#done = null
  }

  #send(query: Q, key: string): void {
    this.#busy = key
    this.#next = null
    this.#ask(query).then(
      (result) => {
        this.#settle(key)
        this.#answer(result, query)
        this.#follow()
      },
      (error: unknown) => {
        this.#settle(key)
        this.#fail(error)
        this.#follow()
      },
    )
  }

  #settle(key: string): void {
    this.#busy = null
    this.#done = key
  }

  /** The answer may have made what was wanted next unnecessary: then `want` was called with null or the same. */
  #follow(): void {
    const next = this.#next
    this.#next = null
    if (next !== null) this.want(next)
  }
}

/** Equal for equal questions. */
export const keyOf = (query: unknown): string =>
  JSON.stringify(query, (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
