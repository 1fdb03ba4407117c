/**
 * Searches every schedule by visiting each distinguishable state once, depth first. For each state it keeps how many
 * schedules continue from it, how many of those break a rule, and the fewest preemptions that takes. The numbers are
 * exact: a state's are the sums of its successors'.
 */
import type { ScheduleEntry } from '../play/schedule-text.ts'
import type { EdgeMark, SearchMachine } from './search-machine.ts'
import type { SavedVector, StateVector } from './state-vector.ts'
import { Tally, atOnce, further } from './tally.ts'
import type { SavedTally } from './tally.ts'
import type { Slot } from '../machine/memory.ts'

export interface StateLimits {
  /** States, at most. */
  readonly maxStates?: number
  /** Asked now and then: true ends the search. */
  readonly stop?: () => boolean
}

/** Of schedules that break a rule. */
export interface RuleCount {
  readonly failing: bigint
  /** Fewest preemptions of a schedule that breaks it. */
  readonly preemptions: number
}

export interface StateCounts {
  /** False: a limit was reached, and the numbers are lower bounds. */
  readonly complete: boolean
  readonly schedules: bigint
  readonly states: number
  readonly edges: number
  /** By bit of the watch's flags; DEADLOCK is the last. */
  readonly rules: ReadonlyMap<number, RuleCount>
  /** Different ends. */
  readonly ends: number
  /** Steps of the longest schedule seen, those between counted ones too. */
  readonly longest: number
  /** States that are begun and not finished. */
  readonly depth: number
  readonly bytes: number
}

/** Number of the first state. */
const FIRST = 1
const ASK_EVERY = 256

interface Frame {
  readonly state: number
  /** The edge that led here, and the choices within it. */
  readonly mark: EdgeMark | null
  readonly choices: readonly number[]
  readonly flags: number
  /** CPUs not yet taken from here. */
  readonly left: number[]
  /** The CPU taken last is taken again, with these choices, if its step has more alternatives. */
  again: Again | null
  readonly runnable: readonly boolean[]
  /** Preemptions that are left, if they are bounded. */
  readonly budget: number
}

/** What a search of states knows, and where on its path it was stopped. */
export interface SavedStates {
  readonly vector: SavedVector
  readonly stored: readonly Slot[]
  readonly stateAt: Int32Array
  /** States, edges, ends, steps of the longest schedule. */
  readonly counts: readonly [number, number, number, number]
  readonly all: SavedTally
  readonly rules: readonly (readonly [number, SavedTally])[]
  readonly first: readonly (readonly [number, readonly ScheduleEntry[]])[]
  readonly path: readonly (Pick<Frame, 'state' | 'choices' | 'flags' | 'again' | 'budget'> & {
    readonly cpu: number | null
    readonly left: readonly number[]
  })[]
}

export interface Again {
  readonly cpu: number
  readonly choices: readonly number[]
}

/** `bound`: the most preemptions a schedule may have; null for no limit. */
export class StateSearch {
  readonly #search: SearchMachine
  readonly #vector: StateVector
  readonly #bound: number | null
  readonly #cpus: number
  readonly #all: Tally
  readonly #rules = new Map<number, Tally>()
  /** By number of a state vector: the state, from 1; 0: not met. */
  #stateAt = new Int32Array(1 << 12)
  #states = 0
  #edges = 0
  #ends = 0
  #longest = 0
  readonly #stack: Frame[] = []
  readonly #open = new Set<number>()
  /** The edge taken last led to what was known. */
  #known: { readonly mark: EdgeMark; readonly flags: number; readonly state: number } | null = null
  #mark: EdgeMark | null = null
  #limit = false
  /** The path to the first edge or end that broke a rule. */
  readonly first = new Map<number, readonly ScheduleEntry[]>()
  #maxStates = Infinity

  constructor(search: SearchMachine, bound: number | null = null) {
    if (search.vector === null) throw new RangeError('a search by states numbers them')
    this.#search = search
    this.#vector = search.vector
    this.#bound = bound
    this.#cpus = search.cpus.length
    this.#all = new Tally(this.#cpus)
  }

