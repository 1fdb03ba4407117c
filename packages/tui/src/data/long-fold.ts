/** Events folded before other questions get their turn: a tenth of a second, or two. */
const SLICE = 98_304
/** Folds that are under way: a comparison looks at two runs in turn. */
const MOST = 2

/**
 * A fold of a run that may take seconds, in slices: each call goes on where the one before it ended. A fold of which
 * nobody asks any more is given up; what it saved on the way is there for the next one.
 */
export class LongFold<T> {
  readonly #slice: number
  /** By run: up to which event, and how it goes on; the run asked for last at the end. */
  readonly #going = new Map<
    number,
    { readonly seq: number; readonly steps: Generator<number, T> }
  >()

  /** `slice`: events folded in one call. */
  constructor(slice: number = SLICE) {
    this.#slice = slice
  }

  /** What the steps lead to; a number: so many events are behind them. */
  goOn(run: number, seq: number, start: () => Generator<number, T>): T | number {
    const before = this.#going.get(run)
    if (before?.seq !== seq) this.#end(run)
    const steps = before?.seq === seq ? before.steps : start()
    this.#going.delete(run)
    for (let most: number | null = null; ;) {
      const step = steps.next()
      if (step.done) return step.value
      most ??= step.value + this.#slice
      if (step.value < most) continue
      this.#going.set(run, { seq, steps })
      const [oldest] = this.#going.keys()
      if (this.#going.size > MOST && oldest !== undefined) this.#end(oldest)
      return step.value
    }
  }

  /** Its own end saves what has not been saved yet. */
  #end(run: number): void {
    this.#going.get(run)?.steps.return(undefined as never)
    this.#going.delete(run)
  }
}
