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
import { parseEntries } from './schedule-text.ts'
import type { ScheduleEntry } from './schedule-text.ts'
import type { Program, ScheduledCpu, Turns } from './scheduled-cpu.ts'
import { scheduleThreads } from './thread.ts'
import type { CpuWork } from './thread.ts'

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
  /** The steps with their choices and the arrivals of interrupts: what a schedule is to say to do it all again. */
  readonly entries: readonly ScheduleEntry[]
  /** Entries of the schedule that could not run, or came after the last step. */
  readonly passedOver: number
}

export interface ScheduleOptions {
  /** Refuse an entry that cannot run instead of passing it over. */
  readonly exact?: boolean
  /** Called before each step, with its number, when its hooks begin. */
  readonly onStep?: ((step: number) => void) | undefined
}

/**
 * Runs programs[i] on CPU i by a schedule. An entry whose CPU has finished or waits for a lock is passed over, or, in
 * rounds by turns, has lost its turn; after the last entry the CPUs run on in order.
 * @throws InputError if the machine has fewer CPUs, an entry names none, or cannot run and is to be exact
 */
export function runSchedule(
  machine: Machine,
  programs: readonly (Program | CpuWork)[],
  schedule: string | readonly number[] | readonly ScheduleEntry[],
  { exact = false, onStep }: ScheduleOptions = {},
): ScheduleOutcome {
  const entries = typeof schedule === 'string' ? parseEntries(schedule) : listOf(schedule)
  const stray = entries.findIndex(({ cpu }) => cpu >= programs.length)
  if (stray !== -1) {
    const { cpu } = entries[stray] as ScheduleEntry
    throw InputError.of(`schedule[${stray}]`, `${cpu} should be below ${programs.length}`)
  }
  let at = 0
  let passedOver = 0
  const next = (runnable: readonly ScheduledCpu[]): Choice => {
    while (at < entries.length) {
      const entry = entries[at++] as ScheduleEntry
      const thread = runnable.find((each) => each.isMeant(entry))
      if (thread !== undefined) return { thread: thread.id, choices: entry.choices }
      if (entry.byTurns === true) continue
      if (exact) throw InputError.of(`schedule[${at - 1}]`, refusal(entry))
      passedOver++
    }
    return { thread: (runnable[0] as ScheduledCpu).id, choices: [] }
  }
  const outcome = runThreads(machine, programs, next, onStep)
  const unused = entries.slice(at).filter(({ byTurns }) => byTurns !== true)
  const [first] = unused
  if (exact && first !== undefined) {
    throw InputError.of(`schedule[${entries.indexOf(first, at)}]`, refusal(first))
  }
  return { ...outcome, passedOver: passedOver + unused.length }
}

const listOf = (schedule: readonly number[] | readonly ScheduleEntry[]): readonly ScheduleEntry[] =>
  schedule.map((entry) =>
    typeof entry === 'number' ? { cpu: entry, arrives: false, choices: [] } : entry,
  )

const refusal = ({ cpu, arrives }: ScheduleEntry): string =>
  arrives
    ? `no interrupt of CPU ${cpu} can arrive here`
    : `CPU ${cpu} cannot run here: it has finished or waits for a lock`

/** Runs programs[i] on CPU i, asking `choose` before each step. @throws InputError if it chooses what cannot run. */
export function runChosen(
  machine: Machine,
  programs: readonly (Program | CpuWork)[],
  choose: Chooser,
): ScheduleOutcome {
  return runThreads(machine, programs, (runnable, step) => {
    const ids = runnable.map(({ id }) => id)
    return { thread: choose(ids, step), choices: [] }
  })
}

/** Who takes the next step, and the choices within it. */
interface Choice {
  readonly thread: number
  readonly choices: readonly number[]
}

type Next = (runnable: readonly ScheduledCpu[], step: number) => Choice

function runThreads(
  machine: Machine,
  programs: readonly (Program | CpuWork)[],
  next: Next,
  onStep?: (step: number) => void,
): ScheduleOutcome {
  const scheduler = new Scheduler(machine, next, onStep)
  const threads = scheduleThreads(machine, programs, scheduler)
  try {
    scheduler.run(threads)
  } finally {
    for (const thread of threads) thread.detach()
  }
  const { entries } = scheduler
  return {
    steps: entries.map(({ cpu }) => cpu),
    entries,
    results: threads.slice(0, programs.length).map(({ result }) => result),
    deadlocked: [...new Set(threads.flatMap(({ finished, cpu }) => (finished ? [] : [cpu.id])))],
    passedOver: 0,
  }
}

class Scheduler implements Turns {
  readonly entries: ScheduleEntry[] = []
  readonly #machine: Machine
  readonly #next: Next
  readonly #onStep: ((step: number) => void) | undefined
  #threads: readonly ScheduledCpu[] = []
  /** Who takes the next step, once that has been chosen. */
  #chosen: Choice | null = null
  #isPreparing = true
  /** Choices within the step, and those that were made. */
  #given: readonly number[] = []
  #made: number[] = []

  constructor(machine: Machine, next: Next, onStep: ((step: number) => void) | undefined) {
    this.#machine = machine
    this.#onStep = onStep
    this.#next = next
  }

  run(threads: readonly ScheduledCpu[]): void {
    this.#threads = threads
    // Up to its first step a program touches nothing shared; afterwards it is known what each waits to do.
    for (const thread of threads) {
      this.#machine.speak(thread.cpu.id)
      thread.prepare()
    }
    this.#isPreparing = false
    for (;;) {
      if (this.#chosen === null && !this.#pick()) return
      threads[this.#chosen?.thread ?? 0]?.resume()
    }
  }

  /** Whether this CPU takes the next step now. False: another does, and this one is to be suspended. */
  mayStep(thread: ScheduledCpu): boolean {
    if (this.#isPreparing) return false
    if (this.#chosen === null && !this.#pick()) return false
    if (this.#chosen?.thread !== thread.id) return false
    this.#given = this.#chosen.choices
    this.#made = []
    this.#chosen = null
    const arrives = thread.isInterrupt && !thread.isActive
    const interrupt = arrives ? thread.outOfTurn : null
    const which = interrupt === null ? {} : { interrupt }
    this.entries.push({ cpu: thread.cpu.id, arrives, choices: this.#made, ...which })
    this.#machine.speak(thread.cpu.id)
    this.#onStep?.(this.entries.length - 1)
    return true
  }

  choose(_thread: ScheduledCpu, alternatives: number): number {
    const chosen = (this.#given[this.#made.length] ?? 0) % alternatives
    this.#made.push(chosen)
    return chosen
  }

  #pick(): boolean {
    const runnable = this.#threads.filter((thread) => thread.runnable)
    if (runnable.length === 0) return false
    const chosen = this.#next(runnable, this.entries.length)
    if (!runnable.some(({ id }) => id === chosen.thread)) {
      const able = runnable.map(({ id }) => id).join(', ')
      throw InputError.of('schedule', `CPU ${chosen.thread} cannot run; ${able} can`)
    }
    this.#chosen = chosen
    return true
  }
}
