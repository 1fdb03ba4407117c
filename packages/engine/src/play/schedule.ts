/**
 * Several CPUs, interleaved step by step, by a schedule that is data.
 *
 * A program is an ordinary synchronous function of its CPU: the same walkers, and the same user's module, that a plain
 * run calls directly. Everything CPUs share is reached through a {@link Stepper}; there a CPU can be suspended, by a
 * signal thrown through the program, and resumed, by running the program again from its start with the results of its
 * earlier steps taken from a log and its hooks silent until the first new step. A CPU that goes on is not run again:
 * whether it may is decided at the step itself, without unwinding. So nothing needs to be a generator, a plain run
 * pays one test for null per access, and a program only has to be deterministic and must let what it did not throw
 * pass through. What is the CPU's own (lazy MMU state, context) starts afresh with each run of the program; what is
 * shared (memory, tables, locks, once-latches) changes in steps only.
 *
 * One step is one load, store, atomic, lock, unlock, barrier or TLBI.
 */
import { InputError } from '../arch/input-error.ts'
import type { Machine } from './machine.ts'
import { ScheduledCpu } from './scheduled-cpu.ts'
import type { Program } from './scheduled-cpu.ts'

/** Decides which CPU takes the next step: one of `runnable`, which is never empty and ascends. */
export type Chooser = (runnable: readonly number[], step: number) => number

/** What a schedule came to. */
export interface ScheduleOutcome {
  /** The steps taken, as CPU numbers: given as a schedule it does the same again. */
  readonly steps: readonly number[]
  /** By CPU: what the program returned, null if it did not finish or returned nothing. */
  readonly results: readonly (number | null)[]
  /** CPUs that wait for a lock which nobody will release. */
  readonly deadlocked: readonly number[]
}

/** `0.0.1.0` for [0, 0, 1, 0]. */
export const printSchedule = (steps: readonly number[]): string => steps.join('.')

/**
 * CPU numbers, one a step, of `0.0.1.0`; the empty string has no steps.
 * @throws InputError unless it is CPU numbers with dots between
 */
export function parseSchedule(text: string): readonly number[] {
  if (text === '') return []
  return text.split('.').map((part, i) => {
    if (/^\d{1,3}$/.test(part)) return Number(part)
    throw InputError.of(`schedule[${i}]`, `"${part}" should be the number of a CPU, as in 0.0.1.0`)
  })
}

/**
 * Runs programs[i] on CPU i by a schedule. An entry whose CPU has finished or waits for a lock is passed over; after
 * the last entry the CPUs run on in order. @throws InputError if the machine has fewer CPUs, or an entry names none.
 */
export function runSchedule(
  machine: Machine,
  programs: readonly Program[],
  schedule: string | readonly number[],
): ScheduleOutcome {
  const entries = typeof schedule === 'string' ? parseSchedule(schedule) : schedule
  const stray = entries.findIndex((cpu) => cpu >= programs.length)
  if (stray !== -1) {
    throw InputError.of(
      `schedule[${stray}]`,
      `${entries[stray]} should be below ${programs.length}`,
    )
  }
  let at = 0
  return runChosen(machine, programs, (runnable) => {
    while (at < entries.length) {
      const cpu = entries[at++] as number
      if (runnable.includes(cpu)) return cpu
    }
    return runnable[0] as number
  })
}

/** Runs programs[i] on CPU i, asking `choose` before each step. @throws InputError if it chooses what cannot run. */
export function runChosen(
  machine: Machine,
  programs: readonly Program[],
  choose: Chooser,
): ScheduleOutcome {
  const scheduler = new Scheduler(machine, choose)
  const cpus = programs.map(
    (program, id) => new ScheduledCpu(id, machine.cpu(id), program, scheduler),
  )
  try {
    scheduler.run(cpus)
  } finally {
    for (const cpu of cpus) cpu.detach()
  }
  return {
    steps: scheduler.steps,
    results: cpus.map((cpu) => cpu.result),
    deadlocked: cpus.flatMap((cpu) => (cpu.finished ? [] : [cpu.id])),
  }
}

class Scheduler {
  readonly steps: number[] = []
  readonly #machine: Machine
  readonly #choose: Chooser
  #cpus: readonly ScheduledCpu[] = []
  /** The CPU that takes the next step, once it has been chosen. */
  #chosen: number | null = null
  #preparing = true

  constructor(machine: Machine, choose: Chooser) {
    this.#machine = machine
    this.#choose = choose
  }

  run(cpus: readonly ScheduledCpu[]): void {
    this.#cpus = cpus
    // Up to its first step a program touches nothing shared; afterwards it is known what each waits to do.
    for (const cpu of cpus) {
      this.#machine.speak(cpu.id)
      cpu.prepare()
    }
    this.#preparing = false
    for (;;) {
      if (this.#chosen === null && !this.#pick()) return
      const { [this.#chosen ?? 0]: cpu } = cpus
      cpu?.resume()
    }
  }

  /** Whether this CPU takes the next step now. False: another does, and this one is to be suspended. */
  mayStep({ id }: ScheduledCpu): boolean {
    if (this.#preparing) return false
    if (this.#chosen === null && !this.#pick()) return false
    if (this.#chosen !== id) return false
    this.#chosen = null
    this.steps.push(id)
    this.#machine.speak(id)
    return true
  }

  #pick(): boolean {
    const runnable = this.#cpus.filter((cpu) => cpu.runnable).map((cpu) => cpu.id)
    if (runnable.length === 0) return false
    const chosen = this.#choose(runnable, this.steps.length)
    if (!runnable.includes(chosen)) {
      throw InputError.of('schedule', `CPU ${chosen} cannot run; ${runnable.join(', ')} can`)
    }
    this.#chosen = chosen
    return true
  }
}
