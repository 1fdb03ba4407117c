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

interface Edge extends Again {
  readonly flags: number
  readonly least: number
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

class Path {
  certainAt: number | null = null
  readonly #search: SearchMachine
  readonly #known: StateSearch
  readonly #tally: Tally
  readonly #rule: number
  readonly #avoided: Tally
  readonly #marks: EdgeMark[] = []
  #last: number
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
  }

  walk(): void {
    for (;;) {
      const edge = this.#best()
      if (edge === null) return
      this.#marks.push(this.#search.mark(edge.cpu))
      this.#search.take(edge.cpu, () => false, edge.choices)
      this.#last = edge.cpu
      if ((edge.flags & (1 << this.#rule)) !== 0) this.#isBroken = true
      if (this.certainAt !== null || !this.#isCertain()) continue
      this.certainAt = this.#search.taken.length
      this.#certainEdge = this.#marks.length - 1
    }
  }

  /** Goes back before the step that made it certain, or further, and on by steps that leave a way to pass. */
  avoid(): readonly ScheduleEntry[] | null {
    while (this.#marks.length > this.#certainEdge || (this.#marks.length > 0 && !this.#canPass())) {
      this.#search.undo(this.#marks.pop() as EdgeMark)
    }
    if (!this.#canPass()) return null
    this.#isBroken = false
    for (let edge = this.#passing(); edge !== null; edge = this.#passing()) {
      this.#marks.push(this.#search.mark(edge.cpu))
      this.#search.take(edge.cpu, () => false, edge.choices)
      this.#last = edge.cpu
    }
    return this.#search.cpus.some((cpu) => cpu.runnable) ? null : [...this.#search.taken]
  }

  /** An edge after which some schedule breaks nothing; the CPU that stepped last if it can be. */
  #passing(): Again | null {
    const search = this.#search
    const runnable = search.cpus.filter((cpu) => cpu.runnable).map(({ id }) => id)
    const order = runnable.toSorted((a, b) => Number(b === this.#last) - Number(a === this.#last))
    for (const cpu of order) {
      let again: Again | null = { cpu, choices: [] }
      while (again !== null) {
        const mark = search.mark(cpu)
        search.take(cpu, () => false, again.choices)
        again = nextChoices(cpu, search.chosen, search.offered)
        const choices = [...search.chosen]
        const isBroken = ((search.watch?.flags ?? 0) & (1 << this.#rule)) !== 0
        const leadsOn = !isBroken && this.#canPass()
        search.undo(mark)
        if (leadsOn) return { cpu, choices }
      }
    }
    return null
  }

  #canPass(): boolean {
    const state = this.#known.stateNow()
    return this.#avoided.count(state) < this.#known.all.count(state)
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
