/**
 * One schedule of each class: source-DPOR with sleep sets (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014). Two
 * schedules are of one class if they differ in the order of independent steps only; what matters to a rule that looks
 * at entries, locks or TLBs is then the same. For programs whose histories do not collapse into states.
 */
import type { ScheduleEntry } from '../play/schedule-text.ts'
import type { EdgeMark, SearchMachine } from './search-machine.ts'
import { nextChoices } from './state-search.ts'
import type { Again } from './state-search.ts'
import type { Touch } from './touch.ts'

export interface DporLimits {
  readonly maxExecutions?: number
  readonly stop?: () => boolean
}

export interface DporCounts {
  readonly complete: boolean
  /** Classes of schedules: complete executions. */
  readonly executions: number
  /** Executions that were left because all that follows was seen before. */
  readonly blocked: number
  /** By bit of the watch's flags. */
  readonly failing: ReadonlyMap<number, number>
  readonly first: ReadonlyMap<number, readonly ScheduleEntry[]>
}

/** Edges between two questions whether to stop. */
const ASK_EVERY = 64

interface Event {
  readonly cpu: number
  readonly touches: readonly Touch[]
  /** By CPU: how many of its events happen before this one, itself included. */
  readonly clock: readonly number[]
  readonly acquires: object | null
}

/** A CPU whose step is tried at a node, with one choice within it after the other. */
interface Branch {
  readonly cpu: number
  /** The choices of the edge that is on the path now; null: it has been taken back. */
  taken: { readonly mark: EdgeMark; readonly choices: readonly number[] } | null
  again: Again | null
  /** What all of its edges touch. */
  readonly touched: Touch[]
  /** Broken before it. */
  readonly flags: number
}

interface Node {
  readonly enabled: readonly number[]
  readonly backtrack: Set<number>
  readonly sleep: Set<number>
  /** What the CPUs asleep would do. */
  readonly asleep: Map<number, readonly Touch[]>
  branch: Branch | null
}

/** Where a search was when it was stopped. */
export interface SavedClasses {
  readonly executions: number
  readonly blocked: number
  readonly failing: readonly (readonly [number, number])[]
  readonly first: readonly (readonly [number, readonly ScheduleEntry[]])[]
  readonly nodes: readonly {
    readonly backtrack: readonly number[]
    readonly asleep: readonly number[]
    readonly branch: {
      readonly cpu: number
      readonly taken: readonly number[] | null
      readonly again: readonly number[] | null
    } | null
  }[]
}

/** All classes, judged at their ends; `onEnd` sees the machine at each. */
export function searchClasses(
  search: SearchMachine,
  limits: DporLimits = {},
  onEnd: (flags: number) => void = () => {},
): DporCounts {
  return new ClassSearch(search, onEnd).run(limits)
}

export class ClassSearch {
  #executions = 0
  #blocked = 0
  readonly #failing = new Map<number, number>()
  readonly #first = new Map<number, readonly ScheduleEntry[]>()
  readonly #search: SearchMachine
  readonly #onEnd: (flags: number) => void
  readonly #events: Event[] = []
  readonly #nodes: Node[] = []
  #flags = 0
  #hasBegun = false

  constructor(search: SearchMachine, onEnd: (flags: number) => void = () => {}) {
    this.#search = search
    this.#onEnd = onEnd
  }