  /** Searches until all is known or a limit is reached; run again it goes on where it was. */
  run({ maxStates = Infinity, stop = () => false }: StateLimits = {}): StateCounts {
    this.#maxStates = maxStates
    this.#limit = false
    if (this.#states === 0) this.#enter(null, 0, this.#cpus)
    for (let turn = 1; !this.#limit; turn++) {
      const frame = this.#stack.at(-1)
      if (frame === undefined) break
      const cpu = frame.again?.cpu ?? frame.left.pop()
      if (cpu === undefined) this.#leave(frame)
      else this.#take(frame, cpu)
      if (this.#states >= maxStates || (turn % ASK_EVERY === 0 && stop())) this.#limit = true
    }
    return this.counts()
  }

  /** Where it is, to go on from there another time. */
  save(): SavedStates {
    const rules = [...this.#rules].map(([rule, tally]) => [rule, tally.save()] as const)
    return {
      vector: this.#vector.save(),
      stored: [...this.#search.stored],
      stateAt: this.#stateAt.slice(),
      counts: [this.#states, this.#edges, this.#ends, this.#longest],
      all: this.#all.save(),
      rules,
      first: [...this.first],
      path: this.#stack.map(({ state, mark, choices, flags, left, again, budget }) => ({
        state,
        cpu: mark?.cpu ?? null,
        choices,
        flags,
        left: [...left],
        again,
        budget,
      })),
    }
  }

  /**
   * To be called instead of a first run, on a machine in the state in which that search began.
   * @throws Error if the path of the search leads elsewhere on this machine
   */
  restore(saved: SavedStates): void {
    const search = this.#search
    const locks = Object.values(search.machine.system.locks)
    this.#vector.restore(saved.vector, locks)
    for (const slot of saved.stored) search.stored.add(slot)
    this.#stateAt = saved.stateAt.slice()
    const [states, edges, ends, longest] = saved.counts
    this.#states = states
    this.#edges = edges
    this.#ends = ends
    this.#longest = longest
    this.#all.restore(saved.all)
    for (const [rule, tally] of saved.rules) this.#tallyOf(rule).restore(tally)
    for (const [rule, entries] of saved.first) this.first.set(rule, entries)
    for (const { cpu, left, ...rest } of saved.path) {
      const mark = cpu === null ? null : search.mark(cpu)
      if (cpu !== null) search.take(cpu, () => false, rest.choices)
      if (cpu !== null) this.note(cpu, rest.budget)
      if (this.stateNow() !== rest.state) throw new Error('the saved path leads to another state')
      const runnable = search.cpus.map((each) => each.runnable)
      this.#stack.push({ ...rest, mark, left: [...left], runnable })
      this.#open.add(rest.state)
    }
  }

  /** Preemptions that a schedule may have; null: any number. */
  get bound(): number | null {
    return this.#bound
  }

  /** To be said after each edge before {@link stateNow}: who stepped, and how many preemptions are left. */
  note(cpu: number, budget: number): void {
    if (this.#bound !== null) this.#vector.set('note', cpu * (this.#bound + 1) + budget)
  }

  #take(frame: Frame, cpu: number): void {
    const choices = frame.again?.choices ?? []
    frame.again = null
    this.#mark = this.#search.mark(cpu)
    this.#search.take(cpu, this.#onEdge, choices)
    const known = this.#known
    if (known === null) return
    this.#known = null
    this.#search.undo(known.mark)
    this.#merge(this.#stack.at(-1) as Frame, known.state, known.mark.cpu, known.flags)
  }

  readonly #onEdge = (cpu: number): boolean => {
    this.#edges++
    const search = this.#search
    const mark = this.#mark as EdgeMark
    const flags = search.watch?.flags ?? 0
    if (flags !== 0) this.#noteFirst(flags)
    const parent = this.#stack.at(-1) as Frame
    parent.again = nextChoices(cpu, search.chosen, search.offered)
    const budget = this.#budgetAfter(parent, mark.last, cpu)
    this.note(cpu, budget)
    const state = this.stateNow()
    if (state !== 0) {
      if (this.#open.has(state)) {
        throw new Error(`CPU ${cpu} goes round in a circle: its settled key does not change`)
      }
      this.#known = { mark, flags, state }
      return false
    }
    const frame = this.#enter(mark, flags, cpu, budget)
    if (this.#states >= this.#maxStates || frame.left.at(-1) !== cpu) return false
    frame.left.pop()
    this.#mark = search.mark(cpu)
    search.begin(cpu)
    return true
  }

  #budgetAfter({ budget, runnable }: Frame, last: number, cpu: number): number {
    return budget - Number(last !== cpu && runnable[last] === true)
  }

  /** A state that was not met before. The CPU that came here goes on first. */
  #enter(mark: EdgeMark | null, flags: number, last: number, budget = this.#bound ?? 0): Frame {
    const search = this.#search
    const state = ++this.#states
    this.#number(this.#vector.number, state)
    const runnable = search.cpus.map((cpu) => cpu.runnable)
    const others = runnable.flatMap((can, cpu) => (can && cpu !== last ? [cpu] : [])).toReversed()
    const stays = runnable[last] === true
    const left = stays && this.#bound !== null && budget === 0 ? [] : others
    if (stays) left.push(last)
    const choices = mark === null ? [] : [...search.chosen]
    const frame: Frame = { state, mark, choices, flags, left, again: null, runnable, budget }
    this.#stack.push(frame)
    this.#open.add(state)
    if (left.length === 0) this.#atEnd(state)
    return frame
  }

