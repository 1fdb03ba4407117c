import type { ScheduleEntry } from '../play/schedule-text.ts'
import type { EdgeMark, SearchMachine } from './search-machine.ts'
import { nextChoices } from './state-search.ts'
import type { Again, StateSearch } from './state-search.ts'
import { NEVER, Tally, atOnce, further } from './tally.ts'

/** A schedule as a search found it. */
export interface FoundSchedule {
  readonly entries: readonly ScheduleEntry[]
  readonly preemptions: number
  /** Steps after which every schedule breaks the rule; null: that is so from the start. */
  readonly unavoidable: number | null
  /** The same up to the step that made it so, and then on to an end that breaks nothing; null: there is none. */
  readonly passing: readonly ScheduleEntry[] | null
}

interface Weight {
  readonly flags: number
  readonly least: number
}
type Edge = Again & Weight

/** What was seen after an edge, its choices, and the edge with the next ones. */
interface After<T> {
  readonly seen: T
  readonly choices: readonly number[]
  readonly next: Again | null
}

/**
 * The smallest schedule that breaks a rule: fewest preemptions, then fewest steps until it cannot be avoided, then
 * the lowest CPU first. It is read off what the search knows, by going its way once. Null: no schedule does. The one
 * beside it that passes breaks nothing of `avoided`.
 */
export function smallestSchedule(
  search: SearchMachine,
  known: StateSearch,
  rule: number,
  avoided = rule,
): FoundSchedule | null {
  const tally = known.tally(rule)
  const cpus = search.cpus.length
  const start = known.stateNow()
  if (tally === null || tally.preemptions(start, cpus) === NEVER) return null
  const preemptions = tally.preemptions(start, cpus)
  const path = new Path(search, known, tally, rule, known.tally(avoided) ?? tally)
  path.walk()
  const entries = [...search.taken]
  const unavoidable = path.certainAt
  const passing = unavoidable === null ? null : path.avoid()
  path.back()
  return { entries, preemptions, unavoidable, passing }
}

/**
 * From where the search is, which is what is known of: on to an end by steps that leave a way to break nothing of
 * `avoided`. Null: there is none.
 */
export function passingSchedule(
  search: SearchMachine,
  known: StateSearch,
  rule: number,
  avoided: number,
): readonly ScheduleEntry[] | null {
  const none = new Tally(search.cpus.length)
  const path = new Path(search, known, none, rule, known.tally(avoided) ?? none)
  const passing = path.avoid()
  path.back()
  return passing
}

/** An edge on the path, and what was before it. */
interface Taken {
  readonly mark: EdgeMark
  readonly last: number
  readonly budget: number
}

class Path {
  certainAt: number | null = null
  readonly #search: SearchMachine
  readonly #known: StateSearch
  readonly #tally: Tally
  readonly #rule: number
  readonly #avoided: Tally
  readonly #taken: Taken[] = []
  #last: number
  /** Preemptions that are left. */
  #budget: number
  #isBroken = false
  /** Edges before the one that made it certain. */
  #certainEdge = 0

  constructor(
    search: SearchMachine,
    known: StateSearch,
    tally: Tally,
    rule: number,
    avoided: Tally,
  ) {
    this.#avoided = avoided
    this.#search = search
    this.#known = known
    this.#tally = tally
    this.#rule = rule
    this.#last = search.cpus.length
    this.#budget = known.bound ?? Infinity
  }

