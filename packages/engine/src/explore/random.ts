/**
 * Schedules one by one, chosen by chance that a seed decides. What they do not find may be there: a failure that
 * occurs with probability p is missed in N runs with (1 − p)^N.
 */
import type { ScheduleEntry } from '../play/schedule-text.ts'
import type { SearchMachine } from './search-machine.ts'

/** Numbers below a bound, evenly spread: splitmix32, so that a seed gives the same ones everywhere. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** What decides the numbers to come. */
  get state(): number {
    return this.#state
  }

  set state(state: number) {
    this.#state = state
  }

  #next(): number {
    this.#state = (this.#state + 0x9e37_79b9) | 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a_2d97)
    return (z ^ (z >>> 15)) >>> 0
  }

  below(bound: number): number {
    return Math.floor((this.#next() / 2 ** 32) * bound)
  }
}

/**
 * `cpus`: any CPU that can run, with the same chance. `schedules`: nearly any schedule with the same chance: a CPU
 * is drawn in proportion to the steps it has left, as earlier runs counted them. `pct`: the CPU of highest priority;
 * priorities are drawn at the start, and at d − 1 steps, drawn too, the one that runs falls behind all others.
 */
export type Sampling = 'cpus' | 'schedules' | 'pct'

export interface SampleOptions {
  readonly sampling: Sampling
  readonly runs: number
  readonly seed: number
  /** Depth d of `pct`, at least 1. */
  readonly depth?: number
  readonly stop?: () => boolean
}

export interface Sample {
  readonly runs: number
  /** Runs that broke it, by bit of the watch's flags. */
  readonly failing: ReadonlyMap<number, number>
  /** The first run that did. */
  readonly first: ReadonlyMap<number, readonly ScheduleEntry[]>
  /** Steps of the longest run. */
  readonly longest: number
}

const ASK_EVERY = 64

/**
 * Plays `runs` schedules that are drawn as `sampling` says, the same ones for the same seed, and keeps which flags of
 * the watch they broke. The machine is afterwards as it was before.
 */
export function sampleSchedules(search: SearchMachine, options: SampleOptions): Sample {
  const sampler = new ScheduleSampler(search, options)
  let runs = 0
  while (runs < options.runs) {
    sampler.run()
    runs++
    if (runs % ASK_EVERY === 0 && options.stop?.() === true) break
  }
  const { failing, first, longest } = sampler
  return { runs, failing, first, longest }
}

/** What a sampler knows between two runs. */
export interface SavedSample {
  readonly chance: number
  readonly longest: number
  readonly lengths: readonly number[]
  readonly priorities: readonly number[]
  readonly failing: readonly (readonly [number, number])[]
  readonly first: readonly (readonly [number, readonly ScheduleEntry[]])[]
}

/** Tries one schedule after the other. */
export class ScheduleSampler {
  readonly failing = new Map<number, number>()
  readonly first = new Map<number, readonly ScheduleEntry[]>()
  longest = 1
  readonly #search: SearchMachine
  readonly #sampling: Sampling
  readonly #depth: number
  readonly #chance: Chance
  /** Steps each CPU takes, as far as runs have shown. */
  readonly #lengths: number[]
  readonly #steps: number[]
  readonly #priorities: number[]
  /** Steps before which the running CPU falls behind. */
  readonly #drops = new Set<number>()
  #edges = 0
  #flags = 0

  constructor(
    search: SearchMachine,
    { sampling, seed, depth = 3 }: Pick<SampleOptions, 'sampling' | 'seed' | 'depth'>,
  ) {
    this.#search = search
    this.#sampling = sampling
    this.#depth = depth
    this.#chance = new Chance(seed)
    this.#lengths = search.cpus.map(() => 1)
    this.#steps = search.cpus.map(() => 0)
    this.#priorities = search.cpus.map((_, i) => i)
  }

  /** Where it is, to go on from there another time. */
  save(): SavedSample {
    return {
      chance: this.#chance.state,
      longest: this.longest,
      lengths: [...this.#lengths],
      priorities: [...this.#priorities],
      failing: [...this.failing],
      first: [...this.first],
    }
  }

  restore({ chance, longest, lengths, priorities, failing, first }: SavedSample): void {
    this.#chance.state = chance
    this.longest = longest
    for (const [i, length] of lengths.entries()) this.#lengths[i] = length
    for (const [i, priority] of priorities.entries()) this.#priorities[i] = priority
    for (const [rule, count] of failing) this.failing.set(rule, count)
    for (const [rule, entries] of first) this.first.set(rule, entries)
  }

  run(): void {
    const search = this.#search
    this.#begin()
    for (let cpu = this.#pick(); cpu !== -1; cpu = this.#pick()) {
      search.take(cpu, this.#onEdge, this.#draw())
    }
    this.#judge(this.#flags | search.flagsAtEnd())
    search.reset()
  }

  /** Choices are drawn before it is known how many alternatives there will be: the step takes what it needs. */
  #draw(): readonly number[] {
    return [this.#chance.below(2 ** 30), this.#chance.below(2 ** 30)]
  }

  #begin(): void {
    this.#edges = 0
    this.#flags = 0
    this.#steps.fill(0)
    if (this.#sampling !== 'pct') return
    const cpus = this.#priorities.length
    for (let i = cpus - 1; i > 0; i--) {
      const j = this.#chance.below(i + 1)
      const swapped = this.#priorities[i] as number
      this.#priorities[i] = this.#priorities[j] as number
      this.#priorities[j] = swapped
    }
    this.#drops.clear()
    for (let i = 1; i < this.#depth; i++) this.#drops.add(this.#chance.below(this.longest))
  }

  readonly #onEdge = (cpu: number): boolean => {
    const search = this.#search
    this.#edges++
    this.#flags |= search.watch?.flags ?? 0
    this.#steps[cpu] = (this.#steps[cpu] as number) + 1
    if (search.cpus[cpu]?.finished === true || this.#pick(cpu) !== cpu) return false
    search.begin(cpu, this.#draw())
    return true
  }

  #picked = -1

  /** The CPU that steps next; -1: none can. What was drawn for one CPU and fell to another is not drawn again. */
  #pick(staying = -1): number {
    if (staying === -1 && this.#picked !== -1) {
      const picked = this.#picked
      this.#picked = -1
      return picked
    }
    const runnable = this.#search.cpus.filter((cpu) => cpu.runnable).map(({ id }) => id)
    if (runnable.length === 0) return -1
    const cpu = this.#choose(runnable)
    this.#picked = staying !== -1 && cpu !== staying ? cpu : -1
    return cpu
  }

  #choose(runnable: readonly number[]): number {
    if (this.#sampling === 'cpus') return runnable[this.#chance.below(runnable.length)] as number
    if (this.#sampling === 'pct') return this.#highest(runnable)
    const left = (cpu: number): number =>
      Math.max(1, (this.#lengths[cpu] as number) - (this.#steps[cpu] as number))
    let at = this.#chance.below(runnable.reduce((sum, cpu) => sum + left(cpu), 0))
    return runnable.find((cpu) => (at -= left(cpu)) < 0) as number
  }

  #highest(runnable: readonly number[]): number {
    const above = (a: number, b: number): number =>
      (this.#priorities[a] as number) > (this.#priorities[b] as number) ? a : b
    const cpu = runnable.reduce(above)
    if (!this.#drops.delete(this.#edges)) return cpu
    this.#priorities[cpu] = Math.min(...this.#priorities) - 1
    return runnable.reduce(above)
  }

  #judge(flags: number): void {
    this.longest = Math.max(this.longest, this.#edges)
    for (const [cpu, steps] of this.#steps.entries()) {
      this.#lengths[cpu] = Math.max(this.#lengths[cpu] as number, steps)
    }
    for (let left = flags; left !== 0; left &= left - 1) {
      const rule = 31 - Math.clz32(left & -left)
      this.failing.set(rule, (this.failing.get(rule) ?? 0) + 1)
      if (this.first.has(rule)) continue
      this.first.set(rule, [...this.#search.taken])
    }
  }
}
