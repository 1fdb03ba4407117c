/** No schedule: more preemptions than any has. */
export const NEVER = 0xffff
const STEPS = 0x1_0000

export interface SavedTally {
  /** By state. */
  readonly counts: readonly bigint[]
  readonly least: Uint32Array
}

/**
 * What a search knows of one rule, by state: how many of the schedules that lead on from the state break it, and how
 * soon. The rule "any schedule" is one of them.
 */
export class Tally {
  readonly #counts: bigint[] = []
  /**
   * By state and the CPU that stepped last: fewest preemptions, and with those the fewest steps until every schedule
   * breaks the rule; high and low half.
   */
  #least = new Uint32Array(1 << 8).fill(NEVER * STEPS)
  readonly #cpus: number
  /** Of the numbers beside the list: each has a head and 64 bits or more. */
  #numberBytes = 0

  constructor(cpus: number) {
    this.#cpus = cpus
  }

  count(state: number): bigint {
    return this.#counts[state] ?? 0n
  }

  add(state: number, count: bigint): void {
    while (this.#counts.length <= state) this.#counts.push(0n)
    const before = this.#counts[state] as bigint
    const after = before + count
    this.#counts[state] = after
    this.#numberBytes += bytesOf(after) - bytesOf(before)
  }

  /** Preemptions, times 65,536, and steps. `last`: who stepped last; the number of CPUs: nobody did. */
  least(state: number, last: number): number {
    return this.#least[state * (this.#cpus + 1) + last] ?? NEVER * STEPS
  }

  preemptions(state: number, last: number): number {
    return Math.floor(this.least(state, last) / STEPS)
  }

  lower(state: number, last: number, to: number): void {
    const at = state * (this.#cpus + 1) + last
    if (at >= this.#least.length) {
      const grown = new Uint32Array(Math.max(this.#least.length * 2, at + 1)).fill(NEVER * STEPS)
      grown.set(this.#least)
      this.#least = grown
    }
    if (to < (this.#least[at] as number)) this.#least[at] = to
  }

  /** Every schedule from here on breaks the rule: there are no more steps until that is so. */
  isCertain(state: number): void {
    for (let last = 0; last <= this.#cpus; last++) {
      const at = state * (this.#cpus + 1) + last
      if (at < this.#least.length) this.#least[at] = this.preemptions(state, last) * STEPS
    }
  }

  save(): SavedTally {
    const end = this.#counts.length * (this.#cpus + 1)
    return { counts: [...this.#counts], least: this.#least.slice(0, end) }
  }

  restore({ counts, least }: SavedTally): void {
    for (const [state, count] of counts.entries()) {
      this.add(state, count)
      for (let last = 0; last <= this.#cpus; last++) {
        this.lower(state, last, least[state * (this.#cpus + 1) + last] ?? NEVER * STEPS)
      }
    }
  }

  get bytes(): number {
    return this.#least.byteLength + this.#counts.length * 8 + this.#numberBytes
  }
}

const HEAD_BYTES = 16
const ONE_WORD = 1n << 64n

/** Bytes of a number on the heap; the one 0 is everybody's. */
function bytesOf(count: bigint): number {
  if (count === 0n) return 0
  if (count < ONE_WORD) return HEAD_BYTES + 8
  let words = 1
  for (let left = count >> 64n; left > 0n; left >>= 64n) words++
  return HEAD_BYTES + 8 * words
}

/** One edge more, and a preemption or none. */
export const further = (least: number, preempts: boolean): number =>
  least >= NEVER * STEPS ? least : least + 1 + (preempts ? STEPS : 0)

/** The same preemptions, with nothing to wait for. */
export const atOnce = (least: number): number => least - (least % STEPS)
