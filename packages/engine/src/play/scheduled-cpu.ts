import type { Cpu } from '../machine/cpu.ts'
import type { Hooks, LockMode } from '../machine/hooks.ts'
import type { Lock } from '../machine/locks.ts'
import type { Slot } from '../machine/memory.ts'
import type { Stepper } from '../machine/stepper.ts'
import { KernelStop, Suspended } from '../machine/stop.ts'
import { hiOf, loOf } from '../arch/u64.ts'

/** What a CPU is to do. Its result is reported; it must do the same each time it is run with the same answers. */
export type Program = (cpu: Cpu) => number | null | void

/** Who decides whether a CPU takes the next step. */
interface Turns {
  /** False: another does, and this one is to be suspended. */
  mayStep(id: number): boolean
}

/** What a step did, so that a program which differs when run again is noticed. */
type Kind = 'load' | 'store' | 'atomic' | 'acquire' | 'release' | 'barrier' | 'shared'

/** A CPU whose program is suspended and run again; see schedule.ts. */
export class ScheduledCpu implements Stepper {
  readonly id: number
  finished = false
  result: number | null = null
  loadedHi = 0
  readonly #cpu: Cpu
  readonly #hooks: Hooks | null
  readonly #stepper: Stepper | null
  readonly #program: Program
  readonly #turns: Turns
  readonly #kinds: Kind[] = []
  readonly #lo: number[] = []
  readonly #hi: number[] = []
  /** Of the next step, in the current run of the program. */
  #at = 0
  #preparing = true
  #unwinding = false
  #waitsFor: { readonly lock: Lock; readonly mode: LockMode } | null = null

  constructor(cpu: Cpu, program: Program, turns: Turns) {
    this.id = cpu.id
    this.#cpu = cpu
    this.#hooks = cpu.hooks
    this.#stepper = cpu.stepper
    this.#program = program
    this.#turns = turns
    cpu.stepper = this
  }

  detach(): void {
    this.#cpu.stepper = this.#stepper
    this.#cpu.hooks = this.#hooks
  }

  get runnable(): boolean {
    if (this.finished) return false
    return this.#waitsFor === null || this.#waitsFor.lock.canTake(this.#waitsFor.mode)
  }

  /** Runs the program to its first step. */
  prepare(): void {
    this.#cpu.hooks = this.#hooks
    this.#run()
    this.#preparing = false
  }

  /** Runs it again, silently to where it was suspended. */
  resume(): void {
    this.#cpu.hooks = null
    this.#run()
  }

  #run(): void {
    this.#at = 0
    this.#unwinding = false
    this.#cpu.resetTask()
    try {
      const result = this.#program(this.#cpu) ?? null
      // A program that swallowed the signal is suspended all the same.
      if (this.#unwinding) return
      this.result = result
      this.finished = true
    } catch (signal) {
      if (signal instanceof KernelStop) this.finished = true
      else if (!(signal instanceof Suspended)) throw signal
    }
  }

  /**
   * Arrives at a step. True: it was taken in an earlier run, and its results are in the log. False: it is taken now.
   * Does not return if another CPU comes first.
   */
  #replays(kind: Kind, lock: Lock | null = null, mode: LockMode = 'spin'): boolean {
    if (this.#at < this.#kinds.length) {
      if (this.#kinds[this.#at] !== kind) {
        throw new Error(`the program of CPU ${this.id} does not do the same when it is run again`)
      }
      return true
    }
    this.#waitsFor = lock === null ? null : { lock, mode }
    if (this.#unwinding || this.#preparing || !this.#turns.mayStep(this.id)) {
      this.#unwinding = true
      this.#cpu.hooks = null
      throw new Suspended()
    }
    this.#waitsFor = null
    this.#cpu.hooks = this.#hooks
    return false
  }

  #log(kind: Kind, lo: number, hi: number): void {
    this.#kinds.push(kind)
    this.#lo.push(lo)
    this.#hi.push(hi)
    this.#at++
  }

  load(slot: Slot): number {
    if (!this.#replays('load')) {
      const { words } = this.#cpu.memory
      this.#log('load', words[slot] as number, words[slot + 1] as number)
      this.#tellRead(slot)
    } else {
      this.#at++
    }
    this.loadedHi = this.#hi[this.#at - 1] as number
    return this.#lo[this.#at - 1] as number
  }

  #tellRead(slot: Slot): void {
    const { hooks, memory } = this.#cpu
    if (hooks?.descRead === undefined) return
    const { words } = memory
    const va = memory.slotVa(slot)
    const level = memory.tableLevel(memory.tableOf(slot))
    hooks.descRead(level, loOf(va), hiOf(va), words[slot] as number, words[slot + 1] as number)
  }

  store(): boolean {
    return this.#effect('store')
  }

  atomic(slot: Slot): boolean | null {
    if (!this.#replays('atomic')) {
      this.#tellRead(slot)
      return null
    }
    return this.#lo[this.#at++] === 1
  }

  atomicDone(result: boolean): void {
    this.#log('atomic', result ? 1 : 0, 0)
  }

  acquire(lock: Lock, mode: LockMode): boolean {
    return this.#effect('acquire', lock, mode)
  }

  release(): boolean {
    return this.#effect('release')
  }

  barrier(): boolean {
    return this.#effect('barrier')
  }

  #effect(kind: Kind, lock: Lock | null = null, mode: LockMode = 'spin'): boolean {
    const replays = this.#replays(kind, lock, mode)
    if (replays) this.#at++
    else this.#log(kind, 0, 0)
    return !replays
  }

  shared(compute: () => number): number {
    if (this.#at === this.#kinds.length) this.#log('shared', compute(), 0)
    else this.#at++
    return this.#lo[this.#at - 1] as number
  }
}