  /** Searches until all is known or a limit is reached; run again it goes on where it was. */
  run({ maxExecutions = Infinity, stop = () => false }: DporLimits = {}): DporCounts {
    if (!this.#hasBegun) this.#enter(new Map())
    this.#hasBegun = true
    let isOver = false
    for (let turn = 1; !isOver; turn++) {
      const node = this.#nodes.at(-1)
      if (node === undefined) break
      if (node.branch !== null) this.#takeBack(node.branch)
      const branch = this.#branchOf(node)
      if (branch === null) this.#nodes.pop()
      else if (this.#executions >= maxExecutions) isOver = true
      else {
        this.#take(node, branch)
        isOver = turn % ASK_EVERY === 0 && stop()
      }
    }
    return {
      complete: this.#nodes.length === 0,
      executions: this.#executions,
      blocked: this.#blocked,
      failing: this.#failing,
      first: this.#first,
    }
  }

  /** What is tried next at a node; null: all has been. */
  #branchOf(node: Node): Branch | null {
    const { branch } = node
    if (branch !== null) {
      if (branch.again !== null) return branch
      node.sleep.add(branch.cpu)
      node.asleep.set(branch.cpu, branch.touched)
    }
    const cpu = [...node.backtrack].find((each) => !node.sleep.has(each))
    node.branch =
      cpu === undefined
        ? null
        : { cpu, taken: null, again: { cpu, choices: [] }, touched: [], flags: this.#flags }
    return node.branch
  }

  #takeBack(branch: Branch): void {
    if (branch.taken === null) return
    this.#events.pop()
    this.#flags = branch.flags
    this.#search.undo(branch.taken.mark)
    branch.taken = null
  }

  /** An edge of the branch, and the node that it leads to. */
  #take(node: Node, branch: Branch): void {
    const touches = this.#edge(branch, branch.again?.choices ?? [])
    const asleep = [...node.asleep].filter(([, other]) => !dependent(other, touches))
    this.#enter(new Map(asleep))
  }

