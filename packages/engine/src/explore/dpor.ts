/**
 * One schedule of each class: source-DPOR with sleep sets (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014). Two
 * schedules are of one class if they differ in the order of independent steps only; what matters to a rule that looks
 * at entries, locks or TLBs is then the same. For programs whose histories do not collapse into states.
 */
import type { ScheduleEntry } from '../play/schedule-text.ts'
import type { SearchMachine } from './search-machine.ts'
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

interface Event {
  readonly cpu: number
  readonly touches: readonly Touch[]
  /** By CPU: how many of its events happen before this one, itself included. */
  readonly clock: readonly number[]
  readonly acquires: object | null
}

interface Node {
  readonly enabled: readonly number[]
  readonly backtrack: Set<number>
  readonly sleep: Set<number>
  /** What the CPUs asleep would do. */
  readonly asleep: Map<number, readonly Touch[]>
}

/** All classes, judged at their ends; `onEnd` sees the machine at each. */
export function searchClasses(
  search: SearchMachine,
  { maxExecutions = Infinity, stop = () => false }: DporLimits = {},
  onEnd: (flags: number) => void = () => {},
): DporCounts {
  const dpor = new Dpor(search, maxExecutions, stop, onEnd)
  dpor.explore(new Map())
  const { executions, blocked, failing, first } = dpor
  return { complete: !dpor.isOver, executions, blocked, failing, first }
}

class Dpor {
  executions = 0
  blocked = 0
  isOver = false
  readonly failing = new Map<number, number>()
  readonly first = new Map<number, readonly ScheduleEntry[]>()
  readonly #search: SearchMachine
  readonly #max: number
  readonly #stop: () => boolean
  readonly #onEnd: (flags: number) => void
  readonly #events: Event[] = []
  readonly #nodes: Node[] = []
  #flags = 0

  constructor(
    search: SearchMachine,
    max: number,
    stop: () => boolean,
    onEnd: (flags: number) => void,
  ) {
    this.#search = search
    this.#max = max
    this.#stop = stop
    this.#onEnd = onEnd
  }

  /** `asleep`: CPUs whose next step leads where a search has been, and what it touches. */
  explore(asleep: ReadonlyMap<number, readonly Touch[]>): void {
    const enabled = this.#search.cpus.filter((cpu) => cpu.runnable).map(({ id }) => id)
    if (enabled.length === 0) {
      this.#atEnd()
      return
    }
    const awake = enabled.find((cpu) => !asleep.has(cpu))
    if (awake === undefined) {
      this.blocked++
      return
    }
    const sleep = new Set(asleep.keys())
    const node: Node = { enabled, backtrack: new Set([awake]), sleep, asleep: new Map(asleep) }
    this.#nodes.push(node)
    for (;;) {
      const cpu = [...node.backtrack].find((each) => !node.sleep.has(each))
      if (cpu === undefined || this.isOver) break
      this.#through(node, cpu)
    }
    this.#nodes.pop()
  }

  /** All executions that go on with a step of this CPU: one for each choice within it. */
  #through(node: Node, cpu: number): void {
    const search = this.#search
    let again: Again | null = { cpu, choices: [] }
    const touched: Touch[] = []
    while (again !== null && !this.isOver) {
      const mark = search.mark(cpu)
      const before = this.#flags
      search.take(cpu, () => false, again.choices)
      again = nextChoices(cpu, search.chosen, search.offered)
      const touches = [...search.touches]
      touched.push(...touches)
      this.#flags |= search.watch?.flags ?? 0
      this.#add(cpu, touches, search.acquired)
      const asleep = [...node.asleep].filter(([, other]) => !dependent(other, touches))
      this.explore(new Map(asleep))
      this.#events.pop()
      this.#flags = before
      search.undo(mark)
    }
    node.sleep.add(cpu)
    node.asleep.set(cpu, touched)
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
    this.executions++
    this.#onEnd(flags)
    for (let left = flags; left !== 0; left &= left - 1) {
      const rule = 31 - Math.clz32(left & -left)
      this.failing.set(rule, (this.failing.get(rule) ?? 0) + 1)
      if (!this.first.has(rule)) this.first.set(rule, [...search.taken])
    }
    if (this.executions >= this.#max || this.#stop()) this.isOver = true
  }
}

const dependent = (a: readonly Touch[], b: readonly Touch[]): boolean =>
  a.some((one) => b.some((other) => one.what === other.what && (one.changes || other.changes)))
