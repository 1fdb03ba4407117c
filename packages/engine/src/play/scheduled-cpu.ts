import type { Cpu } from '../machine/cpu.ts'
import type { Hooks, LockMode } from '../machine/hooks.ts'
import type { Slot } from '../machine/memory.ts'
import type { BarrierKind, Stepper } from '../machine/stepper.ts'
import { packTask, unpackTask } from './packed-task.ts'
import type { ScheduleEntry } from './schedule-text.ts'
import { KernelStop, SUSPENDED, Suspended } from '../machine/stop.ts'
import { hiOf, loOf } from '../arch/u64.ts'
import type { Lock } from '../machine/lock.ts'

/** What a CPU is to do. Its result is reported; it must do the same each time it is run with the same answers. */
export type Program = (cpu: Cpu) => number | null | void

/** What a step is; `shared` and `choice` are answers within the step before. */
export const STEP_KINDS = [
  'load',
  'store',
  'atomic',
  'acquire',
  'try',
  'release',
  'dsb',
  'tlbi',
  'complete',
  'tlb',
  'free',
  'arrive',
  'shared',
] as const
export type StepKind = (typeof STEP_KINDS)[number]

/** Who decides whether a CPU takes the next step, and hears what it remembers. */
export interface Turns {
  /** The CPU waits for {@link ScheduledCpu.next}. False: another comes first, and this one is to be suspended. */
  mayStep(cpu: ScheduledCpu): boolean
  /** An answer was added to the CPU's log: two words. */
  logged?(cpu: ScheduledCpu, lo: number, hi: number): void
  settled?(cpu: ScheduledCpu, mark: number, key: number | string): void
  choose?(cpu: ScheduledCpu, alternatives: number): number
}

const NO_SLOT = -1

/** What an interrupt did to the task, before its step `at`. */
interface Left {
  readonly by: ScheduledCpu
  readonly at: number
  readonly task: number
}

/** A CPU whose program is suspended and run again; see schedule.ts. */
export class ScheduledCpu implements Stepper {
  readonly id: number
  readonly cpu: Cpu
  finished = false
  result: number | null = null
  loadedHi = 0
  readonly #hooks: Hooks | null
  readonly #stepper: Stepper | null
  readonly #program: Program
  readonly #turns: Turns
  // By step: what it is, once the program has arrived at it, and its answer, once it is taken.
  readonly #kinds: StepKind[] = []
  readonly #slots: Slot[] = []
  readonly #locks: (Lock | null)[] = []
  readonly #modes: LockMode[] = []
  readonly #lo: number[] = []
  readonly #hi: number[] = []
  readonly #tasks: number[] = []
  /** The CPU whose program this interrupts; null: it is not an interrupt. */
  #host: ScheduledCpu | null = null
  readonly #guests: ScheduledCpu[] = []
  /** Among the interrupts of its host, and whether it is the one before it once more. */
  #index = 0
  #isAgain = false
  readonly #left: Left[] = []
  /** Steps taken. */
  #length = 0
  /** Of the next step, in the current run of the program. */
  #at = 0
  #unwinding = false

  constructor(id: number, cpu: Cpu, program: Program, turns: Turns, hooks = cpu.hooks) {
    this.id = id
    this.cpu = cpu
    this.#hooks = hooks
    this.#stepper = cpu.stepper
    this.#program = program
    this.#turns = turns
    cpu.stepper = this
  }

  detach(): void {
    this.cpu.stepper = this.#stepper
    this.cpu.hooks = this.#hooks
  }

  /** Answers in its log: those of steps, and those within steps. */
  get length(): number {
    return this.#length
  }

  kindAt(at: number): StepKind {
    return this.#kinds[at] as StepKind
  }

  slotAt(at: number): Slot {
    return this.#slots[at] as Slot
  }

  loAt(at: number): number {
    return this.#lo[at] as number
  }

  hiAt(at: number): number {
    return this.#hi[at] as number
  }

  lockAt(at: number): Lock | null {
    return this.#locks[at] ?? null
  }

  modeAt(at: number): LockMode {
    return this.#modes[at] as LockMode
  }