  #edge(branch: Branch, choices: readonly number[]): readonly Touch[] {
    const search = this.#search
    const { cpu } = branch
    branch.taken = { mark: search.mark(cpu), choices }
    search.take(cpu, () => false, choices)
    branch.again = nextChoices(cpu, search.chosen, search.offered)
    const touches = [...search.touches]
    branch.touched.push(...touches)
    this.#flags |= search.watch?.flags ?? 0
    this.#add(cpu, touches, search.acquired)
    return touches
  }

  /** `asleep`: CPUs whose next step leads where a search has been, and what it touches. */
  #enter(asleep: Map<number, readonly Touch[]>): void {
    const enabled = this.#search.cpus.filter((cpu) => cpu.runnable).map(({ id }) => id)
    if (enabled.length === 0) {
      this.#atEnd()
      return
    }
    const awake = enabled.find((cpu) => !asleep.has(cpu))
    if (awake === undefined) {
      this.#blocked++
      return
    }
    const sleep = new Set(asleep.keys())
    this.#nodes.push({ enabled, backtrack: new Set([awake]), sleep, asleep, branch: null })
  }

  save(): SavedClasses {
    return {
      executions: this.#executions,
      blocked: this.#blocked,
      failing: [...this.#failing],
      first: [...this.#first],
      nodes: this.#nodes.map(({ backtrack, asleep, branch }) => ({
        backtrack: [...backtrack],
        asleep: [...asleep.keys()],
        branch: branch && {
          cpu: branch.cpu,
          taken: branch.taken?.choices ?? null,
          again: branch.again?.choices ?? null,
        },
      })),
    }
  }

  /**
   * To be called instead of a first run, on a machine in the state in which that search began. Taking the edges finds
   * their races anew, which adds nothing: what they lead to is in the lists already.
   */
  restore({ executions, blocked, failing, first, nodes }: SavedClasses): void {
    this.#hasBegun = true
    for (const saved of nodes) {
      const enabled = this.#search.cpus.filter((cpu) => cpu.runnable).map(({ id }) => id)
      const asleep = new Map(saved.asleep.map((cpu) => [cpu, this.#touchesOf(cpu)]))
      const sleep = new Set(saved.asleep)
      const backtrack = new Set(saved.backtrack)
      const node: Node = { enabled, backtrack, sleep, asleep, branch: null }
      this.#nodes.push(node)
      if (saved.branch !== null) {
        const { cpu, taken, again } = saved.branch
        const touched = [...this.#touchesOf(cpu)]
        const branch: Branch = { cpu, taken: null, again: null, touched, flags: this.#flags }
        if (taken !== null) this.#edge(branch, taken)
        branch.again = again === null ? null : { cpu, choices: again }
        node.branch = branch
      }
    }
    this.#executions = executions
    this.#blocked = blocked
    for (const [rule, count] of failing) this.#failing.set(rule, count)
    for (const [rule, entries] of first) this.#first.set(rule, entries)
  }

  /** What the next step of a CPU touches, with all choices within it. */
  #touchesOf(cpu: number): readonly Touch[] {
    const search = this.#search
    const touched: Touch[] = []
    for (let again: Again | null = { cpu, choices: [] }; again !== null;) {
      const mark = search.mark(cpu)
      search.take(cpu, () => false, again.choices)
      again = nextChoices(cpu, search.chosen, search.offered)
      touched.push(...search.touches)
      search.undo(mark)
    }
    return touched
  }

  #add(cpu: number, touches: readonly Touch[], acquires: object | null): void {
    const clock = this.#clockOf(cpu, touches)
    this.#findRaces(cpu, touches, acquires)
    clock[cpu] = (clock[cpu] as number) + 1
    this.#events.push({ cpu, touches, clock, acquires })
  }

  #lastClock(cpu: number): readonly number[] {
    const last = this.#events.findLast((event) => event.cpu === cpu)
    return last?.clock ?? this.#search.cpus.map(() => 0)
  }

  #clockOf(cpu: number, touches: readonly Touch[]): number[] {
    const clock = [...this.#lastClock(cpu)]
    for (const event of this.#events) {
      if (event.cpu === cpu || !dependent(event.touches, touches)) continue
      for (const [i, n] of event.clock.entries()) clock[i] = Math.max(clock[i] as number, n)
    }
    return clock
  }

  /** Steps before that could have come after: there, the other order is to be tried. */
  #findRaces(cpu: number, touches: readonly Touch[], acquires: object | null): void {
    const before = this.#lastClock(cpu)
    const index = this.#search.cpus.map(() => 0)
    for (const [at, event] of this.#events.entries()) {
      const own = ++(index as number[])[event.cpu]!
      if (event.cpu === cpu || own <= (before[event.cpu] as number)) continue
      // A release and the acquire that waits for it cannot change places; two acquires can.
      const isRace =
        acquires === null || event.touches.every(({ what }) => what !== acquires)
          ? dependent(event.touches, touches)
          : event.acquires === acquires
      if (isRace) this.#reverse(at, cpu, touches)
    }
  }

  #reverse(at: number, cpu: number, touches: readonly Touch[]): void {
    const node = this.#nodes[at] as Node
    const race = this.#events[at] as Event
    const own = race.clock[race.cpu] as number
    // Steps after it that do not depend on it, then the step itself.
    const after = this.#events
      .slice(at + 1)
      .filter((event) => (event.clock[race.cpu] as number) < own)
    const firsts = new Set<number>()
    const seen: { readonly cpu: number; readonly touches: readonly Touch[] }[] = []
    for (const event of [...after, { cpu, touches }]) {
      const waits = seen.some(
        (other) => other.cpu === event.cpu || dependent(other.touches, event.touches),
      )
      if (!waits) firsts.add(event.cpu)
      seen.push(event)
    }
    if ([...firsts].some((each) => node.backtrack.has(each))) return
    const able = [...firsts].find((each) => node.enabled.includes(each))
    if (able !== undefined) node.backtrack.add(able)
    else for (const each of node.enabled) node.backtrack.add(each)
  }

  #atEnd(): void {
    const search = this.#search
    // Who waits for ever has a step that never came: it could have come before the one that it waits for.
    for (const cpu of search.cpus) {
      if (cpu.finished) continue
      const lock = cpu.lockAt(cpu.length)
      if (lock !== null) this.#findRaces(cpu.id, [{ what: lock, changes: true }], lock)
    }
    const flags = this.#flags | search.flagsAtEnd()
    this.#executions++
    this.#onEnd(flags)
    for (let left = flags; left !== 0; left &= left - 1) {
      const rule = 31 - Math.clz32(left & -left)
      this.#failing.set(rule, (this.#failing.get(rule) ?? 0) + 1)
      if (!this.#first.has(rule)) this.#first.set(rule, [...search.taken])
    }
  }
}

const dependent = (a: readonly Touch[], b: readonly Touch[]): boolean =>
  a.some((one) => b.some((other) => one.what === other.what && (one.changes || other.changes)))
