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
}

interface Edge extends Again {
  readonly flags: number
  readonly least: number
}

/**
 * The smallest schedule that breaks a rule: fewest preemptions, then fewest steps until it cannot be avoided, then
 * the lowest CPU first. It is read off what the search knows, by going its way once. Null: no schedule does.
 */
export function smallestSchedule(
  search: SearchMachine,
  known: StateSearch,
  rule: number,
): FoundSchedule | null {
  const tally = known.tally(rule)
  const cpus = search.cpus.length
  const start = known.stateNow()
  if (tally === null || tally.preemptions(start, cpus) === NEVER) return null
  const preemptions = tally.preemptions(start, cpus)
  const path = new Path(search, known, tally, rule)
  path.walk()
  const entries = [...search.taken]
  const unavoidable = path.certainAt
  path.back()
  return { entries, preemptions, unavoidable }
}

class Path {
  certainAt: number | null = null
  readonly #search: SearchMachine
  readonly #known: StateSearch
  readonly #tally: Tally
  readonly #rule: number
  readonly #marks: EdgeMark[] = []
  #last: number
  #isBroken = false

  constructor(search: SearchMachine, known: StateSearch, tally: Tally, rule: number) {
    this.#search = search
    this.#known = known
    this.#tally = tally
    this.#rule = rule
    this.#last = search.cpus.length
  }

  walk(): void {
    for (;;) {
      const edge = this.#best()
      if (edge === null) return
      this.#marks.push(this.#search.mark(edge.cpu))
      this.#search.take(edge.cpu, () => false, edge.choices)
      this.#last = edge.cpu
      if ((edge.flags & (1 << this.#rule)) !== 0) this.#isBroken = true
      if (this.certainAt === null && this.#isCertain()) this.certainAt = this.#search.taken.length
    }
  }

  back(): void {
    for (let mark = this.#marks.pop(); mark !== undefined; mark = this.#marks.pop()) {
      this.#search.undo(mark)
    }
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
    const runnable = search.cpus.map((cpu) => cpu.runnable)
    let best: Edge | null = null
    for (const [cpu, can] of runnable.entries()) {
      if (!can) continue
      let again: Again | null = { cpu, choices: [] }
      while (again !== null) {
        const tried: Again = again
        const mark = search.mark(cpu)
        search.take(cpu, () => false, tried.choices)
        again = nextChoices(cpu, search.chosen, search.offered)
        const edge = this.#weigh(cpu, [...search.chosen], runnable)
        search.undo(mark)
        if (best === null || edge.least < best.least) best = edge
      }
    }
    return best
  }

  #weigh(cpu: number, choices: readonly number[], runnable: readonly boolean[]): Edge {
    const flags = this.#search.watch?.flags ?? 0
    const state = this.#known.stateNow()
    const breaks = this.#isBroken || (flags & (1 << this.#rule)) !== 0
    const left = breaks ? atOnce(this.#known.all.least(state, cpu)) : this.#tally.least(state, cpu)
    const preempts = this.#last !== cpu && runnable[this.#last] === true
    return { cpu, choices, flags, least: further(left, preempts) }
  }
}
