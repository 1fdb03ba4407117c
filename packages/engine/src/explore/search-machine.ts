/**
 * One machine for a whole search: edges are taken and taken back. An edge is one counted step of one CPU, with the
 * steps after it that are not counted. Only the CPU that steps is run again; what it changes is in the machine's
 * journal.
 */
import { physOf } from '../arch/descriptor.ts'
import { isTable } from '../arch/predicates.ts'
import type { Hooks } from '../machine/hooks.ts'
import { Journal } from '../machine/journal.ts'
import type { Slot } from '../machine/memory.ts'
import type { SavedTlbs } from '../machine/tlb-state.ts'
import type { ScheduleEntry } from '../play/schedule-text.ts'
import type { Machine } from '../play/machine.ts'
import type { Program, ScheduledCpu, Turns } from '../play/scheduled-cpu.ts'
import { scheduleThreads } from '../play/thread.ts'
import type { CpuWork } from '../play/thread.ts'
import { StateVector } from './state-vector.ts'
import type { VectorMark } from './state-vector.ts'
import { restoreTask, taskOf } from './task-state.ts'
import type { TaskState } from './task-state.ts'
import { ALLOCATION, touch } from './touch.ts'
import type { Touch } from './touch.ts'
import type { Lock } from '../machine/lock.ts'

/**
 * `every` step; `shared`: not loads and stores of a table that nobody else can reach yet; `visible`: not barriers
 * either on a machine without TLBs. The others are taken together with the step before.
 */
export const COUNTED_STEPS = ['every', 'shared', 'visible'] as const
export type CountedSteps = (typeof COUNTED_STEPS)[number]

/** What is searched: programs[i] on CPU i of a machine in its start state. */
export interface SearchSetup {
  readonly machine: Machine
  readonly programs: readonly (Program | CpuWork)[]
  /** Which steps are edges of their own; default `shared`. */
  readonly steps?: CountedSteps
  /** Hears what the machine does, on every edge anew; its {@link Watch.key} is part of the state. */
  readonly watch?: Watch | null
  /** Number the states. Default true; a search that never compares two is faster without. */
  readonly numbered?: boolean
}

/** Judges edges and ends. What it remembers beyond one edge it writes to the machine's journal. */
export interface Watch {
  readonly hooks: Hooks | null
  /** Rules that the edge now taken has broken, as bits; set to 0 before each edge. */
  flags: number
  /** What it remembers, as a number; equal numbers, equal memories. */
  readonly key: number | string
  /** An edge ended. */
  edge?(search: SearchMachine, cpu: number): void
  /** Rules broken at the end of a schedule, as bits. */
  end(search: SearchMachine): number
}

/** Who searches: hears that an edge has ended. True: the same CPU goes on with an edge of its own. */
export type OnEdge = (cpu: number) => boolean

/** Where an edge began. */
export interface EdgeMark {
  readonly journal: number
  readonly vector: VectorMark
  readonly cpu: number
  readonly length: number
  readonly taken: number
  /** Who stepped before it; the number of CPUs: nobody. */
  readonly last: number
  readonly tlb: SavedTlbs | null
}

const NO_MARK: VectorMark = { head: 0, shared: 0 }

/** Bit of the rule that every search has. */
export const DEADLOCK = 30

export class SearchMachine implements Turns {
  readonly machine: Machine
  readonly cpus: readonly ScheduledCpu[]
  /** Null: states are not numbered. */
  readonly vector: StateVector | null
  readonly watch: Watch | null
  /** Steps taken: those of the path, uncounted ones too. */
  readonly taken: ScheduleEntry[] = []
  /** Choices within the edge: which alternative was taken, of how many. */
  readonly chosen: number[] = []
  readonly offered: number[] = []
  /** What the edge has touched, and the lock it has taken. */
  readonly touches: Touch[] = []
  acquired: Lock | null = null
  /** Every entry that was ever stored to, on any path. */
  readonly stored = new Set<Slot>()
  /** Whose step it is, and the entry that the step is about; -1: none. */
  stepping: ScheduledCpu | null = null
  slot: Slot = -1
  readonly #counted: CountedSteps
  readonly #journal = new Journal()
  readonly #before: readonly TaskState[]
  readonly #tlbBefore: SavedTlbs | null
  readonly #start: EdgeMark & { readonly lengths: readonly number[] }
  /** Whose a table is that nobody else can reach. */
  readonly #owner = new Map<number, number>()
  readonly #touchedLocks: Lock[] = []
  /** Rows of the journal that the vector has followed. */
  #absorbed = 0
  #tables: number
  #latches: number
  #isPreparing = true
  #hasStepped = false
  /** By CPU and length of its log: the length that it has gone back to, having settled. */
  readonly #forgets: (number | undefined)[][] = []
  #last = 0
  #given: readonly number[] = []
  /** Choices within the step. */
  #made: number[] = []
  #onEdge: OnEdge = () => false