  #atEnd(state: number): void {
    const search = this.#search
    this.#ends++
    this.#longest = Math.max(this.#longest, search.taken.length)
    const broken = search.flagsAtEnd()
    if (broken !== 0) this.#noteFirst(broken)
    for (const tally of [this.#all, ...this.#tallies(broken)]) {
      tally.add(state, 1n)
      for (let last = 0; last <= this.#cpus; last++) tally.lower(state, last, 0)
    }
  }

  #noteFirst(flags: number): void {
    for (let left = flags; left !== 0; left &= left - 1) {
      const rule = 31 - Math.clz32(left & -left)
      if (!this.first.has(rule)) this.first.set(rule, [...this.#search.taken])
    }
  }

  *#tallies(flags: number): Generator<Tally> {
    for (let left = flags; left !== 0; left &= left - 1) {
      yield this.#tallyOf(31 - Math.clz32(left & -left))
    }
  }

  #tallyOf(rule: number): Tally {
    let tally = this.#rules.get(rule)
    if (tally === undefined) this.#rules.set(rule, (tally = new Tally(this.#cpus)))
    return tally
  }

  #leave(frame: Frame): void {
    const { state } = frame
    const count = this.#all.count(state)
    for (const tally of this.#rules.values()) {
      if (tally.count(state) === count) tally.isCertain(state)
    }
    this.#stack.pop()
    this.#open.delete(state)
    if (frame.mark === null) return
    this.#search.undo(frame.mark)
    this.#merge(this.#stack.at(-1) as Frame, state, frame.mark.cpu, frame.flags)
  }

  /** The schedules of a state are schedules of the one before, by an edge of this CPU that broke these rules. */
  #merge(parent: Frame, child: number, cpu: number, flags: number): void {
    this.#add(this.#all, parent, child, cpu, false)
    // A rule that this edge is the first to break is known from here on.
    for (const tally of this.#tallies(flags)) this.#add(tally, parent, child, cpu, true)
    for (const [rule, tally] of this.#rules) {
      if ((flags & (1 << rule)) === 0) this.#add(tally, parent, child, cpu, false)
    }
  }

  #add(to: Tally, { state, runnable }: Frame, child: number, cpu: number, breaks: boolean): void {
    const from = breaks ? this.#all : to
    const count = from.count(child)
    if (count === 0n) return
    to.add(state, count)
    const least = breaks ? atOnce(from.least(child, cpu)) : from.least(child, cpu)
    for (let last = 0; last <= this.#cpus; last++) {
      const preempts = last !== cpu && runnable[last] === true
      to.lower(state, last, further(least, preempts))
    }
  }

  #number(vector: number, state: number): void {
    if (vector >= this.#stateAt.length) {
      const grown = new Int32Array(Math.max(this.#stateAt.length * 2, vector + 1))
      grown.set(this.#stateAt)
      this.#stateAt = grown
    }
    this.#stateAt[vector] = state
  }

  /** The state that an edge just taken has led to; 0: it was not met. */
  stateNow(): number {
    return this.#stateAt[this.#vector.number] ?? 0
  }

  /** What is known of a rule; null: no schedule breaks it, as far as was searched. */
  tally(rule: number): Tally | null {
    return this.#rules.get(rule) ?? null
  }

  get all(): Tally {
    return this.#all
  }

  /** Numbers so far. A state that is open counts once: its schedules lead through this path at least. */
  counts(): StateCounts {
    const open = this.#stack.map(({ state }) => state)
    const states = open.length === 0 ? [FIRST] : open
    const sum = (tally: Tally): bigint => states.reduce((n, state) => n + tally.count(state), 0n)
    const rules = new Map<number, RuleCount>()
    for (const [rule, tally] of this.#rules) {
      const failing = sum(tally)
      const preemptions = tally.preemptions(FIRST, this.#cpus)
      if (failing > 0n) rules.set(rule, { failing, preemptions })
    }
    const bytes = [this.#all, ...this.#rules.values()].reduce((n, tally) => n + tally.bytes, 0)
    return {
      complete: this.#stack.length === 0,
      schedules: sum(this.#all),
      states: this.#states,
      edges: this.#edges,
      rules,
      ends: this.#ends,
      longest: this.#longest,
      depth: this.#stack.length,
      bytes: bytes + this.#stateAt.byteLength + this.#vector.bytes,
    }
  }
}

/** The choices after these, the last one that can be counted up is; null: there are none. */
export function nextChoices(
  cpu: number,
  chosen: readonly number[],
  offered: readonly number[],
): Again | null {
  for (let at = chosen.length - 1; at >= 0; at--) {
    const next = (chosen[at] as number) + 1
    if (next < (offered[at] as number)) return { cpu, choices: [...chosen.slice(0, at), next] }
  }
  return null
}