  /** This interrupts the program of another; `isAgain`: the same as the one before it, which arrives first. */
  interrupts(host: ScheduledCpu, isAgain = false): void {
    this.#host = host
    this.#index = host.#guests.length
    this.#isAgain = isAgain
    host.#guests.push(this)
  }

  get host(): ScheduledCpu | null {
    return this.#host
  }

  get isInterrupt(): boolean {
    return this.#host !== null
  }

  /** An interrupt that has arrived, and may be over. */
  get hasArrived(): boolean {
    return this.finished || this.#length > 0
  }

  /** Its number where another, listed before it, has not arrived yet; null: it is the next. */
  get outOfTurn(): number | null {
    const before = this.#host === null ? [] : this.#host.#guests.slice(0, this.#index)
    return before.every((guest) => guest.hasArrived) ? null : this.#index
  }

  /** Whether an entry of a schedule is about this: a step of what runs on its CPU, or its arrival. */
  isMeant({ cpu, arrives, interrupt }: ScheduleEntry): boolean {
    if (this.cpu.id !== cpu || arrives !== (this.isInterrupt && !this.isActive)) return false
    return interrupt === undefined || interrupt === this.#index
  }

  /** An interrupt that is running. */
  get isActive(): boolean {
    return this.#host !== null && this.#length > 0 && !this.finished
  }