  walk(): void {
    for (;;) {
      const edge = this.#best()
      if (edge === null) return
      this.#take(edge)
      if ((edge.flags & (1 << this.#rule)) !== 0) this.#isBroken = true
      if (this.certainAt !== null || !this.#isCertain()) continue
      this.certainAt = this.#search.taken.length
      this.#certainEdge = this.#taken.length - 1
    }
  }

  /** Goes back before the step that made it certain, or further, and on by steps that leave a way to pass. */
  avoid(): readonly ScheduleEntry[] | null {
    while (this.#taken.length > this.#certainEdge || (this.#taken.length > 0 && !this.#canPass())) {
      this.#takeBack()
    }
    if (!this.#canPass()) return null
    this.#isBroken = false
    for (let edge = this.#passing(); edge !== null; edge = this.#passing()) this.#take(edge)
    return this.#search.cpus.some((cpu) => cpu.runnable) ? null : [...this.#search.taken]
  }

  /** Takes an edge, and says so to the search that knows of it. */
  #take({ cpu, choices }: Again): void {
    const preempts = this.#last !== cpu && this.#search.cpus[this.#last]?.runnable === true
    this.#taken.push({
      mark: this.#search.mark(cpu),
      last: this.#last,
      budget: this.#budget,
    })
    this.#search.take(cpu, () => false, choices)
    this.#last = cpu
    this.#budget -= Number(preempts)
    this.#known.note(cpu, this.#budget)
  }

  #takeBack(): void {
    const { mark, last, budget } = this.#taken.pop() as Taken
    this.#search.undo(mark)
    this.#last = last
    this.#budget = budget
  }

  /** What `look` says after an edge, which is then taken back; and the edge with the next choices. */
  #after<T>(
    edge: Again,
    look: () => T,
  ): { seen: T; choices: readonly number[]; next: Again | null } {
    const search = this.#search
    this.#take(edge)
    const next = nextChoices(edge.cpu, search.chosen, search.offered)
    const choices = [...search.chosen]
    const seen = look()
    this.#takeBack()
    return { seen, choices, next }
  }

  /** An edge after which some schedule breaks nothing; the CPU that stepped last if it can be. */
  #passing(): Again | null {
    const search = this.#search
    const last = this.#last
    const runnable = search.cpus.filter((cpu) => cpu.runnable).map(({ id }) => id)
    const order = runnable.toSorted((a, b) => Number(b === last) - Number(a === last))
    const leadsOn = (): boolean =>
      ((search.watch?.flags ?? 0) & (1 << this.#rule)) === 0 && this.#canPass()
    for (const cpu of order) {
      for (let again: Again | null = { cpu, choices: [] }; again !== null;) {
        const { seen, choices, next }: After<boolean> = this.#after(again, leadsOn)
        if (seen) return { cpu, choices }
        again = next
      }
    }
    return null
  }

  #canPass(): boolean {
    const state = this.#known.stateNow()
    return this.#avoided.count(state) < this.#known.all.count(state)
  }

  back(): void {
    while (this.#taken.length > 0) this.#takeBack()
  }

  #isCertain(): boolean {
    if (this.#isBroken) return true
    const state = this.#known.stateNow()
    const count = this.#known.all.count(state)
    return count > 0n && this.#tally.count(state) === count
  }

  /** The edge from here with the least still to come; null at the end. */
  #best(): Edge | null {
    const search = this.#search
    const last = this.#last
    const runnable = search.cpus.map((cpu) => cpu.runnable)
    let best: Edge | null = null
    for (const [cpu, can] of runnable.entries()) {
      if (!can) continue
      const preempts = last !== cpu && runnable[last] === true
      const weigh = (): Weight => this.#weigh(cpu, preempts)
      for (let again: Again | null = { cpu, choices: [] }; again !== null;) {
        const { seen, choices, next }: After<Weight> = this.#after(again, weigh)
        if (best === null || seen.least < best.least) best = { cpu, choices, ...seen }
        again = next
      }
    }
    return best
  }

  #weigh(cpu: number, preempts: boolean): Weight {
    const flags = this.#search.watch?.flags ?? 0
    const state = this.#known.stateNow()
    const breaks = this.#isBroken || (flags & (1 << this.#rule)) !== 0
    const left = breaks ? atOnce(this.#known.all.least(state, cpu)) : this.#tally.least(state, cpu)
    return { flags, least: further(left, preempts) }
  }
}