  constructor(setup: SearchSetup) {
    const { machine, programs, steps = 'shared', watch = null, numbered = true } = setup
    const { system } = machine
    this.machine = machine
    this.watch = watch
    this.#counted = steps
    this.#before = machine.cpus.map(taskOf)
    this.#tlbBefore = system.tlb?.save() ?? null
    this.#tables = system.memory.tables
    this.#latches = system.latches.size
    system.journal = this.#journal
    const hooks = watch?.hooks ?? null
    this.cpus = scheduleThreads(machine, programs, this, hooks)
    this.vector = numbered
      ? new StateVector(this.cpus.length, system.tlb === null ? 0 : machine.cpus.length)
      : null
    for (const cpu of this.cpus) {
      hooks?.cpu(cpu.cpu.id)
      cpu.prepare()
      this.#end(cpu)
    }
    this.#isPreparing = false
    this.#last = this.cpus.length
    this.#start = { ...this.mark(0), lengths: this.cpus.map(({ length }) => length) }
  }

  /** Takes back all edges. */
  reset(): void {
    this.undo(this.#start)
    for (const cpu of this.cpus) cpu.rewind(this.#start.lengths[cpu.id] as number)
  }

  /** Takes back everything, and gives the machine back as it was. */
  close(): void {
    const { system } = this.machine
    this.#journal.undo(system.memory, 0)
    if (this.#tlbBefore !== null) system.tlb?.restore(this.#tlbBefore)
    system.journal = null
    for (const cpu of this.cpus) cpu.detach()
    for (const [i, task] of this.#before.entries()) restoreTask(this.machine.cpu(i), task)
  }

  mark(cpu: number): EdgeMark {
    return {
      journal: this.#journal.mark,
      vector: this.vector?.mark ?? NO_MARK,
      cpu,
      length: (this.cpus[cpu] as ScheduledCpu).length,
      taken: this.taken.length,
      last: this.#last,
      tlb: this.machine.system.tlb?.save() ?? null,
    }
  }

  undo(mark: EdgeMark): void {
    const { memory, latches, tlb } = this.machine.system
    if (mark.tlb !== null) tlb?.restore(mark.tlb)
    this.#journal.undo(memory, mark.journal)
    this.#absorbed = mark.journal
    this.vector?.undo(mark.vector)
    ;(this.cpus[mark.cpu] as ScheduledCpu).rewind(mark.length)
    this.taken.length = mark.taken
    this.#last = mark.last
    this.#tables = memory.tables
    this.#latches = latches.size
  }

  /** Takes an edge of a CPU that is runnable, and as many after it as `onEdge` wants. */
  take(cpu: number, onEdge: OnEdge, choices: readonly number[] = []): void {
    this.#onEdge = onEdge
    this.begin(cpu, choices)
    const scheduled = this.cpus[cpu] as ScheduledCpu
    scheduled.resume()
    if (!scheduled.finished) return
    this.#end(scheduled)
    onEdge(cpu)
  }

  /** To be called by `onEdge` before it returns true. */
  begin(cpu: number, choices: readonly number[] = []): void {
    this.#hasStepped = false
    this.#last = cpu
    this.#given = choices
    this.offered.length = 0
    this.chosen.length = 0
    this.touches.length = 0
    this.acquired = null
    if (this.watch === null) return
    this.watch.flags = 0
    this.watch.hooks?.cpu((this.cpus[cpu] as ScheduledCpu).cpu.id)
  }

  /** Rules broken by the end of a schedule, as bits. */
  flagsAtEnd(): number {
    const broken = this.watch?.end(this) ?? 0
    return this.cpus.every((cpu) => cpu.finished) ? broken : broken | (1 << DEADLOCK)
  }

  // As the Turns of its CPUs.

  mayStep(cpu: ScheduledCpu): boolean {
    if (this.#isPreparing || this.#hasStepped) {
      this.#absorb(cpu)
      if (!this.#isCounted(cpu)) return this.#step(cpu)
      if (this.#isPreparing) return false
      this.#end(cpu)
      if (!this.#onEdge(cpu.id)) return false
    }
    this.#hasStepped = true
    return this.#step(cpu)
  }

  #step(cpu: ScheduledCpu): boolean {
    const arrives = cpu.isInterrupt && !cpu.isActive
    // The choices are filled in as they are made.
    this.#made = []
    const interrupt = arrives ? cpu.outOfTurn : null
    const which = interrupt === null ? {} : { interrupt }
    this.taken.push({ cpu: cpu.cpu.id, arrives, choices: this.#made, ...which })
    touch(this.touches, cpu)
    this.stepping = cpu
    this.slot = cpu.slotAt(cpu.length)
    const lock = cpu.lockAt(cpu.length)
    if (lock === null) return true
    this.#touchedLocks.push(lock)
    if (cpu.kindAt(cpu.length) !== 'release') this.acquired = lock
    return true
  }

  logged(cpu: ScheduledCpu, lo: number, hi: number): void {
    if (this.#forgets[cpu.id]?.[cpu.length] !== undefined)
      delete this.#forgets[cpu.id]?.[cpu.length]
    this.vector?.logged(cpu, lo, hi)
  }

  settled(cpu: ScheduledCpu, mark: number, key: number | string): void {
    if (mark < cpu.length) (this.#forgets[cpu.id] ??= [])[cpu.length] = mark
    this.vector?.settled(cpu, mark, key)
  }

  /**
   * Index in the log of the load by which the CPU last read this entry, before `at` and not forgotten since; -1: there
   * was none, or it has stored there after it.
   */
  lastRead(cpu: ScheduledCpu, slot: Slot, at: number): number {
    const forgets = this.#forgets[cpu.id]
    for (let i = at; i > 0;) {
      const kept = forgets?.[i]
      if (kept !== undefined) {
        i = kept
        continue
      }
      i--
      if (cpu.slotAt(i) === slot) return cpu.kindAt(i) === 'load' ? i : -1
    }
    return -1
  }

  /** Has something taken back when the edge is. */
  changed(undo: () => void): void {
    this.#journal.changed(undo)
  }

  choose(_cpu: ScheduledCpu, alternatives: number): number {
    const chosen = (this.#given[this.chosen.length] ?? 0) % alternatives
    this.chosen.push(chosen)
    this.#made.push(chosen)
    this.offered.push(alternatives)
    return chosen
  }

  #isCounted(cpu: ScheduledCpu): boolean {
    if (this.#counted === 'every') return true
    const { memory, tlb } = this.machine.system
    switch (cpu.kindAt(cpu.length)) {
      case 'load':
      case 'store':
      case 'atomic':
        return this.#owner.get(memory.tableOf(cpu.slotAt(cpu.length))) !== cpu.id
      case 'dsb':
      case 'tlbi':
      case 'complete':
        return this.#counted === 'shared' || tlb !== null
      default:
        return true
    }
  }

  /** The vector follows what was stored, and a table that is linked becomes everybody's. */
  #absorb(cpu: ScheduledCpu): void {
    const { memory } = this.machine.system
    while (this.#tables < memory.tables) {
      const table = this.#tables++
      this.#owner.set(table, cpu.id)
      this.#journal.changed(() => this.#owner.delete(table))
      this.touches.push(ALLOCATION)
    }
    const journal = this.#journal
    for (let row = this.#absorbed; row < journal.mark; row++) {
      const slot = journal.slotAt(row)
      if (slot === -1) continue
      this.stored.add(slot)
      this.vector?.stored(slot, journal.oldLo(row), journal.oldHi(row), memory.words)
      this.#publish(slot)
    }
    this.#absorbed = journal.mark
  }

  #publish(slot: Slot): void {
    const { memory, geometry } = this.machine.system
    if (this.#owner.size === 0 || this.#owner.has(memory.tableOf(slot))) return
    const lo = memory.words[slot] as number
    if (!isTable(lo)) return
    const table = memory.tableAt(physOf(geometry, lo, memory.words[slot + 1] as number))
    const owner = this.#owner.get(table)
    if (owner === undefined) return
    this.#owner.delete(table)
    this.#journal.changed(() => this.#owner.set(table, owner))
  }

  /** The edge of this CPU has ended. */
  #end(cpu: ScheduledCpu): void {
    this.#absorb(cpu)
    this.watch?.edge?.(this, cpu.id)
    if (this.vector !== null) {
      this.#describe(this.vector, cpu)
      // What it did to the task that it interrupted is part of what that remembers.
      if (cpu.host !== null && cpu.finished) this.#describe(this.vector, cpu.host)
    }
    this.#touchedLocks.length = 0
  }

  #describe(vector: StateVector, cpu: ScheduledCpu): void {
    const { machine } = this
    const { memory, latches, tlb } = machine.system
    for (const lock of this.#touchedLocks) vector.locked(lock)
    vector.set('tables', memory.tables)
    if (latches.size !== this.#latches) {
      this.#latches = latches.size
      vector.set('latches', [...latches].toSorted().join())
    }
    if (tlb !== null) for (const { id } of machine.cpus) vector.held(id, tlb.textOf(id))
    if (this.watch !== null) vector.set('watch', this.watch.key)
    vector.arrived(cpu)
  }
}