  /** Neither finished, interrupted, nor waiting for a lock that is held. */
  get runnable(): boolean {
    if (this.finished) return false
    const twin = this.#isAgain && this.#host !== null ? this.#host.#guests[this.#index - 1] : null
    if (twin?.hasArrived === false) return false
    const rivals = this.#host === null || this.isActive ? this.#guests : this.#host.#guests
    if (rivals.some((guest) => guest.isActive)) return false
    if (this.#kinds[this.#length] !== 'acquire') return true
    return this.lockAt(this.#length)?.canTake(this.modeAt(this.#length)) === true
  }

  /** Runs the program to its first step. */
  prepare(): void {
    this.cpu.hooks = this.#hooks
    this.#run()
  }

  /** Runs it again, silently to where it was suspended. */
  resume(): void {
    this.cpu.hooks = null
    this.#run()
  }

  /** Forgets all steps but the first ones. The caller has taken back what they did. */
  rewind(length: number): void {
    if (this.finished && this.#host !== null) this.#host.#forget(this)
    this.#length = length
    this.finished = false
    this.result = null
  }

  #forget(by: ScheduledCpu): void {
    if (this.#left.at(-1)?.by === by) this.#left.pop()
  }

  /** The first step of an interrupt: it goes on with what the task was doing. */
  arrive(): void {
    if (!this.#replays('arrive')) this.#log(this.#host?.task ?? 0, 0)
    else this.#at++
    unpackTask(this.cpu, this.#lo[this.#at - 1] as number)
  }

  /** What interrupts before its step `at` did to its task, as a number; 0: nothing. */
  leftAt(at: number): number {
    const left = this.#left.findLast((each) => each.at === at)
    return left === undefined ? 0 : left.task + 1
  }

  /** It can be interrupted, or interrupts: the CPU whose program runs below. */
  get interruptible(): ScheduledCpu | null {
    return this.#guests.length > 0 ? this : this.#host
  }

  /** State of the task at its next step, as interrupts left it. */
  get task(): number {
    const left = this.#left.findLast(({ at }) => at === this.#length)
    return left?.task ?? (this.#tasks[this.#length] as number)
  }

  #restoreTask(): void {
    for (const { at, task } of this.#left) if (at === this.#at) unpackTask(this.cpu, task)
  }

  #end(): void {
    this.finished = true
    this.#tasks[this.#length] = packTask(this.cpu)
    if (this.#host === null) return
    const task = packTask(this.cpu)
    if (task !== this.#lo[0]) this.#host.#left.push({ by: this, at: this.#host.#length, task })
  }

  #run(): void {
    this.#at = 0
    this.#unwinding = false
    this.cpu.resetTask()
    try {
      const result = this.#program(this.cpu) ?? null
      // A program that swallowed the signal is suspended all the same.
      if (this.#unwinding) return
      this.result = result
      this.#end()
    } catch (signal) {
      if (signal instanceof KernelStop) this.#end()
      else if (!(signal instanceof Suspended)) throw signal
    }
  }

  /**
   * Arrives at a step. True: it was taken in an earlier run, and its results are in the log. False: it is taken now.
   * Does not return if another CPU comes first.
   */
  #replays(
    kind: StepKind,
    slot: Slot = NO_SLOT,
    lock: Lock | null = null,
    mode: LockMode = 'spin',
  ): boolean {
    const at = this.#at
    if (this.#left.length > 0) this.#restoreTask()
    if (at < this.#length) {
      if (this.#kinds[at] !== kind || this.#slots[at] !== slot) this.#refuse()
      return true
    }
    if (this.#unwinding) throw SUSPENDED
    this.#kinds[at] = kind
    this.#slots[at] = slot
    this.#locks[at] = lock
    this.#modes[at] = mode
    this.#tasks[at] = packTask(this.cpu)
    if (!this.#turns.mayStep(this)) {
      this.#unwinding = true
      this.cpu.hooks = null
      throw SUSPENDED
    }
    this.cpu.hooks = this.#hooks
    return false
  }

  #refuse(): never {
    throw new Error(`the program of CPU ${this.id} does not do the same when it is run again`)
  }

  #log(lo: number, hi: number): void {
    this.#lo[this.#at] = lo
    this.#hi[this.#at] = hi
    this.#length = ++this.#at
    this.#turns.logged?.(this, lo, hi)
  }

  load(slot: Slot): number {
    if (!this.#replays('load', slot)) {
      const { words } = this.cpu.memory
      this.#log(words[slot] as number, words[slot + 1] as number)
      this.#tellRead(slot)
    } else {
      this.#at++
    }
    this.loadedHi = this.#hi[this.#at - 1] as number
    return this.#lo[this.#at - 1] as number
  }

  #tellRead(slot: Slot): void {
    const { hooks, memory } = this.cpu
    if (hooks?.descRead === undefined) return
    const { words } = memory
    const va = memory.slotVa(slot)
    const level = memory.tableLevel(memory.tableOf(slot))
    hooks.descRead(level, loOf(va), hiOf(va), words[slot] as number, words[slot + 1] as number)
  }

  store(slot: Slot): boolean {
    return this.#effect('store', slot)
  }

  atomic(slot: Slot): boolean | null {
    if (this.#replays('atomic', slot)) return this.#lo[this.#at++] === 1
    this.#tellRead(slot)
    return null
  }

  atomicDone(result: boolean): void {
    this.#log(result ? 1 : 0, 0)
  }

  acquire(lock: Lock, mode: LockMode): boolean {
    return this.#effect('acquire', NO_SLOT, lock, mode)
  }

  tryAcquire(lock: Lock, mode: LockMode): boolean | null {
    return this.#replays('try', NO_SLOT, lock, mode) ? this.#lo[this.#at++] === 1 : null
  }

  release(lock: Lock, mode: LockMode): boolean {
    return this.#effect('release', NO_SLOT, lock, mode)
  }

  barrier(kind: BarrierKind): boolean {
    return this.#effect(kind)
  }

  #effect(
    kind: StepKind,
    slot: Slot = NO_SLOT,
    lock: Lock | null = null,
    mode: LockMode = 'spin',
  ): boolean {
    const replays = this.#replays(kind, slot, lock, mode)
    if (replays) this.#at++
    else this.#log(0, 0)
    return !replays
  }

  shared(compute: () => number): number {
    if (this.#unwinding) throw SUSPENDED
    const at = this.#at
    if (at < this.#length) {
      if (this.#kinds[at] !== 'shared') this.#refuse()
      this.#at++
      return this.#lo[at] as number
    }
    const value = compute()
    this.#kinds[at] = 'shared'
    this.#slots[at] = NO_SLOT
    this.#locks[at] = null
    this.#log(value, 0)
    return value
  }

  choose(alternatives: number): number {
    return alternatives > 1 ? (this.#turns.choose?.(this, alternatives) ?? 0) : 0
  }

  mark(): number {
    return this.#at
  }

  settled(mark: number, key: number | string): void {
    if (this.#at === this.#length && !this.#unwinding) this.#turns.settled?.(this, mark, key)
  }
}
