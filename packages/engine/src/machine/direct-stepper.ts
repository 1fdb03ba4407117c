import type { Cpu } from './cpu.ts'
import type { Slot } from './memory.ts'
import type { Stepper } from './stepper.ts'

/**
 * A stepper that never suspends: a plain run in which every store, barrier and TLBI is to be noticed, because the
 * machine has a model TLB. It also keeps the walkers to one entry at a time.
 */
export class DirectStepper implements Stepper {
  loadedHi = 0
  readonly #cpu: Cpu

  constructor(cpu: Cpu) {
    this.#cpu = cpu
  }

  load(slot: Slot): number {
    const { words } = this.#cpu.memory
    this.loadedHi = words[slot + 1] as number
    return words[slot] as number
  }

  store(): boolean {
    return true
  }

  atomic(): null {
    return null
  }

  atomicDone(): void {
    // Nothing to remember: no program is run again.
  }

  acquire(): boolean {
    return true
  }

  tryAcquire(): null {
    return null
  }

  release(): boolean {
    return true
  }

  barrier(): boolean {
    return true
  }

  shared(compute: () => number): number {
    return compute()
  }

  choose(): number {
    return 0
  }

  mark(): number {
    return 0
  }

  settled(): void {
    // Nobody compares histories of a plain run.
  }
}
